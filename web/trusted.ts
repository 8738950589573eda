interface TrustedTypePolicy {
  createHTML(text: string): string;
  createScriptURL(address: string): string;
}

/** Trusted Types, as far as they are used here; what they make passes for a text. */
declare global {
  interface Window {
    trustedTypes?: { createPolicy(name: string, rules: TrustedTypePolicy): TrustedTypePolicy };
  }
}

const RULES: TrustedTypePolicy = { createHTML: (text) => text, createScriptURL: (address) => address };

/** The only one that the pages' content security policy allows: no other script can make what a browser would run. */
const policy = window.trustedTypes?.createPolicy("phonekey", RULES) ?? RULES;

/** A page of ours beside the one that is shown; nothing in it runs. */
export function parsePage(text: string): Document {
  return new DOMParser().parseFromString(policy.createHTML(text), "text/html");
}

/** @param address of a script of ours */
export function startWorker(address: string): Worker {
  return new Worker(policy.createScriptURL(address));
}
