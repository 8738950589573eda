import { html } from "hono/html";
import type { Child, PropsWithChildren } from "hono/jsx";
import { LOCALES, type Locale } from "../../../core/locale.ts";
import { LAYOUT_COPY } from "../copy/layout.ts";
import { BrandMark } from "./icons.tsx";

/** What every page needs. */
export interface PageContext {
  readonly locale: Locale;
  /** URLs of the built script and style sheet. */
  readonly assets: { readonly script: string; readonly style: string };
  /** The token that every form of the page sends back; required if the page has a form. */
  readonly csrf?: string;
  /** Tells one form that is sent twice from two forms; present together with `csrf`. */
  readonly once?: string;
  /** This page in each language, as addresses; absent if the page can be shown only once. */
  readonly languageLinks?: Readonly<Record<Locale, string>>;
  /** Whose sign-in this is. */
  readonly brand: string;
}

/** A whole document, ready for `c.html`. */
export type Page = ReturnType<typeof html>;

/**
 * The colours of the browser's own bars: the background of the page, which on a phone is its one sheet. The first that
 * matches counts.
 */
const THEME_COLORS = [
  ["#ffffff", "(prefers-color-scheme: light) and (max-width: 47.99rem)"],
  ["#151d1a", "(prefers-color-scheme: dark) and (max-width: 47.99rem)"],
  ["#f3f5f2", "(prefers-color-scheme: light)"],
  ["#0d1311", "(prefers-color-scheme: dark)"],
] as const;

interface LayoutProps {
  readonly context: PageContext;
  /** What the page is; the brand is added. */
  readonly title: string;
  /** How wide the page is and whether it lies on a sheet: `card` for one task, `screen` for the inbox. */
  readonly shape: "card" | "account" | "docs" | "screen";
  /** Puts "Error:" first in the title, where a screen reader hears it at once. */
  readonly failed?: boolean;
  /** Reloads the page while the browser runs no scripts. */
  readonly refreshSeconds?: number;
}

/** Wraps a page's content into a document. */
export function layout(props: LayoutProps, content: Child): Page {
  return html`<!DOCTYPE html>${<Document {...props}>{content}</Document>}`;
}

function Document({ children, ...props }: PropsWithChildren<LayoutProps>) {
  const { context, shape } = props;
  return (
    <html lang={context.locale}>
      <Head {...props} />
      <body class={`shape-${shape}`}>
        <a class="skip" href="#main">
          {LAYOUT_COPY[context.locale].skipToContent}
        </a>
        <header class="top">
          <p class="brand">
            <BrandMark />
            <span translate="no">{context.brand}</span>
          </p>
          {context.languageLinks && <Languages locale={context.locale} links={context.languageLinks} />}
        </header>
        <main id="main">{children}</main>
      </body>
    </html>
  );
}

function Head({ context, title, failed, refreshSeconds }: LayoutProps) {
  const prefix = failed ? LAYOUT_COPY[context.locale].errorPrefix : "";
  return (
    <head>
      <meta charset="utf-8" />
      <title>{`${prefix}${title} · ${context.brand}`}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
      <meta name="color-scheme" content="light dark" />
      {THEME_COLORS.map(([content, media]) => (
        <meta name="theme-color" content={content} media={media} />
      ))}
      <meta name="format-detection" content="telephone=no" />
      <meta name="robots" content="noindex" />
      <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href={context.assets.style} />
      <script type="module" src={context.assets.script}></script>
      {refreshSeconds !== undefined && (
        <noscript>
          <meta http-equiv="refresh" content={String(refreshSeconds)} />
        </noscript>
      )}
    </head>
  );
}

interface LanguagesProps {
  readonly locale: Locale;
  readonly links: Readonly<Record<Locale, string>>;
}

function Languages({ locale: current, links }: LanguagesProps) {
  return (
    <nav class="languages" aria-label={LAYOUT_COPY[current].languages}>
      <ul>
        {LOCALES.map((locale) => (
          <li>
            <a
              href={links[locale]}
              lang={locale}
              hreflang={locale}
              aria-current={locale === current ? "true" : undefined}
            >
              {LAYOUT_COPY[locale].languageName}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
