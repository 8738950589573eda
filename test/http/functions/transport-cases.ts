import { expect } from "vitest";
import { wrongCode } from "../support.ts";
import { type Answer, codeFor } from "./client.ts";
import { asked, type Case, type Stage, signedIn } from "./stage.ts";

async function send(stage: Stage, path: string, init: RequestInit & { from?: string } = {}): Promise<Answer> {
  return (await (await stage.world.request(path, init)).json()) as Answer;
}

/** Defects of the demo around its functions: HTTP, databases, the provider, input. */
export const TRANSPORT_CASES: readonly Case[] = [
  ...["PUT", "DELETE", "PATCH", "BREW"].map(
    (method): Case => ({
      name: `${method} is taken like GET`,
      defect: "D7",
      demo: 0,
      ours: -1004,
      play: (stage) => send(stage, `/functions/sms?method=getSms&phone=${stage.phone()}`, { method }),
    }),
  ),
  {
    name: "query parameters are logged",
    defect: "D8",
    demo: 0,
    play: async (stage) => {
      const [client, phone] = [stage.client("query"), stage.phone()];
      const sessionId = await client.started(phone);
      const code = codeFor(stage.world, phone);
      await client.login(phone, wrongCode(code), sessionId);
      const answer = await client.login(phone, code, sessionId);
      await client.tokenLogin(phone, String(answer.data?.token));
      const log = JSON.stringify(stage.world.logged);
      expect(log).toContain("/functions/sms");
      for (const secret of [phone, sessionId, answer.data?.token]) expect(log).not.toContain(secret);
      expect(log).not.toMatch(new RegExp(`(?<!\\d)${code}(?!\\d)`));
      return answer;
    },
  },
  {
    name: "a request without a code opens a connection to the database and keeps it",
    defect: "D9",
    demo: "refuses everybody from the 150th on",
    ours: -1001,
    play: async (stage) => {
      const client = stage.client();
      stage.statements();
      for (let n = 0; n < 150; n += 1) await client.login("13800138000", "", "");
      expect(stage.statements()).toBe(0);
      return await client.login("13800138000", "", "");
    },
  },
  {
    name: "a database that goes away ends the process",
    defect: "D10",
    demo: "exits",
    ours: -1003,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      stage.failOn(/./);
      const answer = await client.tokenLogin(phone, token);
      expect(answer.data).toMatchObject({ codeStr: "unavailable", retryAfter: expect.any(Number) });
      expect((await client.setNickname("1", "Lin", token)).errorCode).toBe(-1003);
      stage.failOn();
      expect((await client.tokenLogin(phone, token)).errorCode).toBe(0);
      return answer;
    },
  },
  {
    name: "a code that one instance sent is not known to another",
    defect: "D11",
    demo: -1100,
    ours: 0,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      const elsewhere = await stage.elsewhere(client);
      return await elsewhere.login(phone, code, sessionId);
    },
  },
  {
    name: "a provider that answers nothing readable",
    defect: "D21",
    demo: "never answers",
    ours: 0,
    play: async (stage) => {
      stage.world.sms.answer(() => Promise.reject(new TypeError("undefined is not iterable")));
      const answer = await stage.client().getSms(stage.phone());
      stage.world.sms.answer({ status: "accepted" });
      return answer;
    },
  },
  {
    name: "the provider's error text goes to the client",
    defect: "D22",
    demo: -1003,
    play: async (stage) => {
      stage.world.sms.answer({
        status: "rejected",
        providerCode: "FailedOperation.Canary",
        providerId: "5000:1",
      });
      const answer = await stage.client().getSms(stage.phone());
      stage.world.sms.answer({ status: "accepted" });
      expect(JSON.stringify(answer)).not.toMatch(/Canary|5000:1/);
      expect(answer.data).toEqual({
        codeStr: "sms_unavailable",
        requestId: expect.any(String),
        retryAfter: expect.any(Number),
      });
      return answer;
    },
  },
  {
    name: "a code that is a list is compared as a text",
    defect: "D27",
    demo: 0,
    ours: -1001,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      const body = JSON.stringify({ method: "login", phone, sessionId, code: [code] });
      return await send(stage, "/functions/sms", { method: "POST", body, from: client.from });
    },
  },
  {
    name: "a phone that is given twice breaks the query",
    defect: "D28",
    demo: "throws a syntax error",
    ours: -1001,
    play: (stage) => send(stage, "/functions/getUserInfo?phone=13800138000&phone=13800138001&token=x"),
  },
  {
    name: "a userId with more text after it is taken for the user's",
    defect: "D28",
    demo: 0,
    ours: -1007,
    play: async (stage) => {
      const client = stage.client();
      const { token, userId } = await client.signedIn(stage.phone());
      return await client.getUserInfo({ userId: `${userId}abc` }, token);
    },
  },
  ...["<img src=x onerror=alert(1)>", "王小明", "\u{1F600}"].map(
    (name): Case => ({
      name: `the name ${name} is not kept as it was sent`,
      defect: "D30",
      demo: -1005,
      ours: 0,
      play: async (stage) => {
        const { client, phone, token, userId } = await signedIn(stage);
        const answer = await client.setNickname(userId, name, token);
        expect((await client.getUserInfo({ phone }, token)).data).toMatchObject({ name });
        return answer;
      },
    }),
  ),
  ...["x".repeat(65), "a\u202eb", "a\nb", "\u0000", " "].map(
    (name): Case => ({
      name: `${JSON.stringify(name).slice(0, 12)} can be a name`,
      defect: "D30",
      demo: -1005,
      ours: -1003,
      play: async (stage) => {
        const { client, phone, token, userId } = await signedIn(stage);
        const answer = await client.setNickname(userId, name, token);
        expect(answer).toMatchObject({
          errorMessage: expect.stringContaining("`name`"),
          data: { codeStr: "invalid_request" },
        });
        expect((await client.getUserInfo({ phone }, token)).data).toMatchObject({ name: "" });
        return answer;
      },
    }),
  ),
  {
    name: "all columns of a row are answered",
    defect: "D31",
    demo: 0,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      const answer = await client.getUserInfo({ phone }, token);
      expect(Object.keys(answer.data ?? {}).sort()).toEqual(["avatar", "name", "phone", "userId"]);
      return answer;
    },
  },
  {
    name: "a database that fails after the right code shows its error",
    defect: "D32",
    demo: "throws",
    ours: -1201,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      stage.failOn(/^insert into .?users/i);
      const answer = await client.login(phone, code, sessionId);
      stage.failOn();
      expect(answer.errorMessage).toContain("new code");
      return answer;
    },
  },
  {
    name: "JSON is not read",
    defect: "D34",
    demo: -1001,
    ours: 0,
    play: (stage) => stage.client("json").getSms(stage.phone()),
  },
  {
    name: "a body may be of any size",
    defect: "D34",
    demo: -1001,
    ours: -1003,
    play: async (stage) => {
      const answer = await send(stage, "/functions/sms", { method: "POST", body: "x".repeat(17 * 1024) });
      expect(answer.data).toMatchObject({ codeStr: "request_too_large" });
      return answer;
    },
  },
  {
    name: "answers have no security headers",
    defect: "D34",
    demo: -1001,
    play: async ({ world }) => {
      const response = await world.request("/functions/sms");
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "cache-control": "no-store",
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
      });
      return (await response.json()) as Answer;
    },
  },
  ...["+86 ", "0086", "86", "+86-", " "].map(
    (prefix): Case => ({
      name: `a phone with ${JSON.stringify(prefix)} in front is refused`,
      defect: "D35",
      demo: -1002,
      ours: 0,
      play: async (stage) => {
        const [client, phone] = [stage.client(), stage.phone()];
        const sessionId = await client.started(`${prefix}${phone}`);
        const answer = await client.login(phone, codeFor(stage.world, phone), sessionId);
        expect(answer.data).toMatchObject({ phone });
        return answer;
      },
    }),
  ),
  {
    name: "avatars are on somebody else's host",
    defect: "D38",
    demo: 0,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      const answer = await client.getUserInfo({ phone }, token);
      expect(answer.data?.avatar).toMatch(/^http:\/\/localhost:8080\/avatars\/([1-9]|10)\.svg$/);
      return answer;
    },
  },
];
