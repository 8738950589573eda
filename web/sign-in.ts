import { enhanceChallenges } from "./challenge.ts";
import { enhanceCodeField } from "./code-field.ts";
import { enhanceCopyButtons } from "./copy-button.ts";
import { startCountdowns } from "./countdown.ts";
import { enhanceCountrySelect } from "./country-picker.ts";
import { enhanceForms } from "./forms.ts";
import { pollInbox } from "./inbox.ts";
import { enhanceNewPasswords } from "./new-password.ts";
import { enhancePasskeys } from "./passkey.ts";
import { enhancePasswordFields } from "./password-toggle.ts";
import { localiseTimes } from "./times.ts";

/** The one script of all pages. Each part looks for its own markup and does nothing if there is none. */
const root = document.documentElement;
root.classList.add("js");
// Before the forms: a form that waits for its challenge, or for a judgement, is not sent yet.
enhanceChallenges(document);
enhancePasskeys(document);
enhanceNewPasswords(document);
enhancePasswordFields(document);
enhanceForms(document);
enhanceCodeField(document);
enhanceCountrySelect(document);
enhanceCopyButtons(document);
localiseTimes(document);
startCountdowns(document);
pollInbox(document);
