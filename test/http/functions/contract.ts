import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTRACT_CASES } from "./contract-cases.ts";
import { SIGN_IN_DEFECTS } from "./sign-in-defects.ts";
import { expectOurs, type Stage } from "./stage.ts";
import { TOKEN_DEFECTS } from "./token-defects.ts";
import { TRANSPORT_CASES } from "./transport-cases.ts";

/** Defects that no call of the functions shows, and where they are dealt with instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  D16: "one key of its own kind, wrapped in the database: test/adapters/keyring",
  D23: "the parameters of the approved template: test/adapters/tencent",
  D24: "the official client of today: test/adapters/tencent",
  D25: "the lock file: npm ci",
  D26: "runtime and dependencies: package.json",
  D29: "no statement without a condition is built: src/adapters/sql",
  D33: "verifications are found by id and swept by tick: test/contracts/verification-store.ts",
  D36: "TLS to MySQL: test/adapters/sql/mysql/mariadb-faults.test.ts",
  D37: "purposes and origin-bound texts: test/core",
};

/** The demo's contract: what the demo does right is the same here; where it has a defect the answer is the secure one. */
export function demoContract(name: string, open: () => Promise<Stage>): void {
  describe(`the functions API ${name}`, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await open();
    });
    afterAll(() => stage.close());

    describe("answers as the demo does", () => {
      it.each(CONTRACT_CASES.map((one) => [one.name, one.demo, one] as const))(
        "%s: %s",
        async (_name, _code, one) => expectOurs(one, stage),
      );
    });

    describe("answers without the demo's defect", () => {
      const cases = [...SIGN_IN_DEFECTS, ...TOKEN_DEFECTS, ...TRANSPORT_CASES];
      it.each(cases.map((one) => [one.defect, one.name, one.demo, one.ours ?? one.demo, one] as const))(
        "%s: %s (demo: %s, here: %s)",
        async (_defect, _name, _there, _here, one) => expectOurs(one, stage),
      );

      it("in a case for each of D1 to D38 that a call can show", () => {
        const shown = new Set(cases.map(({ defect }) => defect));
        const numbers = Array.from({ length: 38 }, (_, index) => `D${index + 1}`);
        expect(numbers.filter((number) => !shown.has(number) && !(number in ELSEWHERE))).toEqual([]);
      });
    });
  });
}
