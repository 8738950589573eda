import { PASSWORD_SIGN_IN_COPY } from "../../copy/password-sign-in.ts";
import { Challenge, type PageChallenge } from "../challenge.tsx";
import { layout, type Page } from "../layout.tsx";
import { Form } from "../parts.tsx";
import { PasswordInput } from "../password-input.tsx";
import { PhoneField, type PhoneFieldProps } from "./phone.tsx";

export interface PasswordSignInPageProps extends PhoneFieldProps {
  /** What is wrong with the number and the password together. */
  readonly passwordError?: string;
  readonly challenge?: PageChallenge;
}

/** Signs in by password. Posts `country`, `phone`, `password`, `captcha` and `csrf` to /sign-in/password. */
export function passwordSignInPage(props: PasswordSignInPageProps): Page {
  const { context, error, passwordError, challenge } = props;
  const copy = PASSWORD_SIGN_IN_COPY[context.locale];
  const failed = error !== undefined || passwordError !== undefined;
  return layout(
    { context, title: copy.title, shape: "card", failed },
    <>
      <h1>{copy.title}</h1>
      <p class="lead">{copy.lead}</p>
      <Form context={context} action="/sign-in/password" class="stack">
        <PhoneField {...props} isUsername />
        <PasswordInput
          context={context}
          label={copy.password}
          autofocus={props.isFilled === true}
          error={passwordError}
        />
        {challenge && <Challenge context={context} {...challenge} />}
        <button class="button button-primary" type="submit">
          {copy.submit}
        </button>
      </Form>
      <div class="aside-actions">
        <a class="link-button" href="/sign-in/forgotten">
          {copy.forgotten}
        </a>
        <a class="link-button" href="/sign-in">
          {copy.byCode}
        </a>
      </div>
    </>,
  );
}
