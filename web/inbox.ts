import { enhanceCopyButtons } from "./copy-button.ts";
import { localiseTimes } from "./times.ts";
import { parsePage } from "./trusted.ts";

const POLL_MS = 2000;

/** Keeps the development inbox up to date: asks for the messages, and loads the server's markup if they changed. */
export function pollInbox(root: ParentNode): void {
  const screen = root.querySelector<HTMLElement>("[data-inbox]");
  if (!screen) return;
  let known: string | undefined;
  const poll = async () => {
    const text = await messagesOf(screen.dataset.inbox ?? "");
    const changed = known === undefined ? countOf(text) !== Number(screen.dataset.count) : text !== known;
    if (changed) await refresh(screen);
    known = text;
  };
  const step = () => {
    if (document.hidden) return void setTimeout(step, POLL_MS);
    // A server that restarts is no reason to stop; the next turn asks again.
    poll()
      .catch(() => undefined)
      .finally(() => setTimeout(step, POLL_MS));
  };
  step();
}

async function messagesOf(address: string): Promise<string> {
  const answer = await fetch(address, { headers: { accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`The inbox answered ${answer.status}.`);
  return answer.text();
}

function countOf(text: string): number {
  return (JSON.parse(text) as { messages: unknown[] }).messages.length;
}

async function refresh(screen: HTMLElement): Promise<void> {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) throw new Error(`The inbox answered ${answer.status}.`);
  const page = parsePage(await answer.text());
  const fresh = page.querySelector<HTMLElement>("[data-inbox]");
  if (!fresh) return;
  screen.replaceChildren(...document.importNode(fresh, true).childNodes);
  enhanceCopyButtons(screen);
  localiseTimes(screen);
  announce();
}

function announce(): void {
  const status = document.querySelector<HTMLElement>("[data-inbox-status]");
  if (!status) return;
  status.textContent = "";
  // Emptied first, so that a second message is a change again.
  setTimeout(() => {
    status.textContent = status.dataset.inboxStatus ?? "";
  }, 100);
}
