import { z } from "zod";
import { boundedText, Code, Time } from "./fields.ts";

export const EraseBody = z.strictObject({
  verificationId: boundedText(64).meta({ description: "The `id` of a verification with `delete_account`." }),
  code: Code,
});

const text = (description: string) => z.string().meta({ description });
const time = (description: string) => Time.meta({ description });

const Account = z.object({
  id: text("Stays the same for ever."),
  phone: text("E.164; absent where the account lost its number.").optional(),
  name: text("Empty until the user set one."),
  avatar: z.int().meta({ description: "Which of the avatars." }),
  createdAt: time("When the first sign-in made the account."),
  lastUsedAt: time("Within a day of its last use, where that is known.").optional(),
  loginProtection: text("When a second factor is asked for, where it is.").optional(),
  passwordSetAt: time("When the password was set, where there is one; of itself nothing is told.").optional(),
  isOptedOut: z.boolean().meta({ description: "Whether the phone wants no message that nobody asked for." }),
  movesTo: z
    .object({ phone: text("E.164."), takesEffectAt: time("When.") })
    .optional()
    .meta({ description: "The number that the account is about to move to." }),
});

const Session = z.object({
  id: text("Its id."),
  deviceId: text("The device that it runs on."),
  userAgent: text("What the browser or the app called itself."),
  methods: z.array(z.string()).meta({ description: "How the person showed who they are (RFC 8176)." }),
  createdAt: time("When it was opened."),
  lastUsedAt: time("When it was last used."),
  expiresAt: time("When it ends, or ended, by itself."),
  endedAt: time("When it was ended before that.").optional(),
});

const Factor = z.object({
  kind: text("An authenticator app or a passkey."),
  label: text("What the person calls it."),
  createdAt: time("When it was added."),
  lastUsedAt: time("When it was last used.").optional(),
});

const Event = z.object({
  type: text("What happened."),
  at: time("When."),
  sessionId: text("In which session.").optional(),
});

const Message = z.object({
  purpose: text("What it was for. What it said is not kept."),
  status: text("What became of it."),
  at: time("When it was sent."),
  sender: text("The sender that it went through.").optional(),
  client: text("The backend that asked for it.").optional(),
  reportedAt: time("When the carrier said what became of it.").optional(),
});

export const AccountExport = z
  .object({
    exportedAt: time("When this was written."),
    account: Account.meta({ description: "The account." }),
    factors: z.array(Factor).meta({ description: "What confirms sign-ins besides the phone." }),
    sessions: z.array(Session).meta({ description: "Sessions that are kept, ended ones too." }),
    events: z.array(Event).meta({ description: "The audit trail." }),
    messages: z.array(Message).meta({ description: "SMS to the phone since the account has it." }),
    notices: z
      .array(z.object({ kind: text("What it told."), state: text("What became of it."), at: time("When.") }))
      .meta({ description: "What the person was told by SMS without having asked." }),
    replies: z
      .array(z.object({ text: text("What they wrote."), at: time("When.") }))
      .meta({ description: "What they answered to messages." }),
  })
  .meta({ id: "AccountExport" });
