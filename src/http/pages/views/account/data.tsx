import { LIFE_COPY } from "../../copy/life.ts";
import type { SentCode } from "../../held.ts";
import { layout, type Page, type PageContext } from "../layout.tsx";
import { AsideLink, Banner, Form, PhoneNumber } from "../parts.tsx";
import { ResendForm } from "../resend.tsx";
import { SentTo } from "../sent-to.tsx";
import { CodeField } from "../sign-in/code.tsx";

export interface DataPageProps {
  readonly context: PageContext;
  readonly phoneMasked: string;
  /** The code that was sent and still works. */
  readonly sent?: SentCode;
  readonly error?: string;
  /** Whether what is wrong is the code that was entered. */
  readonly isOfCode: boolean;
}

/**
 * What is kept about a person, and the end of their account. Posts to /account/data/export, `once` to
 * /account/data/send, and `code` to /account/data/erase; each with `csrf`.
 */
export function dataPage(props: DataPageProps): Page {
  const { context, error, isOfCode, sent } = props;
  const copy = LIFE_COPY[context.locale];
  return layout(
    { context, title: copy.data.title, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.data.title}</h1>
      {error && !(sent && isOfCode) && <Banner kind="error">{error}</Banner>}
      <section aria-labelledby="export-title" class="stack">
        <h2 id="export-title">{copy.data.exportTitle}</h2>
        <p>{copy.data.exportLead}</p>
        <Form context={context} action="/account/data/export" isDownload>
          <button class="button button-quiet" type="submit">
            {copy.data.exportSubmit}
          </button>
        </Form>
      </section>
      <section aria-labelledby="erase-title" class="stack">
        <h2 id="erase-title">{copy.data.eraseTitle}</h2>
        <p>{copy.data.eraseLead}</p>
        {sent ? <Sent {...props} sent={sent} /> : <Unsent {...props} />}
      </section>
      <AsideLink href="/account">{copy.back}</AsideLink>
    </>,
  );
}

function Unsent({ context, phoneMasked }: DataPageProps) {
  const [before, after] = LIFE_COPY[context.locale].data.eraseSend;
  return (
    <>
      <p>
        {before}
        <PhoneNumber value={phoneMasked} after={after} />
      </p>
      <Form context={context} action="/account/data/send" sendsOnce>
        <button class="button button-danger" type="submit">
          {LIFE_COPY[context.locale].phone.submit}
        </button>
      </Form>
    </>
  );
}

function Sent({ context, sent, error, isOfCode }: DataPageProps & { readonly sent: SentCode }) {
  return (
    <>
      <p>
        <SentTo context={context} {...sent} />
      </p>
      <Form context={context} action="/account/data/erase" class="stack">
        <CodeField context={context} length={sent.codeLength} error={isOfCode ? error : undefined} />
        <button class="button button-danger" type="submit">
          {LIFE_COPY[context.locale].data.eraseSubmit}
        </button>
      </Form>
      <ResendForm {...{ context, ...sent }} action="/account/data/send" />
    </>
  );
}
