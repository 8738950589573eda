import { browserSupportsWebAuthn, startAuthentication, startRegistration } from "@simplewebauthn/browser";

/** Has the browser sign with a passkey, or make one, before a form that takes a passkey is sent. */
export function enhancePasskeys(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLInputElement>("input[data-passkey]")) {
    field.form?.addEventListener("submit", (event) => {
      if (field.value !== "") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say(field);
      void answer(field).then(
        () => field.form?.requestSubmit(),
        // A visitor who declined the browser's question may press the button again.
        () => say(field, browserSupportsWebAuthn() ? "failed" : "unsupported"),
      );
    });
  }
}

async function answer(field: HTMLInputElement): Promise<void> {
  const optionsJSON = JSON.parse(field.dataset.options ?? "{}");
  const ceremony = field.dataset.passkey === "create" ? startRegistration : startAuthentication;
  field.value = JSON.stringify(await ceremony({ optionsJSON }));
}

/** Shows the outcome in the form, or removes it. */
function say(field: HTMLInputElement, what?: "failed" | "unsupported"): void {
  const status = field.form?.querySelector<HTMLElement>("[data-unsupported]");
  if (status) status.textContent = (what && status.dataset[what]) ?? "";
}
