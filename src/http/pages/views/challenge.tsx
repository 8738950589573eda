import type { ChallengeOffer } from "../../../core/protection/challenges/ports.ts";
import { CHALLENGE_COPY } from "../copy/challenge.ts";
import type { PageContext } from "./layout.tsx";

/** The challenge that a page shows. */
export interface PageChallenge {
  readonly offer: ChallengeOffer;
  /** Whether the form is sent automatically once the challenge is solved. */
  readonly goesOn: boolean;
  /** Whether a device that signed in to the number before needs no challenge; true by default. */
  readonly sparesDevices?: boolean;
}

/**
 * The challenge that a form has to solve before it is accepted. The script solves the proof of work, or shows the third
 * party's widget, and puts the result into `captcha`.
 */
export function Challenge({
  context,
  offer,
  goesOn,
  sparesDevices = true,
}: PageChallenge & { readonly context: PageContext }) {
  const copy = CHALLENGE_COPY[context.locale];
  const { kind, siteKey, puzzle } = offer;
  return (
    <div
      class="challenge"
      data-challenge={kind}
      data-site-key={siteKey}
      data-puzzle={puzzle && JSON.stringify(puzzle)}
      data-goes-on={goesOn ? "" : undefined}
      data-solved={copy.solved}
      data-failed={copy.failed}
      data-expired={copy.expired}
    >
      <input type="hidden" name="captcha" value="" />
      <div class="challenge-widget" data-open={copy.open}></div>
      <p class="challenge-status" role="status">
        <span class="challenge-mark" aria-hidden="true"></span>
        <span data-status="">{puzzle ? copy.working : copy.solve}</span>
      </p>
      <noscript>
        <p class="hint hint-warn">{copy.needsScript + (sparesDevices ? copy.orKnownDevice : "")}</p>
      </noscript>
    </div>
  );
}
