import { expect, onTestFinished, test } from "vitest";
import type { Captcha } from "../../../../src/core/protection/challenges/ports.ts";
import { createTestVerifier, solved } from "../../../support/challenges.ts";
import { createRules, DAY } from "../../rules.ts";

/** The n-th number of a country, ten of each of its prefixes. */
const COUNTRIES = [
  (n: number) => `+86138${String(1_000 + Math.floor(n / 10))}000${n % 10}`,
  (n: number) => `+85292${String(Math.floor(n / 10)).padStart(2, "0")}000${n % 10}`,
  (n: number) => `+6591${String(Math.floor(n / 10)).padStart(2, "0")}000${n % 10}`,
  (n: number) => `+4471${String(Math.floor(n / 10)).padStart(2, "0")}00000${n % 10}`,
];
const IN_ALL = 900;

test("attack mode of all countries together asks strangers for a challenge in each, even if no country has its own", async () => {
  const { verifier } = createTestVerifier("turnstile");
  const rules = await createRules({
    state: "memory",
    challenges: { verifier, when: "risk" },
    settings: {
      phones: { defaultCountry: "CN", allowedCountries: "all", strictNumbers: false },
      guard: { mode: "enforce", allow: { countries: [], prefixes: [], networkBits: [] } },
    },
  });
  onTestFinished(() => rules.close());
  const start = async (n: number, captcha?: Captcha) => {
    const phone = COUNTRIES[n % COUNTRIES.length]?.(Math.floor(n / COUNTRIES.length)) ?? "";
    const client = { addressKey: `10.${n >> 8}.${n & 255}.7` };
    const input = { phone, purpose: "sign_in", locale: "en", client } as const;
    const started = await rules.phonekey().verifications.start({ ...input, ...(captcha && { captcha }) });
    return started.ok ? "sent" : started.refusal.code;
  };
  for (let n = 0; n < IN_ALL; n += 1) expect(await start(n), `${n}`).toBe("sent");
  for (let n = IN_ALL; n < IN_ALL + COUNTRIES.length; n += 1) {
    expect(await start(n)).toBe("captcha_required");
    expect(rules.decisions.at(-1)).toMatchObject({ by: "guard_total_challenge" });
    expect(await start(n, solved(`s${n}`))).toBe("sent");
  }
  rules.clock.advance(DAY);
  expect(await start(IN_ALL + COUNTRIES.length)).toBe("sent");
}, 60_000);
