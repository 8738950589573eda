import { enhanceCodeField } from "./code-field.ts";
import { enhancePasswordFields } from "./password-toggle.ts";
import { parsePage } from "./trusted.ts";

/** After this the form is sent as it is. */
const WAITS_MS = 10_000;

/** Has a new password judged before its form is sent. So a code that was typed beside a refused password is kept. */
export function enhanceNewPasswords(root: ParentNode): void {
  const input = root.querySelector<HTMLInputElement>("input[data-judged-at]");
  const form = input?.form;
  const { judgedAt } = input?.dataset ?? {};
  if (!form || !judgedAt) return;
  let isJudged = false;
  form.addEventListener("submit", (event) => {
    if (isJudged) return;
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    const judging = refusedPage(form, judgedAt);
    // Without an answer the form says itself what is wrong.
    void judging
      .catch(() => undefined)
      .then((refused) => {
        // The form was released meanwhile, because the visitor left the page and came back.
        if (!form.hasAttribute("aria-busy")) return;
        form.removeAttribute("aria-busy");
        if (refused) return showRefused(form, refused);
        isJudged = true;
        form.requestSubmit();
        isJudged = false;
      });
  });
}

/** The page that the server shows with the errors; undefined if there are none. */
async function refusedPage(form: HTMLFormElement, address: string): Promise<Document | undefined> {
  const { csrf, password } = Object.fromEntries(new FormData(form));
  const body = new URLSearchParams({ csrf: String(csrf), password: String(password) });
  const signal = AbortSignal.timeout(WAITS_MS);
  const answer = await fetch(address, { method: "POST", body, signal });
  if (answer.status !== 200) return undefined;
  return parsePage(await answer.text());
}

/** Replaces the filled-in fields by those of that page, and keeps what was typed. */
function showRefused(form: HTMLFormElement, refused: Document): void {
  document.title = refused.title;
  document.querySelector(".banner-error")?.remove();
  for (const input of form.querySelectorAll<HTMLInputElement>(".field input")) {
    const shown = refused.querySelector<HTMLInputElement>(`#${input.id}`);
    const field = shown?.closest(".field");
    if (!shown || !field) continue;
    shown.value = input.value;
    input.closest(".field")?.replaceWith(document.adoptNode(field));
  }
  enhancePasswordFields(form);
  enhanceCodeField(form);
  form.querySelector<HTMLInputElement>("input[data-judged-at]")?.focus();
}
