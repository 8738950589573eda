import type { Solution } from "altcha-lib";
import solver from "./solver.ts?worker&url";
import { startWorker } from "./trusted.ts";
import { showWidget } from "./widgets.ts";

/** Solves the challenge of a form, or has the visitor solve it, and holds the form back until then. */
export function enhanceChallenges(root: ParentNode): void {
  for (const box of root.querySelectorAll<HTMLElement>("[data-challenge]")) enhance(box);
}

function enhance(box: HTMLElement): void {
  const field = box.querySelector<HTMLInputElement>("input[name=captcha]");
  const place = box.querySelector<HTMLElement>(".challenge-widget");
  const form = field?.form;
  const { challenge: kind = "", siteKey = "", puzzle } = box.dataset;
  if (!field || !form || !place) return;
  // Set by the server, or by a person who pressed the button before the challenge was solved.
  let goesOn = box.dataset.goesOn !== undefined;
  let hasFailed = false;
  form.addEventListener("submit", (event) => {
    if (field.value !== "" || hasFailed) return;
    event.preventDefault();
    goesOn = true;
  });
  const say = (state: "solved" | "failed" | "expired") => {
    box.dataset.state = state;
    hasFailed = state === "failed";
    const status = box.querySelector<HTMLElement>("[data-status]");
    if (status) status.textContent = box.dataset[state] ?? "";
  };
  const events = {
    solved(captcha: object) {
      field.value = JSON.stringify({ kind, ...captcha });
      say("solved");
      if (goesOn) form.requestSubmit();
    },
    failed: () => say("failed"),
    expired() {
      field.value = "";
      say("expired");
    },
  };
  box.dataset.state = puzzle ? "working" : "waiting";
  if (puzzle) solve(puzzle, events.solved, events.failed);
  else showWidget(kind, place, siteKey, events);
}

/** Solves the proof of work in a worker, so that the page stays responsive. */
function solve(puzzle: string, solved: (captcha: object) => void, failed: () => void): void {
  const challenge: unknown = JSON.parse(puzzle);
  const worker = startWorker(solver);
  worker.addEventListener("error", failed);
  worker.addEventListener("message", ({ data }: MessageEvent<Solution | null>) => {
    worker.terminate();
    if (data) solved({ payload: btoa(JSON.stringify({ challenge, solution: data })) });
    else failed();
  });
  worker.postMessage(challenge);
}
