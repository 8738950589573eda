import { PASSWORD_COPY } from "../../copy/password.ts";
import { layout, type Page, type PageContext } from "../layout.tsx";
import { AsideLink, Form } from "../parts.tsx";
import { PasswordInput } from "../password-input.tsx";

export interface PasswordPageProps {
  readonly context: PageContext;
  readonly hasPassword: boolean;
  /** Whether a temporary password brought the person here. */
  readonly isNeeded: boolean;
  /** The full number, for password managers, if the person has just shown who they are. */
  readonly username?: string;
  readonly error?: string;
}

/**
 * Sets or changes the password. Posts `password`, and `needed` if the password is required, to /account/password, and
 * nothing to /account/password/remove.
 */
export function passwordPage(props: PasswordPageProps): Page {
  const { context, hasPassword, isNeeded, error } = props;
  const copy = PASSWORD_COPY[context.locale];
  const title = hasPassword ? copy.changeTitle : copy.setTitle;
  return layout(
    { context, title, shape: "card", failed: error !== undefined },
    <>
      <h1>{title}</h1>
      <p class="lead">{isNeeded ? copy.temporaryLead : copy.lead}</p>
      <Form context={context} action="/account/password" class="stack">
        {isNeeded && <input type="hidden" name="needed" />}
        {props.username && <Username value={props.username} />}
        <PasswordInput context={context} label={copy.label} isNew autofocus error={error} />
        <p class="hint">{copy.ends}</p>
        <button class="button button-primary" type="submit">
          {copy.submit}
        </button>
      </Form>
      {hasPassword && !isNeeded && <Removal context={context} />}
      {!isNeeded && <AsideLink href="/account">{copy.back}</AsideLink>}
    </>,
  );
}

/** Password managers look only for text fields, visible or not. */
function Username({ value }: { readonly value: string }) {
  return <input type="text" name="username" autocomplete="username" value={value} readonly hidden />;
}

function Removal({ context }: { readonly context: PageContext }) {
  const copy = PASSWORD_COPY[context.locale];
  return (
    <Form context={context} action="/account/password/remove" class="stack">
      <p class="hint">{copy.removeLead}</p>
      <button class="button button-danger" type="submit">
        {copy.remove}
      </button>
    </Form>
  );
}
