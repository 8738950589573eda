import type { SmsSender } from "../delivery/ports.ts";
import type { Phone } from "../phone.ts";
import type { CodeLengths } from "../protection/budgets/ledger.ts";
import type { VerificationDeps } from "./deps.ts";
import type { Purpose } from "./purpose.ts";

/** One of `TEST_NUMBERS`: a phone that signs in with a code that its operator chose, and gets no message. */
export interface TestNumber {
  readonly phone: Phone;
  /** As many digits as every code. */
  readonly code: string;
  /** The first moment at which it is a number like any other again, epoch milliseconds. */
  readonly until: number;
}

/** What a verification is for, and for which phone. */
interface Wanted {
  readonly phone: Phone;
  readonly purpose: Purpose;
}

/** The test number that this phone is now; undefined for other purposes than signing in, and from its `until` on. */
export function testNumberOf(
  numbers: readonly TestNumber[],
  { phone, purpose }: Wanted,
  now: number,
): TestNumber | undefined {
  if (purpose !== "sign_in") return undefined;
  return numbers.find((number) => number.phone === phone && now < number.until);
}

/** Takes messages to test numbers and sends none of them. Its name in the record says so; it costs nothing. */
export const TEST_SENDER: SmsSender = {
  name: "test-number",
  maxCodeLength: 10,
  resendFloorSeconds: 0,
  send: async () => ({ status: "accepted" }),
};

/**
 * The lengths that codes of this phone have. The code of a test number never changes, so a longer one is no help once
 * its ledger is spent: from then on there is one guess a day, as where a sender carries no longer codes.
 */
export function codeLengthsFor(lengths: CodeLengths, testNumber: TestNumber | undefined): CodeLengths {
  return testNumber ? { ...lengths, most: lengths.usual } : lengths;
}

/**
 * What a start or a resend of this phone works with. A test number has a route of its own, on which nothing is sent,
 * and the guard, which judges what costs money, lets it alone.
 */
export function withTestRoute(deps: VerificationDeps, testNumber: TestNumber | undefined): VerificationDeps {
  if (!testNumber) return deps;
  const { settings } = deps;
  const codeLengths = codeLengthsFor(settings.codeLengths, testNumber);
  const guard = { ...settings.guard, mode: "off" } as const;
  return { ...deps, route: [TEST_SENDER], settings: { ...settings, codeLengths, guard } };
}
