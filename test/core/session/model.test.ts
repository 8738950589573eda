import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SignedIn } from "../../../src/core/session/session.ts";
import { createRules, DAY, HOUR, MINUTE, type Rules, SECOND } from "../rules.ts";

const SESSION = { accessTokenMs: 15 * MINUTE, sessionMs: 30 * DAY, idleMs: 14 * DAY };

/** What anybody may do with a user's sessions; `nth` picks one of those opened so far, the last first. */
type Step =
  | { readonly do: "open" }
  | { readonly do: "refresh"; readonly nth: number; readonly back: number; readonly times: number }
  | { readonly do: "end"; readonly nth: number; readonly other: number }
  | { readonly do: "endOthers" | "endAll"; readonly nth: number }
  | { readonly do: "wait"; readonly ms: number };

const nth = fc.nat({ max: 2 });
const one = <T extends string>(name: T) => fc.constant(name);
const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: one("open") }) },
    {
      weight: 12,
      arbitrary: fc.record({
        do: one("refresh"),
        nth,
        // The current token, its predecessor, or what was spent before.
        back: fc.constantFrom(0, 0, 0, 0, 1, 1, 2),
        times: fc.constantFrom(1, 1, 3),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: one("end"), nth, other: nth }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom("endOthers" as const, "endAll" as const), nth }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: one("wait"),
        ms: fc.constantFrom(SECOND, 59 * SECOND, MINUTE, 61 * SECOND, 15 * MINUTE, HOUR, 13 * DAY, 14 * DAY),
      }),
    },
  ),
  { minLength: 10, maxLength: 50, size: "max" },
);

/** A session, as the design describes it. */
interface Life extends SignedIn {
  /** Its refresh tokens by their generation. */
  readonly refreshTokens: string[];
  readonly expiresAt: number;
  accessToken: string;
  accessExpiresAt: number;
  rotatedAt: number;
  lastUsedAt: number;
  hasEnded: boolean;
}

const isLive = ({ hasEnded, expiresAt }: Life, now: number) => !hasEnded && now < expiresAt;
const isOpen = (life: Life, now: number) => isLive(life, now) && now < life.lastUsedAt + SESSION.idleMs;

let rules: Rules;
beforeAll(async () => {
  // No number is taken for recycled here, however long its account is not used.
  const recycled = { unusedMs: 100_000 * DAY, sparesProtected: false };
  rules = await createRules({ settings: { session: SESSION, recycled } });
});
afterAll(() => rules.close());

let phones = 0;
const newPhone = () => `+86138${String(phones++).padStart(8, "0")}`;

test("sessions follow the model in any sequence of steps", async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const phone = newPhone();
      const lives = [await open(phone)];
      for (const step of steps) {
        await take(step, phone, lives);
        await expectSame(lives);
      }
    }),
    { numRuns: 40 },
  );
});

async function take(step: Step, phone: string, lives: Life[]): Promise<void> {
  if (step.do === "wait") rules.clock.advance(step.ms);
  if (step.do === "open") lives.push(await open(phone));
  const life = "nth" in step ? lives.at(-1 - (step.nth % lives.length)) : undefined;
  if (!life) return;
  if (step.do === "refresh") await refresh(life, step.back, step.times);
  if (step.do === "end") await end(life, lives.at(-1 - (step.other % lives.length)) ?? life);
  if (step.do === "endOthers" || step.do === "endAll") await endSeveral(step.do, life, lives);
}

async function open(phone: string): Promise<Life> {
  const { signedIn } = await rules.knownDevice(phone);
  const now = rules.clock.now();
  const { accessToken, refreshToken } = await rules.phonekey().sessions.tokens(signedIn);
  const times = { rotatedAt: now, lastUsedAt: now, expiresAt: now + SESSION.sessionMs };
  const access = { accessToken, accessExpiresAt: now + SESSION.accessTokenMs };
  return { ...signedIn, ...times, ...access, refreshTokens: [refreshToken], hasEnded: false };
}

/** The same token so many times at once. */
async function refresh(life: Life, back: number, times: number): Promise<void> {
  const now = rules.clock.now();
  const current = life.refreshTokens.length - 1;
  const generation = Math.max(0, current - back);
  const token = life.refreshTokens[generation] ?? "";
  const { sessions } = rules.phonekey();
  const answers = await Promise.all(Array.from({ length: times }, () => sessions.refresh(token)));
  const isPredecessor = generation === current - 1 && now <= life.rotatedAt + MINUTE;
  if (!isOpen(life, now) || (generation !== current && !isPredecessor)) {
    for (const each of answers) expect(each).toMatchObject({ refusal: { code: "invalid_refresh_token" } });
    if (isOpen(life, now)) life.hasEnded = true;
    return;
  }
  const [first] = answers;
  if (!first?.ok) throw new Error("a good refresh token was refused");
  const { refreshToken, accessToken } = first.value;
  for (const each of answers) expect(each).toMatchObject({ value: { refreshToken } });
  if (generation === current) {
    expect(life.refreshTokens).not.toContain(refreshToken);
    life.refreshTokens.push(refreshToken);
    life.rotatedAt = now;
    life.lastUsedAt = now;
  } else expect(refreshToken).toBe(life.refreshTokens[current]);
  life.accessToken = accessToken;
  life.accessExpiresAt = Math.min(now + SESSION.accessTokenMs, life.expiresAt);
}

async function end(by: Life, which: Life): Promise<void> {
  const now = rules.clock.now();
  const ended = await rules.phonekey().sessions.end(by, which.session.id);
  expect(ended.ok).toBe(isLive(by, now) && isLive(which, now));
  if (ended.ok) which.hasEnded = true;
}

async function endSeveral(what: "endOthers" | "endAll", by: Life, lives: readonly Life[]): Promise<void> {
  const now = rules.clock.now();
  const ended = await rules.phonekey().sessions[what](by);
  expect(ended.ok).toBe(isLive(by, now));
  if (!ended.ok) return;
  for (const life of lives) if (isLive(life, now) && (what === "endAll" || life !== by)) life.hasEnded = true;
}

async function expectSame(lives: readonly Life[]): Promise<void> {
  const now = rules.clock.now();
  const { sessions } = rules.phonekey();
  for (const life of lives) {
    const kept = (await rules.deps().sessions.find(life.session.id))?.session;
    expect(kept?.generation).toBe(life.refreshTokens.length - 1);
    expect(kept?.endedAt !== undefined).toBe(life.hasEnded);
    const isGood = (await sessions.authenticate(life.accessToken)).ok;
    expect(isGood).toBe(isOpen(life, now) && now < life.accessExpiresAt);
  }
  const listed = lives[0] ? await sessions.list(lives[0]) : [];
  const mine = lives.filter((life) => isOpen(life, now)).map(({ session }) => session.id);
  expect(listed.map(({ id }) => id).toSorted()).toEqual(mine.toSorted());
}
