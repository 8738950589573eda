import { FACTORS_COPY } from "../../copy/factors.ts";
import { FactorSteps, type FactorStepsProps } from "../factor-steps.tsx";
import { layout, type Page } from "../layout.tsx";
import { AsideLink } from "../parts.tsx";

/** The second step of a sign-in. */
export function secondStepPage(props: FactorStepsProps): Page {
  const { context, methods, wrong } = props;
  const copy = FACTORS_COPY[context.locale];
  return layout(
    { context, title: copy.secondTitle, shape: "card", failed: wrong !== undefined },
    <>
      <h1>{copy.secondTitle}</h1>
      <FactorSteps {...props} lead={methods.length > 0 ? copy.secondLead : copy.none} />
      <AsideLink href="/sign-in">{copy.startOver}</AsideLink>
    </>,
  );
}
