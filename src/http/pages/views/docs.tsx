import { DOCS_COPY, type DocsCopy } from "../copy/docs.ts";
import { layout, type Page, type PageContext } from "./layout.tsx";
import { breakable } from "./parts.tsx";

export interface ApiDocsPageProps {
  readonly context: PageContext;
  readonly title: string;
  readonly version: string;
  readonly operations: readonly DocsOperation[];
  /** What every refusal holds. */
  readonly problemFields: readonly DocsField[];
  /** The whole catalogue; each has the anchor `error-<code>`. */
  readonly refusals: readonly DocsRefusal[];
}

export interface DocsRefusal {
  readonly code: string;
  readonly status: number;
  readonly en: string;
  readonly zh: string;
}

export interface DocsOperation {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  /** In words; empty when nothing is asked for. */
  readonly auth: string;
  readonly parameters: readonly DocsParameter[];
  /** The fields of each form that the body may have; empty if there is no body. */
  readonly bodies: readonly (readonly DocsField[])[];
  /** The answer if it is not refused. */
  readonly answer: DocsAnswer;
  readonly refusals: readonly { readonly code: string; readonly status: number; readonly text: string }[];
  readonly example?: string;
}

export interface DocsParameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description: string;
}

export interface DocsField {
  readonly name: string;
  readonly type: string;
  readonly required?: boolean;
  readonly description: string;
}

export interface DocsAnswer {
  readonly status: number;
  readonly description: string;
  readonly fields: readonly DocsField[];
}

/** The API reference as a page to read. */
export function apiDocsPage(props: ApiDocsPageProps): Page {
  const { context, title, version, operations } = props;
  const copy = DOCS_COPY[context.locale];
  return layout(
    { context, title, shape: "docs" },
    <div class="docs">
      <Contents copy={copy} operations={operations} />
      <div class="docs-text">
        <h1>{title}</h1>
        <p class="quiet">{`${copy.version} ${version}`}</p>
        {operations.map((operation) => (
          <Operation copy={copy} operation={operation} />
        ))}
        <Catalogue {...props} />
      </div>
    </div>,
  );
}

/** "POST /v1/sessions/{id}" as an anchor: `post-v1-sessions-id`. */
function anchor({ method, path }: DocsOperation): string {
  return `${method}-${path}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}

function Method({ name }: { readonly name: string }) {
  return <span class={`method method-${name.toLowerCase()}`}>{name.toUpperCase()}</span>;
}

/** A text of the definitions, which are in English. Text between backticks is code. */
function Text({ value }: { readonly value: string }) {
  const parts = value.split("`").map((part, at) => (at % 2 === 1 ? <code>{part}</code> : part));
  return <span lang="en">{parts}</span>;
}

function Contents({
  copy,
  operations,
}: {
  readonly copy: DocsCopy;
  readonly operations: readonly DocsOperation[];
}) {
  return (
    <nav class="contents" aria-label={copy.contents}>
      <p class="contents-title">{copy.operations}</p>
      <ul>
        {operations.map((operation) => (
          <li>
            <a href={`#${anchor(operation)}`}>
              <Method name={operation.method} /> <span class="path">{breakable(operation.path)}</span>
            </a>
          </li>
        ))}
        <li>
          <a href="#refusals">{copy.refusals}</a>
        </li>
      </ul>
    </nav>
  );
}

function Operation({ copy, operation }: { readonly copy: DocsCopy; readonly operation: DocsOperation }) {
  const id = anchor(operation);
  return (
    <section class="operation" id={id} aria-labelledby={`${id}-title`}>
      <p class="operation-path">
        <Method name={operation.method} /> <code>{operation.path}</code>
      </p>
      <h2 id={`${id}-title`} lang="en">
        {operation.summary}
      </h2>
      {operation.description && (
        <p>
          <Text value={operation.description} />
        </p>
      )}
      {operation.auth && (
        <p>
          <strong>{copy.auth}</strong> <Text value={operation.auth} />
        </p>
      )}
      <Parameters copy={copy} parameters={operation.parameters} />
      <Bodies copy={copy} bodies={operation.bodies} />
      <Example copy={copy} text={operation.example} />
      <Answer copy={copy} answer={operation.answer} />
      <Refusals copy={copy} refusals={operation.refusals} />
    </section>
  );
}

function Parameters({
  copy,
  parameters,
}: {
  readonly copy: DocsCopy;
  readonly parameters: readonly DocsParameter[];
}) {
  const fields = parameters.map((parameter) => ({ ...parameter, type: parameter.in }));
  return <Fields copy={copy} title={copy.parameters} fields={fields} />;
}

function Bodies({ copy, bodies }: { readonly copy: DocsCopy; readonly bodies: DocsOperation["bodies"] }) {
  const [only = [], ...others] = bodies;
  if (others.length === 0) return <Fields copy={copy} title={copy.body} fields={only} />;
  return (
    <>
      <h3>{copy.body}</h3>
      <p>{copy.oneOf}</p>
      {bodies.map((fields) => (
        <div class="form-of-several">
          <Fields copy={copy} fields={fields} />
        </div>
      ))}
    </>
  );
}

interface FieldsProps {
  readonly copy: DocsCopy;
  readonly title?: string;
  readonly fields: readonly DocsField[];
}

function Fields({ copy, title, fields }: FieldsProps) {
  if (fields.length === 0) return null;
  return (
    <>
      {title && <h3>{title}</h3>}
      <dl class="fields">
        {fields.map((field) => (
          <div>
            <dt>
              <code>{field.name}</code> <span class="type">{field.type}</span>
              {field.required !== undefined && (
                <span class={field.required ? "type is-required" : "type"}>
                  {` ${field.required ? copy.required : copy.optional}`}
                </span>
              )}
            </dt>
            <dd>
              <Text value={field.description} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Example({ copy, text }: { readonly copy: DocsCopy; readonly text: string | undefined }) {
  if (!text) return null;
  return (
    <div class="example">
      <div class="example-head">
        <h3>{copy.example}</h3>
        <button class="button button-quiet" type="button" hidden data-copy={text} data-copied={copy.copied}>
          {copy.copy}
        </button>
      </div>
      <pre tabindex={0}>
        <code>{text}</code>
      </pre>
    </div>
  );
}

function Answer({ copy, answer }: { readonly copy: DocsCopy; readonly answer: DocsAnswer }) {
  return (
    <>
      <h3>{copy.answers}</h3>
      <div class="answer">
        <p>
          <span class="status">{answer.status}</span> <Text value={answer.description} />
        </p>
        <Fields copy={copy} fields={answer.fields} />
      </div>
    </>
  );
}

function Refusals({
  copy,
  refusals,
}: {
  readonly copy: DocsCopy;
  readonly refusals: DocsOperation["refusals"];
}) {
  if (refusals.length === 0) return null;
  return (
    <>
      <h3>{copy.refusals}</h3>
      <ul class="refusals">
        {refusals.map(({ code, status, text }) => (
          <li>
            <span class="status">{status}</span>{" "}
            <a href={`#error-${code}`}>
              <code>{code}</code>
            </a>{" "}
            <span class="quiet">{text}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Catalogue({
  context,
  problemFields,
  refusals,
}: Pick<ApiDocsPageProps, "context" | "problemFields" | "refusals">) {
  const copy = DOCS_COPY[context.locale];
  return (
    <section class="operation" id="refusals" aria-labelledby="refusals-title">
      <h2 id="refusals-title">{copy.refusals}</h2>
      <p>{copy.problemLead}</p>
      <Fields copy={copy} fields={problemFields} />
      <p>{copy.refusalsLead}</p>
      <dl class="fields">
        {refusals.map(({ code, status, en, zh }) => (
          <div id={`error-${code}`}>
            <dt>
              <span class="status">{status}</span> <code>{code}</code>
            </dt>
            <dd>
              <span lang="en">{en}</span> <span lang="zh-CN">{zh}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
