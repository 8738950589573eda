/** What must never be printed or logged (T33, promise 4): everything secret that a test has used. */
interface Canary {
  readonly kind: "phone" | "code" | "token";
  readonly value: string;
}

const canaries: Canary[] = [];

/** From now on every server of this file is searched for the value when it ends. */
export function canary(kind: Canary["kind"], value: string): void {
  if (!canaries.some((known) => known.value === value)) canaries.push({ kind, value });
}

/** The canaries in a text, for humans; a token also by its signature alone, a phone also without its country code. */
export function findCanaries(text: string): string[] {
  const plain = withoutTimesAndIds(text);
  const digits = plain.replace(/(?<=\d)[ ()-]+(?=\d)/g, "");
  return canaries
    .filter(({ kind, value }) => {
      if (kind === "token") return plain.includes(value.slice(-24));
      if (kind === "phone") return digits.includes(value.replace(/^\+86|^\+/, ""));
      return new RegExp(`(?<!\\d)${value}(?!\\d)`).test(plain);
    })
    .map(({ kind, value }) => `${kind} ${value}`);
}

/** Throws with what was found. */
export function assertNoCanary(text: string): void {
  const found = findCanaries(text);
  if (found.length > 0) throw new Error(`secrets were printed or kept in the clear: ${found.join(", ")}`);
}

/** Their digits are random or tick, so they would show any code sooner or later. */
function withoutTimesAndIds(text: string): string {
  return text
    .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/gi, "")
    .replace(/"(time|ms)":\d+/g, "")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "");
}
