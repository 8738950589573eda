import { LIFE_COPY } from "../../copy/life.ts";
import type { PageContext } from "../layout.tsx";

/** What the account page says of the number. */
export function PhoneSection({ context }: { readonly context: PageContext }) {
  const copy = LIFE_COPY[context.locale].phone;
  return (
    <section class="panel" aria-labelledby="phone-title">
      <h2 id="phone-title">{copy.section}</h2>
      <p class="quiet">{copy.sectionLead}</p>
      <a class="button button-quiet" href="/account/phone">
        {copy.link}
      </a>
    </section>
  );
}

/** What the account page says of the person's data. */
export function DataSection({ context }: { readonly context: PageContext }) {
  const copy = LIFE_COPY[context.locale].data;
  return (
    <section class="panel" aria-labelledby="data-title">
      <h2 id="data-title">{copy.section}</h2>
      <p class="quiet">{copy.sectionLead}</p>
      <a class="button button-quiet" href="/account/data">
        {copy.link}
      </a>
    </section>
  );
}
