import { element } from "./dom.ts";

const CONFIRMED_MS = 2000;

/** Shows the buttons that copy a text, where the browser can. */
export function enhanceCopyButtons(root: ParentNode): void {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.hidden = false;
    const status = element("span", { class: "hidden-text", role: "status" });
    button.after(status);
    button.addEventListener("click", () => void copy(button, status));
  }
}

/** Confirms in the button, and beside it for screen readers, which do not announce a button whose name changes. */
async function copy(button: HTMLButtonElement, status: HTMLElement): Promise<void> {
  const { copy: text = "", copied } = button.dataset;
  const label = button.textContent;
  await navigator.clipboard.writeText(text);
  if (!copied || label === copied) return;
  button.textContent = copied;
  status.textContent = copied;
  setTimeout(() => {
    button.textContent = label;
    status.textContent = "";
  }, CONFIRMED_MS);
}
