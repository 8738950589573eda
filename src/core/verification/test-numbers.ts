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

/** The test number that this phone is now; undefined for purposes other than `sign_in`, and from its `until` on. */
export function testNumberOf(
  numbers: readonly TestNumber[],
  { phone, purpose }: Wanted,
  now: number,
): TestNumber | undefined {
  if (purpose !== "sign_in") return undefined;
  return numbers.find((number) => number.phone === phone && now < number.until);
}

/**
 * Accepts messages to test numbers and sends none of them. The record shows this name; such a message costs nothing.
 */
export const TEST_SENDER: SmsSender = {
  name: "test-number",
  maxCodeLength: 10,
  resendFloorSeconds: 0,
  send: async () => ({ status: "accepted" }),
};

/**
 * The lengths of this phone's codes. The code of a test number never changes, so longer codes do not help once its
 * ledger is spent. From then on there is one guess a day, as with a sender that carries no longer codes.
 */
export function codeLengthsFor(lengths: CodeLengths, testNumber: TestNumber | undefined): CodeLengths {
  return testNumber ? { ...lengths, most: lengths.usual } : lengths;
}

/**
 * The dependencies of a message to a test number: on its route nothing is sent. The guard is off for it, since the
 * guard judges what costs money.
 */
export function withTestRoute(deps: VerificationDeps, testNumber: TestNumber): VerificationDeps {
  const { settings } = deps;
  const codeLengths = codeLengthsFor(settings.codeLengths, testNumber);
  const guard = { ...settings.guard, mode: "off" } as const;
  return { ...deps, route: [TEST_SENDER], settings: { ...settings, codeLengths, guard } };
}
