import { layout, type Page, type PageContext } from "./layout.tsx";

export interface MessagePageProps {
  readonly context: PageContext;
  readonly title: string;
  readonly text: string;
  readonly action?: { readonly href: string; readonly label: string };
}

/** One thing to say, such as an error, and at most one way on. */
export function messagePage({ context, title, text, action }: MessagePageProps): Page {
  return layout(
    { context, title, shape: "card" },
    <>
      <h1>{title}</h1>
      <p class="lead">{text}</p>
      {action && (
        <a class="button button-primary" href={action.href}>
          {action.label}
        </a>
      )}
    </>,
  );
}
