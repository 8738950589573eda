import { LIFE_COPY } from "../copy/life.ts";
import { layout, type Page, type PageContext } from "./layout.tsx";
import { Form } from "./parts.tsx";

export interface StopPageProps {
  readonly context: PageContext;
  /** The end of the link. */
  readonly code: string;
}

/** Asks the person who got the notice whether to stop the change. Posts `csrf` to /stop/CODE. */
export function stopPage({ context, code }: StopPageProps): Page {
  const copy = LIFE_COPY[context.locale].stop;
  return layout(
    { context, title: copy.title, shape: "card" },
    <>
      <h1>{copy.title}</h1>
      <p class="lead">{copy.lead}</p>
      <Form context={context} action={`/stop/${code}`} class="stack">
        <button class="button button-danger" type="submit">
          {copy.submit}
        </button>
      </Form>
    </>,
  );
}
