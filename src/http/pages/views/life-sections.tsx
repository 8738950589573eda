import { LIFE_COPY } from "../copy/life.ts";
import type { PageContext } from "./layout.tsx";

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
