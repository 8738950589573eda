import { createHmac } from "node:crypto";
import { expect } from "vitest";
import { MINUTE_MS, SECOND_MS, wrongCode } from "../support.ts";
import { type Answer, codeFor } from "./client.ts";
import { asked, type Case, NO_SESSION, type Stage, signedIn } from "./stage.ts";

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token as the demo makes them, of any algorithm, signed with its empty key. */
function demoToken(alg: string, phone: string): string {
  const claims = { phone, userId: 1, name: "", avatar: "", iat: 1_700_000_000, exp: 4_000_000_000 };
  const signed = `${part({ alg, typ: "JWT" })}.${part(claims)}`;
  return alg === "none"
    ? `${signed}.`
    : `${signed}.${createHmac("sha256", "").update(signed).digest("base64url")}`;
}

/** Guesses for three days: of 9 wrong guesses in 30 days none comes back, codes get longer, and starts have to wait. */
async function guessForDays({ world, client, phone }: Stage): Promise<{ guesses: number; last: Answer }> {
  const victim = phone();
  let guesses = 0;
  let last: Answer = { errorCode: 0, errorMessage: "" };
  for (let round = 0; round < 12; round += 1) {
    world.clock.advance(6 * 60 * MINUTE_MS);
    const attacker = client();
    const asked = await attacker.getSms(victim);
    if (asked.errorCode !== 0) continue;
    const code = codeFor(world, victim);
    for (let n = 0; n < 5; n += 1) {
      last = await attacker.login(victim, wrongCode(code), String(asked.data?.sessionId));
      if (last.errorCode === -1102 && code.length === 6) guesses += 1;
    }
  }
  return { guesses, last };
}

/** Defects of the demo's starts and sign-ins. */
export const SIGN_IN_DEFECTS: readonly Case[] = [
  ...["none", "HS256"].map(
    (alg): Case => ({
      name: `a forged token (${alg}) signs in`,
      defect: "D1",
      demo: 0,
      ours: -1005,
      play: async (stage) => {
        const { client, phone } = await signedIn(stage);
        const forged = demoToken(alg, phone);
        expect((await client.getUserInfo({ phone }, forged)).errorCode).toBe(-1005);
        return await client.tokenLogin(phone, forged);
      },
    }),
  ),
  {
    name: "every new code brings three more guesses",
    defect: "D3",
    demo: -1102,
    ours: -1100,
    play: async (stage) => {
      const { guesses, last } = await guessForDays(stage);
      expect(guesses).toBe(9);
      return last;
    },
  },
  {
    name: "a message that the provider refuses brings three guesses all the same",
    defect: "D3",
    demo: -1102,
    ours: -1100,
    play: async (stage) => {
      const [client, phone] = [stage.client(), stage.phone()];
      stage.world.sms.answer({ status: "throttled" });
      const refused = await client.getSms(phone);
      stage.world.sms.answer({ status: "accepted" });
      expect(refused).toMatchObject({ errorCode: -1003, data: { codeStr: "too_many_requests" } });
      expect(refused.data).not.toHaveProperty("sessionId");
      return await client.login(phone, codeFor(stage.world, phone), NO_SESSION);
    },
  },
  {
    name: "a code is good for a day",
    defect: "D4",
    demo: 0,
    ours: -1100,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      stage.world.clock.advance(300 * SECOND_MS);
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "codes and session ids can be foreseen, and no code ends in 0",
    defect: "D5",
    demo: 0,
    play: async (stage) => {
      const seen = new Set<string>();
      let answer: Answer | undefined;
      // With every digit equally likely, all of 120 codes end in another one once in 300000 runs.
      for (let n = 0; n < 120; n += 1) {
        const phone = stage.phone();
        answer = await stage.client().getSms(phone);
        expect(answer.data?.sessionId).toMatch(/^[\w-]{22}$/);
        const code = codeFor(stage.world, phone);
        expect(code).toMatch(/^\d{6}$/);
        seen.add(code.slice(-1));
      }
      expect(seen).toContain("0");
      return answer as Answer;
    },
  },
  {
    name: "different clients send any number of messages to one number",
    defect: "D6",
    demo: 0,
    ours: -1003,
    play: async (stage) => {
      const phone = stage.phone();
      await stage.client().started(phone);
      const before = stage.world.sms.sent.length;
      const answers = await Promise.all(Array.from({ length: 20 }, () => stage.client().getSms(phone)));
      expect(stage.world.sms.sent.length).toBe(before);
      const [answer] = answers;
      expect(answer?.data).toMatchObject({ codeStr: "too_many_requests", retryAfter: 30 });
      return answer as Answer;
    },
  },
  {
    name: "parallel calls of getSms send a message each",
    defect: "D6",
    demo: 0,
    ours: -1003,
    play: async (stage) => {
      const [client, phone] = [stage.client(), stage.phone()];
      const before = stage.world.sms.sent.length;
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.getSms(phone)));
      expect(answers.filter(({ errorCode }) => errorCode === 0)).toHaveLength(1);
      expect(stage.world.sms.sent.length - before).toBe(1);
      return await client.getSms(phone);
    },
  },
  {
    name: "a wrong sessionId can be tried without end, and by anybody",
    defect: "D12",
    demo: -1103,
    ours: -1100,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      for (let n = 0; n < 5; n += 1) {
        expect((await client.login(phone, code, NO_SESSION)).errorCode).toBe(-1103);
      }
      const stranger = await stage.client().login(phone, code, NO_SESSION);
      expect((await client.login(phone, code, sessionId)).errorCode).toBe(0);
      return stranger;
    },
  },
  {
    name: "the sessionId tells from any address whether a code is waiting",
    defect: "D12",
    demo: -1102,
    ours: -1100,
    play: async (stage) => {
      const { phone, sessionId, code } = await asked(stage);
      return await stage.client().login(phone, wrongCode(code), sessionId);
    },
  },
  {
    name: "another client's getSms voids the code that the owner waits for",
    defect: "D13",
    demo: -1103,
    ours: 0,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      stage.world.clock.advance(40 * SECOND_MS);
      expect(await stage.client().started(phone)).not.toBe(sessionId);
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "the same client's second getSms voids its first code",
    defect: "D13",
    demo: -1103,
    ours: 0,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      stage.world.clock.advance(40 * SECOND_MS);
      expect(await client.started(phone)).toBe(sessionId);
      expect(codeFor(stage.world, phone)).toBe(code);
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "two first sign-ins at once make two users",
    defect: "D20",
    demo: 0,
    play: async (stage) => {
      const phone = stage.phone();
      const clients = [stage.client(), stage.client(), stage.client()];
      const logins: (() => Promise<Answer>)[] = [];
      for (const client of clients) {
        const sessionId = await client.started(phone);
        const code = codeFor(stage.world, phone);
        logins.push(() => client.login(phone, code, sessionId));
        stage.world.clock.advance(70 * SECOND_MS);
      }
      const answers = await Promise.all(logins.map((login) => login()));
      expect(answers.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
      expect(new Set(answers.map(({ data }) => data?.userId)).size).toBe(1);
      return answers[0] as Answer;
    },
  },
];
