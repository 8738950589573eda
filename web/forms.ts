/** After this time a form that was sent may be sent again: nothing reports that a request was stopped on its way. */
const STUCK_MS = 15_000;

/** Keeps a form from being sent twice, and releases it when the visitor returns to the page. */
export function enhanceForms(root: ParentNode): void {
  // A form that is answered with a file leaves its page open, and nothing reports when it may be sent again.
  const forms = [...root.querySelectorAll<HTMLFormElement>("form:not([data-form=download])")];
  for (const form of forms) form.addEventListener("submit", (event) => submitOnce(form, event));
  addEventListener("pageshow", () => {
    for (const form of forms) release(form);
  });
}

function submitOnce(form: HTMLFormElement, event: Event): void {
  if (event.defaultPrevented) return;
  const button = form.querySelector<HTMLButtonElement>("button[type=submit]");
  if (form.hasAttribute("aria-busy") || button?.getAttribute("aria-disabled") === "true")
    event.preventDefault();
  else {
    form.setAttribute("aria-busy", "true");
    const stuck = setTimeout(() => release(form), STUCK_MS);
    // A page that returns from the browser's cache resumes its timers. This timer would release a form that was sent
    // since.
    addEventListener("pageshow", () => clearTimeout(stuck), { once: true });
  }
}

function release(form: HTMLFormElement): void {
  form.removeAttribute("aria-busy");
}
