/** "0:07", "12:30", "1:05:00". */
function clockText(seconds: number): string {
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3600);
  const [minutes, rest] = parts.map((part) => String(part).padStart(2, "0"));
  return hours > 0 ? `${hours}:${minutes}:${rest}` : `${Number(minutes)}:${rest}`;
}

/** Calls `tick` at once and then each second with the whole seconds left; the last call has 0. */
function countDown(seconds: number, tick: (left: number) => void): void {
  // Counts from a point in time, because browsers slow the timers of pages that are not visible.
  const end = Date.now() + seconds * 1000;
  const step = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    tick(left);
    if (left > 0) setTimeout(step, ((end - Date.now()) % 1000) + 20);
  };
  step();
}

/** Starts everything that counts down: texts, the button that sends again, and the note that the code has expired. */
export function startCountdowns(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-countdown]")) startText(element);
  for (const element of root.querySelectorAll<HTMLElement>("[data-expires]")) startExpiry(element);
}

function startText(element: HTMLElement): void {
  const { text = "", done = "" } = element.dataset;
  const seconds = Number(element.dataset.countdown);
  if (!(seconds > 0)) return;
  const isButton = element instanceof HTMLButtonElement;
  // Still focusable, so that a keyboard user keeps their place on the page.
  if (isButton) element.setAttribute("aria-disabled", "true");
  countDown(seconds, (left) => {
    element.textContent = left > 0 ? text.replace("{time}", clockText(left)) : done;
    if (left === 0 && isButton) becomeReady(element);
  });
}

/** Announces it once, and only at the end: a screen reader that announced every second would announce nothing else. */
function becomeReady(button: HTMLButtonElement): void {
  button.removeAttribute("aria-disabled");
  const status = button.form?.querySelector<HTMLElement>("[data-ready]");
  if (status) status.textContent = status.dataset.ready ?? "";
}

function startExpiry(element: HTMLElement): void {
  const seconds = Number(element.dataset.expires);
  countDown(Math.max(0, seconds), (left) => {
    if (left === 0) element.textContent = element.dataset.text ?? "";
  });
}
