import { CONFIRM_COPY } from "../../copy/confirm.ts";
import { FACTORS_COPY } from "../../copy/factors.ts";
import { FactorSteps, type FactorStepsProps } from "../factor-steps.tsx";
import { layout, type Page } from "../layout.tsx";
import { AsideLink } from "../parts.tsx";

export interface ConfirmPageProps extends Omit<FactorStepsProps, "action"> {
  /** The page that the person came from, and goes back to. */
  readonly to: string;
  /** What a person who signs in anew goes on with, where this session does not take it. */
  readonly anew?: "code" | "recovery";
}

/** Asks a signed-in person to confirm that it is them. Posts `csrf` to /account/confirm/send, `code` to /account/confirm. */
export function confirmPage({ to, anew, ...props }: ConfirmPageProps): Page {
  const { context, methods, wrong } = props;
  const copy = CONFIRM_COPY[context.locale];
  const none = anew === "code" ? copy.signInAnew.code : FACTORS_COPY[context.locale].none;
  return layout(
    { context, title: copy.title, shape: "card", failed: wrong !== undefined },
    <>
      <h1>{copy.title}</h1>
      <FactorSteps {...props} action="/account/confirm" lead={methods.length > 0 ? copy.lead : none} />
      {anew === "recovery" && <p class="small">{copy.signInAnew.recovery}</p>}
      <AsideLink href={to}>{copy.back}</AsideLink>
    </>,
  );
}
