/** What the WebOTP API adds to the types of the Credential Management API. */
interface OtpRequest extends CredentialRequestOptions {
  readonly otp: { readonly transport: readonly string[] };
}
interface OtpCredential extends Credential {
  readonly code: string;
}

/**
 * Makes the code field accept anything that a person pastes, read the message by itself, and send its form if the
 * server allows that.
 */
export function enhanceCodeField(root: ParentNode): void {
  const input = root.querySelector<HTMLInputElement>("input[data-code]");
  const form = input?.form;
  if (!input || !form) return;
  const length = Number(input.dataset.code);
  const goesOn = form.querySelector<HTMLElement>("[data-sends-itself]");
  if (goesOn) goesOn.textContent = goesOn.dataset.sendsItself ?? "";
  // It would cut off a message that is pasted whole.
  input.removeAttribute("maxlength");
  const update = () => {
    const codes = codesIn(input.value, length);
    clean(input, codes[0] ?? digitsOf(input.value).slice(0, length));
    markCells(input);
    return codes.length === 1;
  };
  input.addEventListener("input", (event) => {
    if ((event as InputEvent).isComposing) return;
    // A text that may be another number is not sent as a guess before the person confirms it.
    if (update() && goesOn) send(form);
  });
  input.addEventListener("compositionend", () => input.dispatchEvent(new Event("input")));
  for (const type of ["focus", "blur", "keyup", "click", "select"]) {
    input.addEventListener(type, () => markCells(input));
  }
  update();
  void readMessage(form, input);
}

/** Keeps only ASCII digits: full-width digits are converted, and spaces, hyphens and everything else are dropped. */
function digitsOf(text: string): string {
  return text.normalize("NFKC").replace(/[^0-9]/g, "");
}

/**
 * The parts of a text that may be the code: numbers of the right length or, if there is none, such numbers in groups.
 */
function codesIn(text: string, length: number): readonly string[] {
  const plain = text.normalize("NFKC");
  // Part of an amount, a date or a telephone is no number.
  const numbers = plain.match(/[0-9]+(?:[./-][0-9]+)*/g) ?? [];
  const inGroups = plain.match(/[0-9]+(?:[ \p{Pd}]+[0-9]+)*/gu) ?? [];
  const isCode = (digits: string) => digits.length === length && !/[^0-9]/.test(digits);
  const found = [numbers, inGroups.map(digitsOf)].map((all) => all.filter(isCode));
  return [...new Set(found.find((all) => all.length > 0))];
}

function clean(input: HTMLInputElement, digits: string): void {
  if (digits === input.value) return;
  const caret = digitsOf(input.value.slice(0, input.selectionStart ?? 0)).length;
  input.value = digits;
  input.setSelectionRange(caret, caret);
}

/** Shows in which cell the next digit goes. */
function markCells(input: HTMLInputElement): void {
  const cells = input.parentElement?.querySelectorAll(".cells > span") ?? [];
  const focused = document.activeElement === input;
  const caret = Math.min(input.selectionStart ?? 0, cells.length - 1);
  cells.forEach((cell, index) => {
    cell.classList.toggle("is-active", focused && index === caret);
  });
}

function send(form: HTMLFormElement): void {
  if (!form.hasAttribute("aria-busy")) form.requestSubmit();
}

/** WebOTP: Chromium on Android offers the code of a message that ends with our own origin. */
async function readMessage(form: HTMLFormElement, input: HTMLInputElement): Promise<void> {
  if (!("OTPCredential" in window)) return;
  const stop = new AbortController();
  form.addEventListener("submit", () => stop.abort(), { once: true });
  const request: OtpRequest = { otp: { transport: ["sms"] }, signal: stop.signal };
  try {
    const credential = (await navigator.credentials.get(request)) as OtpCredential | null;
    if (!credential) return;
    input.value = credential.code;
    input.dispatchEvent(new Event("input"));
  } catch {
    // Declined, timed out or aborted: the person types the code.
  }
}
