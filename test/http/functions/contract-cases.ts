import { expect } from "vitest";
import { DAY_MS, MINUTE_MS, wrongCode } from "../support.ts";
import { codeFor } from "./client.ts";
import { asked, type Case, NO_SESSION, signedIn } from "./stage.ts";

const sms = (parameters: Readonly<Record<string, string>>): Case["play"] => {
  return (stage) => stage.client().call("sms", parameters);
};

/** Every path through the demo's `sms` on which it does what it should. */
const SMS: readonly Case[] = [
  { name: "sms: no parameters", demo: -1001, play: sms({}) },
  { name: "sms: no method", demo: -1001, play: sms({ phone: "13800138000" }) },
  { name: "sms: no phone", demo: -1001, play: sms({ method: "getSms" }) },
  { name: "sms: empty phone", demo: -1001, play: sms({ method: "getSms", phone: "" }) },
  {
    name: "sms: a phone that is too short",
    demo: -1002,
    play: sms({ method: "getSms", phone: "1380013800" }),
  },
  { name: "sms: a phone of no mobile", demo: -1002, play: sms({ method: "getSms", phone: "12345678901" }) },
  { name: "sms: a bad phone comes before a bad method", demo: -1002, play: sms({ method: "x", phone: "1" }) },
  { name: "sms: no such method", demo: -1004, play: sms({ method: "register", phone: "13800138000" }) },
  {
    name: "sms: a method in capital letters",
    demo: -1004,
    play: sms({ method: "GETSMS", phone: "13800138000" }),
  },
  { name: "getSms: sends", demo: 0, play: (stage) => stage.client().getSms(stage.phone()) },
  {
    name: "login: no code",
    demo: -1001,
    play: sms({ method: "login", phone: "13800138000", sessionId: NO_SESSION }),
  },
  {
    name: "login: no sessionId",
    demo: -1001,
    play: sms({ method: "login", phone: "13800138000", code: "123456" }),
  },
  {
    name: "login: nothing was sent to this phone",
    demo: -1100,
    play: (stage) => stage.client().login(stage.phone(), "123456", NO_SESSION),
  },
  {
    name: "login: another sessionId",
    demo: -1103,
    play: async (stage) => {
      const [client, phone] = [stage.client(), stage.phone()];
      await client.started(phone);
      return await client.login(phone, codeFor(stage.world, phone), NO_SESSION);
    },
  },
  {
    name: "login: the sessionId of another phone of the same client",
    demo: -1103,
    play: async (stage) => {
      const [client, phone, other] = [stage.client(), stage.phone(), stage.phone()];
      await client.started(phone);
      const sessionId = await client.started(other);
      return await client.login(phone, codeFor(stage.world, phone), sessionId);
    },
  },
  {
    name: "login: a wrong code",
    demo: -1102,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      return await client.login(phone, wrongCode(code), sessionId);
    },
  },
  {
    name: "login: a malformed code",
    demo: -1102,
    play: async (stage) => {
      const [client, phone] = [stage.client(), stage.phone()];
      return await client.login(phone, "no code", await client.started(phone));
    },
  },
  {
    name: "login: the third wrong code",
    demo: -1102,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      const wrong = wrongCode(code);
      for (let n = 0; n < 2; n += 1) await client.login(phone, wrong, sessionId);
      return await client.login(phone, wrong, sessionId);
    },
  },
  {
    name: "login: the right code after three wrong ones",
    demo: -1100,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      for (let n = 0; n < 3; n += 1) await client.login(phone, wrongCode(code), sessionId);
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "login: the right code after two wrong ones",
    demo: 0,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      for (let n = 0; n < 2; n += 1) await client.login(phone, wrongCode(code), sessionId);
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "login: a code that was used",
    demo: -1100,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      expect((await client.login(phone, code, sessionId)).errorCode).toBe(0);
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "login: 12 right codes at once, of which one signs in",
    demo: -1100,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      const all = await Promise.all(Array.from({ length: 12 }, () => client.login(phone, code, sessionId)));
      expect(all.filter(({ errorCode }) => errorCode === 0)).toHaveLength(1);
      const others = all.filter(({ errorCode }) => errorCode !== 0);
      expect(new Set(others.map(({ errorCode }) => errorCode))).toEqual(new Set([-1100]));
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "login: 50 wrong codes at once, of which three are compared",
    demo: -1100,
    play: async (stage) => {
      const { client, phone, sessionId, code } = await asked(stage);
      const wrong = Array.from({ length: 50 }, () => client.login(phone, wrongCode(code), sessionId));
      const codes = (await Promise.all(wrong)).map(({ errorCode }) => errorCode);
      expect(codes.filter((each) => each === -1102)).toHaveLength(3);
      expect(codes.filter((each) => each === -1100)).toHaveLength(47);
      return await client.login(phone, code, sessionId);
    },
  },
  {
    name: "login: a second sign-in, as the same user",
    demo: 0,
    play: async (stage) => {
      const { client, phone, userId } = await signedIn(stage);
      stage.world.clock.advance(10 * MINUTE_MS);
      const answer = await client.login(phone, "", "");
      expect(answer.errorCode).toBe(-1001);
      const sessionId = await client.started(phone);
      const again = await client.login(phone, codeFor(stage.world, phone), sessionId);
      expect(again.data).toMatchObject({ phone, userId, name: "" });
      return again;
    },
  },
];

/** The same for every call that takes a token. */
const TOKEN: readonly Case[] = [
  {
    name: "login by token: the same token and the profile",
    demo: 0,
    play: async (stage) => {
      const { client, phone, token, userId } = await signedIn(stage);
      const answer = await client.tokenLogin(phone, token);
      expect(answer.data).toMatchObject({ phone, token, userId });
      return answer;
    },
  },
  {
    name: "login by token: a token that is sent with a code",
    demo: 0,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      return await client.call("sms", { method: "login", phone, token, code: "1", sessionId: "1" });
    },
  },
  {
    name: "login by token: the token of another phone",
    demo: -1007,
    play: async (stage) => {
      const client = stage.client();
      const { token } = await client.signedIn(stage.phone());
      return await client.tokenLogin(stage.phone(), token);
    },
  },
  {
    name: "login by token: a malformed token",
    demo: -1005,
    play: (stage) => stage.client().tokenLogin(stage.phone(), "x.y.z"),
  },
  {
    name: "login by token: an expired token",
    demo: -1006,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      stage.world.clock.advance(30 * DAY_MS);
      return await client.tokenLogin(phone, token);
    },
  },
  { name: "getUserInfo: empty", demo: -1001, play: (stage) => stage.client().call("getUserInfo", {}) },
  {
    name: "getUserInfo: no token",
    demo: -1001,
    play: (stage) => stage.client().call("getUserInfo", { phone: stage.phone() }),
  },
  {
    name: "getUserInfo: neither phone nor userId",
    demo: -1001,
    play: (stage) => stage.client().call("getUserInfo", { token: "x" }),
  },
  {
    name: "getUserInfo: by phone",
    demo: 0,
    play: async (stage) => {
      const { client, phone, token, userId } = await signedIn(stage);
      const answer = await client.getUserInfo({ phone }, token);
      expect(answer.errorMessage).toBe("");
      expect(answer.data).toMatchObject({ phone, userId, name: "" });
      return answer;
    },
  },
  {
    name: "getUserInfo: by userId",
    demo: 0,
    play: async (stage) => {
      const client = stage.client();
      const { token, userId } = await client.signedIn(stage.phone());
      return await client.getUserInfo({ userId }, token);
    },
  },
  {
    name: "getUserInfo: a wrong token for a user that exists",
    demo: -1005,
    play: async (stage) => {
      const client = stage.client();
      const { userId } = await client.signedIn(stage.phone());
      return await client.getUserInfo({ userId }, "x");
    },
  },
  {
    name: "getUserInfo: an expired token",
    demo: -1006,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      stage.world.clock.advance(30 * DAY_MS);
      return await client.getUserInfo({ phone }, token);
    },
  },
  ...["userId", "name", "token"].map((missing) => ({
    name: `setNickname: no ${missing}`,
    demo: -1001,
    play: (stage: Parameters<Case["play"]>[0]) =>
      stage.client().call("setNickname", { userId: "1", name: "Lin", token: "x", [missing]: "" }),
  })),
  {
    name: "setNickname: another user's id",
    demo: -1007,
    play: async (stage) => {
      const client = stage.client();
      const { token } = await client.signedIn(stage.phone());
      const { userId } = await client.signedIn(stage.phone());
      return await client.setNickname(userId, "Lin", token);
    },
  },
  {
    name: "setNickname: an expired token",
    demo: -1006,
    play: async (stage) => {
      const client = stage.client();
      const { token, userId } = await client.signedIn(stage.phone());
      stage.world.clock.advance(30 * DAY_MS);
      return await client.setNickname(userId, "Lin", token);
    },
  },
];

export const CONTRACT_CASES = [...SMS, ...TOKEN];
