import { FACTORS_COPY } from "../copy/factors.ts";
import { FactorForm, type FactorFormProps } from "./factor-form.tsx";
import { layout, type Page } from "./layout.tsx";
import { Banner } from "./parts.tsx";

/** The second step of a sign-in. */
export function secondStepPage(props: FactorFormProps): Page {
  const { context, error, methods } = props;
  const copy = FACTORS_COPY[context.locale];
  return layout(
    { context, title: copy.secondTitle, shape: "card", failed: error !== undefined },
    <>
      <h1>{copy.secondTitle}</h1>
      {error && !methods.includes("otp") && <Banner kind="error">{error}</Banner>}
      <p class="lead">{methods.length > 0 ? copy.secondLead : copy.none}</p>
      <FactorForm {...props} />
      <div class="aside-actions">
        <a class="link-button" href="/sign-in">
          {copy.startOver}
        </a>
      </div>
    </>,
  );
}
