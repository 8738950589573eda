import type { Child, PropsWithChildren } from "hono/jsx";
import type { Locale } from "../../../core/locale.ts";
import { timeOf } from "../../time.ts";
import { dateTime } from "./format.ts";
import { AlertIcon, CheckIcon } from "./icons.tsx";
import type { PageContext } from "./layout.tsx";

interface FormProps {
  readonly context: PageContext;
  readonly action: string;
  readonly class?: string;
  /** Whether the answer is a file. Then the page stays open, and no script keeps the form from being sent again. */
  readonly isDownload?: boolean | undefined;
  /** Whether the form makes the server send a message: only one, even if the form is sent twice. */
  readonly sendsOnce?: boolean | undefined;
}

/** A POST form with the page's CSRF token. Every form of the pages is one of these (T36). */
export function Form({
  context,
  action,
  isDownload,
  sendsOnce,
  children,
  ...rest
}: PropsWithChildren<FormProps>) {
  return (
    <form
      method="post"
      action={action}
      class={rest.class}
      data-form={isDownload ? "download" : "plain"}
      novalidate
    >
      <input type="hidden" name="csrf" value={context.csrf ?? ""} />
      {sendsOnce && <input type="hidden" name="once" value={context.once ?? ""} />}
      {children}
    </form>
  );
}

/** Another way on, below what the page is for. */
export function AsideLink({ href, children }: PropsWithChildren<{ readonly href: string }>) {
  return (
    <div class="aside-actions">
      <a class="link-button" href={href}>
        {children}
      </a>
    </div>
  );
}

/** What is wrong with one field; the field names this id in `aria-describedby`. */
export function FieldError({ id, text }: { readonly id: string; readonly text: string | undefined }) {
  if (!text) return null;
  return (
    <p class="field-error" id={id} role="alert">
      <AlertIcon />
      <span>{text}</span>
    </p>
  );
}

/** A message about the whole page. */
export function Banner({ kind, children }: PropsWithChildren<{ readonly kind: "error" | "notice" }>) {
  return (
    <div class={`banner banner-${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </div>
  );
}

/** Says what went well. */
export function Saved({ text }: { readonly text: string }) {
  return (
    <Banner kind="notice">
      <CheckIcon />
      <span>{text}</span>
    </Banner>
  );
}

interface PhoneNumberProps {
  readonly value: string;
  /** The punctuation that ends the sentence. It stays with the number, because no line may begin with it. */
  readonly after?: string;
}

/** A number, masked or not, that never breaks over lines and always runs from left to right. */
export function PhoneNumber({ value, after }: PhoneNumberProps) {
  const number = (
    <bdi class="number" dir="ltr" translate="no">
      {value}
    </bdi>
  );
  if (!after) return number;
  return (
    <span class="unbroken">
      {number}
      {after}
    </span>
  );
}

/** Epoch milliseconds in words; in UTC until the script knows the visitor's zone. */
export function Time({ at, locale }: { readonly at: number; readonly locale: Locale }) {
  return (
    <time datetime={timeOf(at)} data-local-time="">
      {dateTime(at, locale)}
    </time>
  );
}

/** An address that may break after its slashes. */
export function breakable(address: string): Child[] {
  return address.split("/").flatMap((part, index) => (index === 0 ? [part] : ["/", <wbr />, part]));
}

/** Joins the ids of the elements that describe a field; undefined when there is none. */
export function describedBy(...ids: readonly (string | false | undefined)[]): string | undefined {
  return ids.filter(Boolean).join(" ") || undefined;
}
