import { FACTORS_COPY } from "../../copy/factors.ts";
import { LIFE_COPY } from "../../copy/life.ts";
import { PASSWORD_COPY } from "../../copy/password.ts";
import type { PageContext } from "../layout.tsx";

interface OtherPagesProps {
  readonly context: PageContext;
  readonly hasPassword: boolean;
}

/** What the account has on pages of its own. */
export function OtherPages({ context: { locale }, hasPassword }: OtherPagesProps) {
  const password = PASSWORD_COPY[locale];
  const { phone, data } = LIFE_COPY[locale];
  const factors = FACTORS_COPY[locale];
  return (
    <>
      <OtherPage
        id="password-title"
        title={password.section}
        text={hasPassword ? password.sectionSet : password.sectionNone}
        href="/account/password"
        link={hasPassword ? password.linkChange : password.linkSet}
      />
      <OtherPage
        id="phone-title"
        title={phone.section}
        text={phone.sectionLead}
        href="/account/phone"
        link={phone.link}
      />
      <OtherPage
        id="data-title"
        title={data.section}
        text={data.sectionLead}
        href="/account/data"
        link={data.link}
      />
      <OtherPage
        id="protection-title"
        title={factors.title}
        text={factors.lead}
        href="/account/factors"
        link={factors.open}
      />
    </>
  );
}

interface OtherPageProps {
  /** Of the title, which names the section. */
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly href: string;
  readonly link: string;
}

function OtherPage({ id, title, text, href, link }: OtherPageProps) {
  return (
    <section class="panel" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p class="quiet">{text}</p>
      <a class="button button-quiet" href={href}>
        {link}
      </a>
    </section>
  );
}
