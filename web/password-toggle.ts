/** Shows the buttons that make a password readable; it is hidden again before the form is sent. */
export function enhancePasswordFields(root: ParentNode): void {
  for (const field of root.querySelectorAll<HTMLElement>(".password-field")) {
    const input = field.querySelector("input");
    const button = field.querySelector("button");
    if (input && button) enhance(input, button);
  }
}

function enhance(input: HTMLInputElement, button: HTMLButtonElement): void {
  const show = (isShown: boolean) => {
    input.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    show(input.type === "password");
    input.focus();
  });
  // Browsers offer to save the value of a password field, but remember that of a text field.
  input.form?.addEventListener("submit", () => show(false));
}
