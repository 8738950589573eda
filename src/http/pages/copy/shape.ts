/** Every sentence of the pages, one object a language. Numbers and dates are put into words by Intl. */
export interface Copy {
  readonly languageName: string;
  readonly languages: string;
  readonly skipToContent: string;
  readonly errorPrefix: string;
  /** Heads a page that only says what went wrong. */
  readonly errorTitle: string;
  readonly opensInNewTab: string;
  readonly copyCode: string;
  readonly copied: string;
  readonly app: AppCopy;
  readonly phone: PhoneCopy;
  readonly code: CodeCopy;
  readonly challenge: ChallengeCopy;
  readonly account: AccountCopy;
  readonly inbox: InboxCopy;
  readonly docs: DocsCopy;
}

/**
 * What is wrong with what an app asked for, for its developer. Follows a sentence at once; a language that parts sentences by a
 * space begins with it.
 */
interface AppCopy {
  readonly origin: string;
  readonly address: string;
  readonly challenge: string;
  readonly state: string;
}

/** Texts with `{time}`, `{count}` or `{country}` are filled in by the script in the browser. */
interface PhoneCopy {
  readonly title: string;
  readonly lead: string;
  /** Behind `lead`, where whoever is new gets an account. */
  readonly newHere: string;
  readonly country: string;
  /** The same, with the one that is chosen. */
  readonly chosenCountry: string;
  readonly phone: string;
  readonly submit: string;
  readonly smallPrint: string;
  readonly retryIn: (time: string) => string;
  readonly retryCountdown: string;
  readonly retryNow: string;
  readonly search: string;
  readonly close: string;
  readonly noMatch: string;
  readonly matches: string;
}

interface CodeCopy {
  readonly title: string;
  /** What stands before and after the masked number. */
  readonly sentTo: (length: number) => readonly [string, string];
  /** The same for a temporary password. */
  readonly passwordSentTo: readonly [string, string];
  /** Follows the sentence before at once; a language that parts sentences by a space begins with it. */
  readonly validFor: (duration: string) => string;
  readonly label: string;
  /** Where the script sends the form after the last digit. */
  readonly goesOn: string;
  readonly submit: string;
  readonly resend: string;
  readonly resendIn: (time: string) => string;
  readonly resendCountdown: string;
  readonly resendReady: string;
  readonly otherNumber: string;
  readonly neverShare: string;
  readonly expired: string;
  readonly endedTitle: string;
  readonly endedText: string;
  readonly usedTitle: string;
  readonly usedText: string;
  readonly sendNew: string;
  readonly openInbox: string;
}

interface ChallengeCopy {
  readonly working: string;
  readonly solve: string;
  readonly open: string;
  readonly solved: string;
  readonly failed: string;
  readonly expired: string;
  readonly needsScript: string;
  /** Follows that at once, where such a device is asked for nothing. */
  readonly orKnownDevice: string;
}

interface AccountCopy {
  readonly title: string;
  readonly unnamed: string;
  readonly since: string;
  readonly profile: string;
  readonly name: string;
  readonly nameHint: string;
  readonly nameWrong: string;
  readonly avatar: string;
  /** What each avatar shows, from number 1 on. */
  readonly avatarNames: readonly string[];
  readonly save: string;
  readonly sessions: string;
  readonly sessionsLead: string;
  readonly thisDevice: string;
  readonly unknownDevice: string;
  readonly lastUsed: string;
  readonly signedIn: string;
  readonly end: string;
  readonly endOf: (device: string) => string;
  readonly endOthers: string;
  readonly signOut: string;
  readonly saved: string;
  readonly notForTests: string;
}

interface InboxCopy {
  readonly title: string;
  readonly lead: string;
  readonly empty: string;
  readonly emptyLead: string;
  readonly to: string;
  readonly newMessage: string;
  readonly toSignIn: string;
}

interface DocsCopy {
  readonly version: string;
  readonly contents: string;
  readonly operations: string;
  readonly auth: string;
  readonly parameters: string;
  readonly body: string;
  readonly oneOf: string;
  readonly answers: string;
  readonly refusals: string;
  readonly problemLead: string;
  readonly refusalsLead: string;
  readonly example: string;
  readonly required: string;
  readonly optional: string;
  readonly copy: string;
  readonly copied: string;
  readonly status: string;
  readonly code: string;
  readonly meaning: string;
}
