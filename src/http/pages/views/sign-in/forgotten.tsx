import type { Protection } from "../../../../core/account/factors/own.ts";
import { CODE_COPY } from "../../copy/code.ts";
import { FACTORS_COPY } from "../../copy/factors.ts";
import { FORGOTTEN_COPY } from "../../copy/forgotten.ts";
import { PASSWORD_COPY } from "../../copy/password.ts";
import { PHONE_COPY } from "../../copy/phone.ts";
import { Challenge, type PageChallenge } from "../challenge.tsx";
import { CheckIcon } from "../icons.tsx";
import { layout, type Page, type PageContext } from "../layout.tsx";
import { AsideLink, Banner, Form, Time } from "../parts.tsx";
import { PasswordInput } from "../password-input.tsx";
import { ResendForm } from "../resend.tsx";
import { SentTo } from "../sent-to.tsx";
import { CodeField, EndedCode, OtherNumber } from "./code.tsx";
import { PhoneField, type PhoneFieldProps } from "./phone.tsx";

const START = "/sign-in/forgotten";

export interface ForgottenPageProps extends PhoneFieldProps {
  readonly challenge?: PageChallenge;
}

/** Asks for the phone of a forgotten password. Posts `country`, `phone`, `once`, `captcha` and `csrf` to /sign-in/forgotten. */
export function forgottenPage(props: ForgottenPageProps): Page {
  const { context, error, challenge } = props;
  const copy = FORGOTTEN_COPY[context.locale];
  return layout(
    { context, title: copy.title, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.title}</h1>
      <p class="lead">{copy.lead}</p>
      <Form context={context} action={START} class="stack" sendsOnce>
        <PhoneField {...props} />
        {challenge && <Challenge context={context} {...challenge} />}
        <button class="button button-primary" type="submit">
          {copy.submit}
        </button>
      </Form>
      <p class="small">{PHONE_COPY[context.locale].smallPrint}</p>
      <AsideLink href="/sign-in/password">{copy.back}</AsideLink>
    </>,
  );
}

export interface ResetPageProps {
  readonly context: PageContext;
  readonly phoneMasked: string;
  readonly codeLength: number;
  /** Whole seconds; 0 when it may be sent again at once. */
  readonly resendInSeconds: number;
  /** The code is spent or expired: the page offers a new one in its place. */
  readonly ended: boolean;
  /** The typed code, encrypted: it is not asked for again while something else is wrong. */
  readonly kept?: string;
  readonly error?: string;
  readonly codeError?: string;
  readonly passwordError?: string;
  /** The challenge that must be solved before the code is sent again. */
  readonly challenge?: PageChallenge;
}

/** Takes the code and the new password: posts `code` or `kept`, `password` and `csrf` to /sign-in/forgotten/code. */
export function resetPage(props: ResetPageProps): Page {
  const { context, ended, error, codeError, passwordError } = props;
  const title = ended ? CODE_COPY[context.locale].endedTitle : FORGOTTEN_COPY[context.locale].chooseTitle;
  const failed = ended || [error, codeError, passwordError].some((text) => text !== undefined);
  return layout(
    { context, title, shape: "card", failed },
    ended ? <EndedCode {...props} action={`${START}/resend`} restart={START} /> : <ResetForm {...props} />,
  );
}

function ResetForm(props: ResetPageProps) {
  const { context, phoneMasked, codeLength, kept, error, codeError, passwordError } = props;
  const copy = FORGOTTEN_COPY[context.locale];
  return (
    <>
      <h1>{copy.chooseTitle}</h1>
      {error && <Banner kind="error">{error}</Banner>}
      <p class="lead">
        <SentTo context={context} phoneMasked={phoneMasked} codeLength={codeLength} />
      </p>
      <Form context={context} action={`${START}/code`} class="stack">
        {kept ? (
          <KeptCode context={context} kept={kept} />
        ) : (
          <CodeField context={context} length={codeLength} error={codeError} />
        )}
        <PasswordInput
          context={context}
          label={PASSWORD_COPY[context.locale].label}
          isNew
          autofocus={kept !== undefined}
          judgedAt={`${START}/password`}
          {...(kept && { note: "code-kept" })}
          error={passwordError}
        />
        <p class="hint">{copy.ends}</p>
        <button class="button button-primary" type="submit">
          {copy.choose}
        </button>
      </Form>
      <div class="aside-actions">
        <ResendForm {...props} action={`${START}/resend`} />
        <OtherNumber context={context} href={START} />
      </div>
    </>
  );
}

function KeptCode({ context, kept }: { readonly context: PageContext; readonly kept: string }) {
  return (
    <p class="small with-icon" id="code-kept">
      <input type="hidden" name="kept" value={kept} />
      <CheckIcon />
      <span>{FORGOTTEN_COPY[context.locale].codeKept}</span>
    </p>
  );
}

export interface ResetDonePageProps extends Protection {
  readonly context: PageContext;
}

/** The result, and what else opens the account. A person who reset the password sees there what is not theirs. */
export function resetDonePage(props: ResetDonePageProps): Page {
  const { context, factors } = props;
  const copy = FORGOTTEN_COPY[context.locale];
  return layout(
    { context, title: copy.doneTitle, shape: "card" },
    <>
      <h1>{copy.doneTitle}</h1>
      <p class="lead">{copy.done}</p>
      <a class="button button-primary" href="/sign-in/password">
        {copy.signIn}
      </a>
      {factors.length > 0 && <Factors {...props} />}
    </>,
  );
}

function Factors({ context, factors, recoveryCodesLeft }: ResetDonePageProps) {
  const copy = FORGOTTEN_COPY[context.locale];
  const { kinds, added } = FACTORS_COPY[context.locale];
  return (
    <section class="stack" aria-labelledby="factors-title">
      <h2 id="factors-title">{copy.factors}</h2>
      <ul class="sessions">
        {factors.map(({ kind, label, createdAt }) => (
          <li class="session">
            <div class="session-text">
              <p class="session-device">
                <bdi>{label || kinds[kind]}</bdi>
              </p>
              <p class="quiet">
                {`${added} `}
                <Time at={createdAt} locale={context.locale} />
              </p>
            </div>
          </li>
        ))}
        {recoveryCodesLeft > 0 && <li class="session">{copy.codesLeft(recoveryCodesLeft)}</li>}
      </ul>
      <p class="hint">{copy.factorsLead}</p>
      <a class="link-button" href="/account/factors">
        {copy.toFactors}
      </a>
    </section>
  );
}
