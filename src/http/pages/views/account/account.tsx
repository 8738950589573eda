import { timeOf } from "../../../time.ts";
import { ACCOUNT_COPY, type AccountCopy } from "../../copy/account.ts";
import { date } from "../format.ts";
import { DeviceIcon } from "../icons.tsx";
import { layout, type Page, type PageContext } from "../layout.tsx";
import { Banner, describedBy, FieldError, Form, PhoneNumber, Saved, Time } from "../parts.tsx";
import { OtherPages } from "./other-pages.tsx";

export interface AccountPageProps {
  readonly context: PageContext;
  readonly user: {
    /** As typed; may be empty. */
    readonly name: string;
    readonly avatarUrl: string;
    readonly phoneMasked: string;
    /** Epoch milliseconds. */
    readonly createdAt: number;
    readonly avatar: number;
    readonly hasPassword: boolean;
  };
  readonly avatars: readonly { readonly number: number; readonly url: string }[];
  readonly sessions: readonly AccountSession[];
  /** The typed name, if it was refused. */
  readonly typedName?: string;
  /** What went well. */
  readonly notice?: string;
  /** With `field: "name"` or `"avatar"` the text stands at that field. */
  readonly error?: { readonly field?: string; readonly text: string };
}

export interface AccountSession {
  readonly id: string;
  readonly current: boolean;
  /** What it is, such as "Chrome on Windows". */
  readonly device: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

/**
 * The user's own page. Forms: /account/profile (`name`, `avatar`), /account/sessions/end (`id`),
 * /account/sessions/end-others, /sign-out; each with `csrf`.
 */
export function accountPage(props: AccountPageProps): Page {
  const { context, error, notice } = props;
  const copy = ACCOUNT_COPY[context.locale];
  const general = error && !isFieldOfProfile(error.field) ? error.text : undefined;
  return layout(
    { context, title: copy.title, shape: "account", failed: error !== undefined },
    <>
      <h1 class="hidden-text">{copy.title}</h1>
      {general && <Banner kind="error">{general}</Banner>}
      {notice && <Saved text={notice} />}
      <Identity {...props} />
      <div class="columns">
        <Profile {...props} />
        <Sessions {...props} />
        <OtherPages context={context} hasPassword={props.user.hasPassword} />
      </div>
    </>,
  );
}

function isFieldOfProfile(field: string | undefined): boolean {
  return field === "name" || field === "avatar";
}

function Identity({ context, user }: AccountPageProps) {
  const copy = ACCOUNT_COPY[context.locale];
  return (
    <section class="identity">
      <img class="avatar avatar-large" src={user.avatarUrl} alt="" width="88" height="88" />
      <div class="identity-text">
        <p class="identity-name">
          <bdi>{user.name || copy.unnamed}</bdi>
        </p>
        <p class="quiet">
          <PhoneNumber value={user.phoneMasked} />
        </p>
        <p class="quiet">
          {`${copy.since} `}
          <time datetime={timeOf(user.createdAt)} data-local-date="">
            {date(user.createdAt, context.locale)}
          </time>
        </p>
      </div>
      <Form context={context} action="/sign-out">
        <button class="button button-quiet" type="submit">
          {copy.signOut}
        </button>
      </Form>
    </section>
  );
}

function Profile(props: AccountPageProps) {
  const { context, error } = props;
  const copy = ACCOUNT_COPY[context.locale];
  return (
    <section class="panel" aria-labelledby="profile-title">
      <h2 id="profile-title">{copy.profile}</h2>
      <Form context={context} action="/account/profile" class="stack">
        <NameField {...props} copy={copy} />
        <fieldset class="field" aria-describedby={describedBy(error?.field === "avatar" && "avatar-error")}>
          <legend>{copy.avatar}</legend>
          <Avatars {...props} />
          <FieldError id="avatar-error" text={error?.field === "avatar" ? error.text : undefined} />
        </fieldset>
        <button class="button button-primary" type="submit">
          {copy.save}
        </button>
      </Form>
    </section>
  );
}

function NameField({ user, typedName, error, copy }: AccountPageProps & { readonly copy: AccountCopy }) {
  const wrong = error?.field === "name" ? error.text : undefined;
  return (
    <div class="field">
      <label for="name">{copy.name}</label>
      <input
        class={wrong ? "input is-wrong" : "input"}
        id="name"
        name="name"
        type="text"
        autocomplete="nickname"
        value={typedName ?? user.name}
        maxlength={128}
        required
        autofocus={wrong !== undefined}
        aria-invalid={wrong ? "true" : undefined}
        aria-describedby={describedBy(wrong && "name-error", "name-hint")}
      />
      <FieldError id="name-error" text={wrong} />
      <p class="hint" id="name-hint">
        {copy.nameHint}
      </p>
    </div>
  );
}

function Avatars({ context, user, avatars }: AccountPageProps) {
  const names = ACCOUNT_COPY[context.locale].avatarNames;
  return (
    <div class="avatars">
      {avatars.map(({ number, url }) => (
        <label class="avatar-choice">
          <input type="radio" name="avatar" value={String(number)} checked={number === user.avatar} />
          <img class="avatar" src={url} alt={names[number - 1] ?? String(number)} width="56" height="56" />
        </label>
      ))}
    </div>
  );
}

function Sessions({ context, sessions }: AccountPageProps) {
  const copy = ACCOUNT_COPY[context.locale];
  return (
    <section class="panel" aria-labelledby="sessions-title">
      <h2 id="sessions-title">{copy.sessions}</h2>
      <p class="quiet">{copy.sessionsLead}</p>
      <ul class="sessions">
        {sessions.map((session) => (
          <SessionRow context={context} session={session} />
        ))}
      </ul>
      {sessions.some((session) => !session.current) && (
        <Form context={context} action="/account/sessions/end-others">
          <button class="button button-danger" type="submit">
            {copy.endOthers}
          </button>
        </Form>
      )}
    </section>
  );
}

function SessionRow({
  context,
  session,
}: {
  readonly context: PageContext;
  readonly session: AccountSession;
}) {
  const copy = ACCOUNT_COPY[context.locale];
  return (
    <li class="session">
      <span class="session-icon">
        <DeviceIcon device={session.device} />
      </span>
      <div class="session-text">
        <p class="session-device">
          <bdi>{session.device}</bdi> {session.current && <span class="badge">{copy.thisDevice}</span>}
        </p>
        <p class="quiet">
          {`${copy.lastUsed} `}
          <Time at={session.lastUsedAt} locale={context.locale} />
        </p>
        <p class="quiet">
          {`${copy.signedIn} `}
          <Time at={session.createdAt} locale={context.locale} />
        </p>
      </div>
      {!session.current && (
        <Form context={context} action="/account/sessions/end">
          <input type="hidden" name="id" value={session.id} />
          <button class="button button-quiet" type="submit" aria-label={copy.endOf(session.device)}>
            {copy.end}
          </button>
        </Form>
      )}
    </li>
  );
}
