interface TrustedTypePolicy {
  createHTML(text: string): string;
  createScriptURL(address: string): string;
}

/** The part of Trusted Types that is used here. The values that it makes pass for strings. */
declare global {
  interface Window {
    trustedTypes?: { createPolicy(name: string, rules: TrustedTypePolicy): TrustedTypePolicy };
  }
}

const RULES: TrustedTypePolicy = { createHTML: (text) => text, createScriptURL: (address) => address };

/**
 * The only policy that the pages' content security policy allows: no other script can make a value that a browser would
 * run.
 */
const policy = window.trustedTypes?.createPolicy("phonekey", RULES) ?? RULES;

/** Parses another page of ours beside the one that is shown. Nothing in it runs. */
export function parsePage(text: string): Document {
  return new DOMParser().parseFromString(policy.createHTML(text), "text/html");
}

/** @param address of a script of ours */
export function startWorker(address: string): Worker {
  return new Worker(policy.createScriptURL(address));
}
