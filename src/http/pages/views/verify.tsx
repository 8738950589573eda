import type { Transaction } from "../../../core/transaction.ts";
import { VERIFY_COPY } from "../copy/verify.ts";
import { LockIcon } from "./icons.tsx";
import { layout, type Page, type PageContext } from "./layout.tsx";
import { Banner, Form } from "./parts.tsx";
import { ResendForm } from "./resend.tsx";
import { SentTo } from "./sent-to.tsx";
import { type CodeEntryProps, CodeField } from "./sign-in/code.tsx";
import { TemporaryPasswordField } from "./temporary-password-field.tsx";

export interface VerifyPageProps extends CodeEntryProps {
  readonly context: PageContext;
  /** The address of the forms; that of the resend has `/resend` appended. */
  readonly action: string;
  /** The backend that asks, by its name. */
  readonly backend: string;
  readonly asks: "identity" | "payment" | "password";
  /** There with a payment. */
  readonly transaction?: Transaction;
}

/** Asks for the code that a backend asked for, and shows what it confirms. */
export function verifyPage(props: VerifyPageProps): Page {
  const { context, action, asks, backend, transaction, error, codeError } = props;
  const copy = VERIFY_COPY[context.locale];
  const { title, lead, submit } = copy[asks];
  return layout(
    { context, title, shape: "card", failed: (error ?? codeError) !== undefined },
    <>
      <h1>{title}</h1>
      {error && <Banner kind="error">{error}</Banner>}
      <p class="lead">
        {lead[0]}
        <b translate="no">{backend}</b>
        {lead[1]}
      </p>
      {transaction && <Payment context={context} transaction={transaction} />}
      <p class="quiet sent-to">
        <SentTo {...props} isPassword={asks === "password"} />
      </p>
      <Form context={context} action={action} class="stack">
        {props.hasLetters ? (
          <TemporaryPasswordField context={context} error={codeError} />
        ) : (
          <CodeField
            context={context}
            length={props.codeLength}
            goesOn={asks === "identity"}
            error={codeError}
          />
        )}
        <button class="button button-primary" type="submit">
          {submit}
        </button>
      </Form>
      <div class="aside-actions">
        <ResendForm {...props} action={`${action}/resend`} />
      </div>
      <p class="small with-icon">
        <LockIcon />
        <span>{copy.notYou}</span>
      </p>
    </>,
  );
}

interface PaymentProps {
  readonly context: PageContext;
  readonly transaction: Transaction;
}

/** As the message states it, so that the two can be compared. */
function Payment({ context, transaction }: PaymentProps) {
  const copy = VERIFY_COPY[context.locale].payment;
  return (
    <>
      <dl class="payment" translate="no">
        <div>
          <dt>{copy.amount}</dt>
          <dd class="payment-amount">
            <bdi dir="ltr">{`${transaction.currency} ${transaction.amount}`}</bdi>
          </dd>
        </div>
        <div>
          <dt>{copy.payee}</dt>
          <dd>
            <bdi>{transaction.payee}</bdi>
          </dd>
        </div>
      </dl>
      <p class="hint">{copy.check}</p>
    </>
  );
}
