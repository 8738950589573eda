import type { InboxMessage } from "../../context.ts";
import { INBOX_COPY } from "../copy/inbox.ts";
import { LAYOUT_COPY } from "../copy/layout.ts";
import { BubbleIcon } from "./icons.tsx";
import { layout, type Page, type PageContext } from "./layout.tsx";
import { PhoneNumber, Time } from "./parts.tsx";

export interface InboxPageProps {
  readonly context: PageContext;
  /** Newest first. */
  readonly messages: readonly InboxMessage[];
  /** How often the page reloads if no script updates it. */
  readonly refreshSeconds: number;
}

/** The development inbox: messages as a phone would show them. The script polls /dev/inbox.json. */
export function inboxPage({ context, messages, refreshSeconds }: InboxPageProps): Page {
  const copy = INBOX_COPY[context.locale];
  return layout(
    { context, title: copy.title, shape: "screen", refreshSeconds },
    <div class="handset">
      <div class="handset-head">
        <h1>{copy.title}</h1>
        <p class="quiet">{copy.lead}</p>
      </div>
      <div class="handset-screen" data-inbox="/dev/inbox.json" data-count={String(messages.length)}>
        {messages.length === 0 ? <Empty context={context} /> : <Messages {...{ context, messages }} />}
      </div>
      <p class="hidden-text" role="status" data-inbox-status={copy.newMessage}></p>
      <a class="button button-quiet" href="/sign-in">
        {copy.toSignIn}
      </a>
    </div>,
  );
}

function Empty({ context }: { readonly context: PageContext }) {
  const copy = INBOX_COPY[context.locale];
  return (
    <div class="empty">
      <BubbleIcon />
      <p class="empty-title">{copy.empty}</p>
      <p class="quiet">{copy.emptyLead}</p>
    </div>
  );
}

function Messages({ context, messages }: Pick<InboxPageProps, "context" | "messages">) {
  return (
    <ol class="messages">
      {messages.map((message) => (
        <Message context={context} message={message} />
      ))}
    </ol>
  );
}

function Message({ context, message }: { readonly context: PageContext; readonly message: InboxMessage }) {
  const copy = LAYOUT_COPY[context.locale];
  const [before, code, after] = splitAtCode(message.text);
  return (
    <li class="message">
      <p class="message-head">
        <span>
          {`${INBOX_COPY[context.locale].to} `}
          <PhoneNumber value={message.to} />
        </span>
        <Time at={message.sentAt} locale={context.locale} />
      </p>
      <div class="bubble">
        <p class="bubble-text">
          {before}
          {code && <b class="bubble-code">{code}</b>}
          {after}
        </p>
      </div>
      {code && (
        <button class="button button-quiet" type="button" hidden data-copy={code} data-copied={copy.copied}>
          {copy.copyCode}
        </button>
      )}
    </li>
  );
}

/** A temporary password of letters and digits in groups, or 4 to 10 digits. */
const CODE = /(?<![\w-])[A-Z\d]{4}(?:-[A-Z\d]{4}){2}(?![\w-])|(?<!\d)\d{4,10}(?!\d)/;

/** The text up to its first code, that code, and the rest; nothing of it is changed. */
function splitAtCode(text: string): readonly [before: string, code: string, after: string] {
  const found = CODE.exec(text);
  if (!found) return [text, "", ""];
  const end = found.index + found[0].length;
  return [text.slice(0, found.index), found[0], text.slice(end)];
}
