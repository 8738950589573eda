import type { Protection } from "../../../../core/account/factors/own.ts";
import type { QrPath } from "../../../context.ts";
import { FACTORS_COPY } from "../../copy/factors.ts";
import { LAYOUT_COPY } from "../../copy/layout.ts";
import { PasskeyForm, type PasskeyOffer } from "../factor-form.tsx";
import { layout, type Page, type PageContext } from "../layout.tsx";
import { AsideLink, Banner, FieldError, Form, Saved, Time } from "../parts.tsx";

export interface FactorsPageProps extends Protection {
  readonly context: PageContext;
  readonly passkey?: PasskeyOffer;
  /** Where the person confirms first who they are, before a browser is asked for a passkey. */
  readonly confirmUrl?: string;
  /** Codes that were just made: shown this once. */
  readonly codes?: readonly string[];
  /** What went well. */
  readonly notice?: string;
  readonly error?: string;
}

const WHEN = ["off", "new_devices", "always"] as const;

/** Where people keep their second factors. Forms: /account/factors/… `app`, `passkey`, `codes`, `remove`, `protection`. */
export function factorsPage(props: FactorsPageProps): Page {
  const { context, error, notice, codes } = props;
  const copy = FACTORS_COPY[context.locale];
  return layout(
    { context, title: copy.title, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.title}</h1>
      {error && <Banner kind="error">{error}</Banner>}
      {notice && <Saved text={notice} />}
      <p class="lead">{copy.lead}</p>
      {codes && <Codes context={context} codes={codes} />}
      <List {...props} />
      <Add {...props} />
      {props.factors.length > 0 && <Recovery {...props} />}
      <When {...props} />
      <AsideLink href="/account">{copy.back}</AsideLink>
    </>,
  );
}

function List({ context, factors }: FactorsPageProps) {
  const copy = FACTORS_COPY[context.locale];
  return (
    <section aria-labelledby="factors-title" class="part">
      <h2 id="factors-title">{copy.factors}</h2>
      {factors.length === 0 ? (
        <p class="quiet">{copy.noFactors}</p>
      ) : (
        <ul class="sessions">
          {factors.map(({ id, kind, label, createdAt }) => (
            <li class="session">
              <div class="session-text">
                <p class="session-device">
                  <bdi>{label || copy.kinds[kind]}</bdi>
                </p>
                <p class="quiet">
                  {`${copy.added} `}
                  <Time at={createdAt} locale={context.locale} />
                </p>
              </div>
              <Form context={context} action="/account/factors/remove">
                <input type="hidden" name="id" value={id} />
                <button
                  class="button button-quiet"
                  type="submit"
                  aria-label={copy.removeOf(label || copy.kinds[kind])}
                >
                  {copy.remove}
                </button>
              </Form>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Add({ context, passkey, confirmUrl }: FactorsPageProps) {
  const copy = FACTORS_COPY[context.locale];
  return (
    <>
      <Form context={context} action="/account/factors/app" class="stack">
        <button class="button button-quiet" type="submit">
          {copy.addApp}
        </button>
      </Form>
      {passkey && (
        <PasskeyForm
          context={context}
          action="/account/factors/passkey"
          ceremony="create"
          offer={passkey}
          label={copy.addPasskey}
        />
      )}
      {confirmUrl && (
        <p class="stack">
          <a class="button button-quiet" href={confirmUrl}>
            {copy.addPasskey}
          </a>
        </p>
      )}
    </>
  );
}

function Recovery({ context, recoveryCodesLeft }: FactorsPageProps) {
  const copy = FACTORS_COPY[context.locale];
  return (
    <section aria-labelledby="recovery-title" class="part">
      <h2 id="recovery-title">{copy.recovery}</h2>
      <p class="quiet">{copy.codesLeft(recoveryCodesLeft)}</p>
      <Form context={context} action="/account/factors/codes" class="stack">
        <button class="button button-quiet" type="submit">
          {copy.newCodes}
        </button>
      </Form>
    </section>
  );
}

function Codes({ context, codes }: { readonly context: PageContext; readonly codes: readonly string[] }) {
  const copy = FACTORS_COPY[context.locale];
  return (
    <section class="banner banner-notice">
      <div>
        <p role="status">{copy.codesLead}</p>
        <ul class="codes" translate="no">
          {codes.map((code) => (
            <li>
              <code>{code}</code>
            </li>
          ))}
        </ul>
        <CopyButton context={context} text={codes.join("\n")} label={copy.copyCodes} />
      </div>
    </section>
  );
}

function CopyButton({
  context,
  text,
  label,
}: {
  readonly context: PageContext;
  readonly text: string;
  readonly label: string;
}) {
  const { copied } = LAYOUT_COPY[context.locale];
  return (
    <button class="button button-quiet" type="button" hidden data-copy={text} data-copied={copied}>
      {label}
    </button>
  );
}

function When({ context, loginProtection }: FactorsPageProps) {
  const current = loginProtection ?? "off";
  const copy = FACTORS_COPY[context.locale];
  return (
    <Form context={context} action="/account/factors/protection" class="stack">
      <fieldset class="field">
        <legend>{copy.protection}</legend>
        {WHEN.map((when) => (
          <label class="choice">
            <input type="radio" name="when" value={when} checked={when === current} />
            <span>{copy.when[when]}</span>
          </label>
        ))}
      </fieldset>
      <button class="button button-primary" type="submit">
        {copy.save}
      </button>
    </Form>
  );
}

export interface AppPageProps {
  readonly context: PageContext;
  readonly id: string;
  /** Base32. */
  readonly secret: string;
  /** What the QR code says: on a phone it opens the app. */
  readonly uri: string;
  readonly qr: QrPath;
  readonly error?: string;
}

/** Shows the QR code of a new app, and takes its first code. Posts `id` and `code` to /account/factors/app/confirm. */
export function appPage({ context, id, secret, uri, qr, error }: AppPageProps): Page {
  const copy = FACTORS_COPY[context.locale];
  return layout(
    { context, title: copy.appTitle, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.appTitle}</h1>
      <p class="lead">{copy.appLead}</p>
      <svg
        class="qr"
        role="img"
        aria-label={copy.qr}
        viewBox={`0 0 ${qr.size} ${qr.size}`}
        width="208"
        height="208"
      >
        <rect width={qr.size} height={qr.size} fill="#fff" />
        <path d={qr.path} fill="#000" />
      </svg>
      <p class="small">
        {copy.secret}
        <code translate="no">{secret.replace(/.{4}(?=.)/g, "$& ")}</code>
      </p>
      <div class="key-actions">
        <a class="button button-quiet on-touch" href={uri}>
          {copy.openApp}
        </a>
        <CopyButton context={context} text={secret} label={copy.copyKey} />
      </div>
      <Form context={context} action="/account/factors/app/confirm" class="stack">
        <input type="hidden" name="id" value={id} />
        <div class="field">
          <label for="factor-code">{copy.appCode}</label>
          <input
            class={error ? "input is-wrong" : "input"}
            id="factor-code"
            name="code"
            type="text"
            inputmode="numeric"
            autocomplete="one-time-code"
            maxlength={16}
            required
            autofocus={error !== undefined}
            aria-invalid={error ? "true" : undefined}
            aria-describedby={error ? "factor-error" : undefined}
          />
          <FieldError id="factor-error" text={error} />
        </div>
        <button class="button button-primary" type="submit">
          {copy.submit}
        </button>
      </Form>
      <AsideLink href="/account/factors">{copy.title}</AsideLink>
    </>,
  );
}
