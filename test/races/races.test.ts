import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, type Client, newPhone, type Started, wrongCode } from "../process/client.ts";
import { hasMariadb } from "../support/services/mysql.ts";
import { hasRedis } from "../support/services/redis.ts";
import { pick, type Stage, type StateIn, startStage } from "./stage.ts";

/** How often each race is run, so that a lucky run is unlikely. */
const ROUNDS = Number(process.env.RACE_ROUNDS ?? 2);
const HOUR_MS = 3_600_000;

interface Live {
  readonly phone: string;
  readonly id: string;
  readonly code: string;
}

const STAGES: readonly (readonly [what: string, stateIn: StateIn, canRun: boolean])[] = [
  ["Redis and MariaDB", "redis", hasMariadb() && hasRedis()],
  ["MariaDB alone", "database", hasMariadb()],
];

describe.each(STAGES)("four processes on %s", (_what, stateIn, canRun) => {
  describe.runIf(canRun)("race", () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await startStage(stateIn);
    });
    afterAll(async () => {
      await stage?.close();
    });

    const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
    const failures = (tag: string, more = "") =>
      stage.count(`select count(*) from failures where phone_tag = ?${more}`, tag);
    const messages = (tag: string) => stage.count("select count(*) from messages where phone_tag = ?", tag);
    const start = async (client: Client, phone = newPhone()): Promise<Live> => {
      const { id } = await client.start(phone);
      return { phone, id, code: await client.code(phone) };
    };
    const statusOf = async (id: string) =>
      (await pick(stage.clients, 0).get<{ status: string }>(`/v1/verifications/${id}`)).body.status;

    test.each(rounds)("T1: of 500 wrong guesses exactly 3 are looked at (round %i)", async (round) => {
      const { id, code } = await start(pick(stage.clients, round));
      const answers = await stage.race(500, (client, n) => client.open(id, wrongCodes(code, n)));
      expect(statuses(answers)).toEqual({ 401: 500 });
      expect(new Set(answers.map(({ body }) => withoutRequest(body))).size).toBe(1);
      expect(await failures(await stage.tagOf(id))).toBe(3);
      expect(await statusOf(id)).toBe("exhausted");
      expect((await pick(stage.clients, round + 1).open(id, code)).status).toBe(401);
    });

    test.each(rounds)("T2: of 12 right codes exactly one opens a session (round %i)", async (round) => {
      const { id, code } = await start(pick(stage.clients, round));
      const answers = await stage.race(12, (client) => client.open(id, code));
      expect(statuses(answers)).toEqual({ 201: 1, 401: 11 });
      const userId = answers.find(({ status }) => status === 201)?.body.user.id ?? "";
      expect(await stage.count("select count(*) from sessions where user_id = ?", userId)).toBe(1);
      const later = await stage.race(4, (client) => client.open(id, code));
      expect(statuses(later)).toEqual({ 401: 4 });
    });

    test.each(rounds)("T3: however codes are asked for, a phone has 9 guesses (round %i)", async (round) => {
      const phone = newPhone();
      const live: Live[] = [];
      for (let n = 0; n < 3; n++) {
        live.push(await start(pick(stage.clients, round + n), phone));
        await stage.ageSends(25 * HOUR_MS);
      }
      // All nine guesses are leased now, so a further start has to wait.
      const more = await stage.race(8, (client) => client.post("/v1/verifications", { phone }));
      expect(statuses(more)).toEqual({ 429: 8 });
      const answers = await stage.race(120, (client, n) => {
        const { id, code } = pick(live, Math.floor(n / 4));
        return client.open(id, wrongCodes(code, n));
      });
      expect(statuses(answers)).toEqual({ 401: 120 });
      const tag = await stage.tagOf(pick(live, 0).id);
      expect(await failures(tag)).toBe(9);

      // The same with the longer codes, which have a budget of their own.
      for (let n = 0; n < 4; n++) {
        await stage.ageSends(25 * HOUR_MS);
        const started = await pick(stage.clients, n).post<Started>("/v1/verifications", { phone });
        if (started.status === 429) continue;
        expect(started.body.codeLength).toBe(8);
        await stage.race(12, (client, guess) => client.open(started.body.id, `0000000${guess % 10}`));
      }
      expect(await failures(tag, " and code_length = 6")).toBe(9);
      expect(await failures(tag, " and code_length = 8")).toBe(9);
    });

    test.each(rounds)("T5: a code is good for its own verification alone (round %i)", async (round) => {
      const mine = await start(pick(stage.clients, round));
      const other = await start(pick(stage.clients, round + 1));
      if (mine.code === other.code) return;
      const answers = await stage.race(40, (client) => client.open(other.id, mine.code));
      expect(statuses(answers)).toEqual({ 401: 40 });
      expect(await failures(await stage.tagOf(other.id))).toBe(3);
      expect(await failures(await stage.tagOf(mine.id))).toBe(0);
      expect((await pick(stage.clients, round + 2).open(mine.id, mine.code)).status).toBe(201);
    });

    test.each(rounds)("T9: of 200 starts of one number, however written, one sends (round %i)", async () => {
      const phone = newPhone();
      const answers = await stage.race(200, (client, n) => {
        const body = { phone: pick(spellings(phone), Math.floor(n / 4)) };
        return client.post<Started>("/v1/verifications", body);
      });
      expect(statuses(answers)).toEqual({ 201: 1, 429: 199 });
      for (const { status, headers } of answers)
        expect(Number(headers.get("retry-after")) > 0).toBe(status === 429);
      const tag = await stage.tagOf(answers.find(({ status }) => status === 201)?.body.id ?? "");
      expect(await messages(tag)).toBe(1);

      // Nor does a lost store let another one through: all racers meet an empty one.
      await stage.loseLimits();
      const after = await stage.race(40, (client) => client.post("/v1/verifications", { phone }));
      expect(statuses(after)).toEqual({ 429: 40 });
      expect(await messages(tag)).toBe(1);
    });

    test("T9: a day's limit of sends to a phone holds, however many ask at once", async () => {
      const phone = newPhone();
      let tag = "";
      for (let hours = 0; hours < 12; hours++) {
        const starts = (client: Client, n: number) =>
          client.post<Started>("/v1/verifications", { phone: pick(spellings(phone), n + hours) });
        const sent = (await stage.race(8, starts)).filter(({ status }) => status === 201);
        expect(sent.length).toBeLessThanOrEqual(1);
        if (sent[0]) tag = await stage.tagOf(sent[0].body.id);
        await stage.forgetLeases();
        await stage.ageSends(1.1 * HOUR_MS);
      }
      // Six tenths of LIMIT_PHONE_SENDS for strangers.
      expect(await messages(tag)).toBe(6);
    });

    test.each(rounds)("T19: 50 first sign-ins at once make one user (round %i)", async () => {
      const phone = newPhone();
      const live: Live[] = [];
      for (let n = 0; n < 50; n++) {
        live.push(await start(pick(stage.clients, n), phone));
        await stage.forgetLimits();
      }
      const answers = await stage.race(50, (client, n) => client.open(pick(live, n).id, pick(live, n).code));
      expect(statuses(answers)).toEqual({ 201: 50 });
      expect(answers.filter(({ body }) => body.created)).toHaveLength(1);
      const userIds = new Set(answers.map(({ body }) => body.user.id));
      expect(userIds.size).toBe(1);
      const [userId = ""] = userIds;
      const tag = await stage.tagOf(pick(live, 0).id);
      expect(await stage.count("select count(*) from users where phone_tag = ?", tag)).toBe(1);
      expect(await stage.count("select count(*) from sessions where user_id = ?", userId)).toBe(50);
      const signUps = "select count(*) from events where type = 'sign_up' and user_id = ?";
      expect(await stage.count(signUps, userId)).toBe(1);
    });

    test.each(rounds)(
      "T23: of 10 refreshes of one token there is one successor (round %i)",
      async (round) => {
        const opened = await pick(stage.clients, round).signIn(newPhone());
        let { refreshToken } = opened;
        for (const generation of [1, 2, 3]) {
          const answers = await stage.race(10, (client) => client.refresh(refreshToken));
          const successors = new Set(answers.map((answer) => answer.refreshToken));
          expect(successors.size).toBe(1);
          expect(successors).not.toContain(refreshToken);
          expect(await generationOf(stage, opened.user.id)).toBe(generation);
          for (const { accessToken } of answers)
            expect((await pick(stage.clients, generation).get("/v1/me", bearer(accessToken))).status).toBe(
              200,
            );
          [refreshToken = ""] = successors;
        }
      },
    );

    test.each(rounds)("T22: a spent token ends its session for all processes (round %i)", async (round) => {
      const spend = (token: string) =>
        stage.race(10, (client) => client.post("/v1/sessions/refresh", { refreshToken: token }));
      const client = pick(stage.clients, round);
      // A token whose successor was used already; then the immediate predecessor, when its minute is over.
      for (const refreshes of [2, 1]) {
        const first = await client.signIn(newPhone());
        let last = first;
        for (let n = 0; n < refreshes; n++) last = await client.refresh(last.refreshToken);
        if (refreshes === 1) {
          expect(statuses(await spend(first.refreshToken))).toEqual({ 200: 10 });
          const age = "update sessions set rotated_at = rotated_at - 61000 where user_id = ?";
          await stage.change(age, first.user.id);
        }
        expect(statuses(await spend(first.refreshToken))).toEqual({ 401: 10 });
        expect(statuses(await spend(last.refreshToken))).toEqual({ 401: 10 });
        const me = await stage.race(4, (each) => each.get("/v1/me", bearer(last.accessToken)));
        expect(statuses(me)).toEqual({ 401: 4 });
      }
    });

    test("no process has logged a fault or ended", () => {
      for (const server of stage.servers) expect(server.faults()).toEqual([]);
      for (const { pid } of stage.servers) expect(process.kill(pid, 0)).toBe(true);
    });
  });
});

function statuses(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The n-th code that is not this one. */
function wrongCodes(code: string, n: number): string {
  let wrong = code;
  for (let step = 0; step <= n; step++) wrong = wrongCode(wrong);
  return wrong;
}

/** Every answer names its own request. */
function withoutRequest(body: object): string {
  return JSON.stringify({ ...body, requestId: undefined });
}

/** Ways in which people and machines write the same number of mainland China. */
function spellings(phone: string): readonly string[] {
  const home = phone.slice(3);
  const [a, b, c] = [home.slice(0, 3), home.slice(3, 7), home.slice(7)];
  return [
    phone,
    home,
    `0086${home}`,
    `+86 ${a} ${b} ${c}`,
    `(+86) ${a}-${b}-${c}`,
    `${a}\u00a0${b}\u2009${c}`,
    home.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    `+86(0)${home}`,
  ];
}

function generationOf(stage: Stage, userId: string): Promise<number> {
  return stage.count("select generation from sessions where user_id = ?", userId);
}
