import { enhancePasswordFields } from "./password-toggle.ts";

/** After this the form is sent as it is. */
const WAITS_MS = 10_000;

/** Has a new password judged before its form is sent: where it is refused, a code that was typed beside it stays. */
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
    const judging = refusedField(form, judgedAt);
    // Without an answer the form says itself what is wrong.
    void judging
      .catch(() => undefined)
      .then((refused) => {
        form.removeAttribute("aria-busy");
        if (refused) return showRefused(form, refused);
        isJudged = true;
        form.requestSubmit();
        isJudged = false;
      });
  });
}

/** The field as the server shows it with what is wrong; undefined where nothing is. */
async function refusedField(form: HTMLFormElement, address: string): Promise<HTMLElement | undefined> {
  const { csrf, password } = Object.fromEntries(new FormData(form));
  const body = new URLSearchParams({ csrf: String(csrf), password: String(password) });
  const signal = AbortSignal.timeout(WAITS_MS);
  const answer = await fetch(address, { method: "POST", body, signal });
  if (answer.status !== 200) return undefined;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = page.title;
  return fieldIn(page) ?? undefined;
}

function fieldIn(root: ParentNode): HTMLElement | null | undefined {
  return root.querySelector("#password")?.closest<HTMLElement>(".field");
}

/** Puts the field with its error in the place of the one that was filled in, and keeps what was typed. */
function showRefused(form: HTMLFormElement, refused: HTMLElement): void {
  const field = fieldIn(form);
  const typed = field?.querySelector("input")?.value ?? "";
  field?.replaceWith(document.adoptNode(refused));
  enhancePasswordFields(refused);
  const input = refused.querySelector("input");
  if (!input) return;
  input.value = typed;
  input.focus();
}
