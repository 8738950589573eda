const CONFIRMED_MS = 2000;

/** Shows the buttons that copy a text, where the browser can. */
export function enhanceCopyButtons(root: ParentNode): void {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => void copy(button));
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const { copy: text = "", copied } = button.dataset;
  const label = button.textContent;
  await navigator.clipboard.writeText(text);
  if (!copied || label === copied) return;
  button.textContent = copied;
  setTimeout(() => {
    button.textContent = label;
  }, CONFIRMED_MS);
}
