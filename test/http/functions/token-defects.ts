import { expect } from "vitest";
import { bearer } from "../../support/world.ts";
import { DAY_MS, MINUTE_MS } from "../support.ts";
import { type Case, signedIn } from "./stage.ts";

/** Defects of the demo's tokens. */
export const TOKEN_DEFECTS: readonly Case[] = [
  {
    name: "any token reads any user by phone",
    defect: "D2",
    demo: 0,
    ours: -1007,
    play: async (stage) => {
      const [client, victim] = [stage.client(), stage.phone()];
      await client.signedIn(victim);
      const { token } = await client.signedIn(stage.phone());
      return await client.getUserInfo({ phone: victim }, token);
    },
  },
  {
    name: "any token reads any user by userId",
    defect: "D2",
    demo: 0,
    ours: -1007,
    play: async (stage) => {
      const client = stage.client();
      const { userId } = await client.signedIn(stage.phone());
      const own = stage.phone();
      const { token } = await client.signedIn(own);
      expect((await client.getUserInfo({ userId, phone: own }, token)).errorCode).toBe(-1007);
      return await client.getUserInfo({ userId }, token);
    },
  },
  {
    name: "which numbers are signed up shows without a valid token",
    defect: "D14",
    demo: -1202,
    ours: -1005,
    play: async (stage) => {
      const [client, known] = [stage.client(), stage.phone()];
      const { userId, token } = await client.signedIn(known);
      const unknown = await client.getUserInfo({ phone: stage.phone() }, "x");
      expect(await client.getUserInfo({ phone: known }, "x")).toEqual(unknown);
      expect(await client.setNickname(userId, "Lin", "x")).toEqual(await client.setNickname("1", "Lin", "x"));
      const other = stage.phone();
      await client.signedIn(other);
      const about = (phone: string) => client.getUserInfo({ phone }, token);
      expect(await about(other)).toEqual(await about(stage.phone()));
      return unknown;
    },
  },
  {
    name: "a token cannot be revoked",
    defect: "D15",
    demo: 0,
    ours: -1005,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      stage.world.clock.advance(10 * MINUTE_MS);
      const { accessToken } = await stage.world.signIn(`+86${phone}`);
      const all = { method: "DELETE", headers: bearer(accessToken) };
      expect((await stage.world.request("/v1/sessions?scope=all", all)).status).toBe(204);
      return await client.tokenLogin(phone, token);
    },
  },
  {
    name: "a token that was not used for two weeks is still accepted",
    defect: "D15",
    demo: 0,
    ours: -1005,
    play: async (stage) => {
      const { client, phone, token } = await signedIn(stage);
      for (const days of [13, 2]) {
        stage.world.clock.advance(days * DAY_MS);
        expect((await client.tokenLogin(phone, token)).errorCode).toBe(0);
      }
      stage.world.clock.advance(14 * DAY_MS);
      return await client.tokenLogin(phone, token);
    },
  },
  {
    name: "the token of a user who is gone",
    defect: "D15",
    demo: "throws a TypeError",
    ours: -1202,
    play: async (stage) => {
      const { client, phone, token, userId } = await signedIn(stage);
      await stage.erase(userId);
      expect((await client.setNickname(userId, "Lin", token)).errorCode).toBe(-1202);
      return await client.tokenLogin(phone, token);
    },
  },
  {
    name: "a token login answers an outdated profile from the token",
    defect: "D17",
    demo: 0,
    play: async (stage) => {
      const { client, phone, token, userId } = await signedIn(stage);
      expect((await client.setNickname(userId, "Lin", token)).errorCode).toBe(0);
      const answer = await client.tokenLogin(phone, token);
      expect(answer.data).toMatchObject({ name: "Lin", token });
      return answer;
    },
  },
  {
    name: "the token of a number's former user signs in to the account of its present user",
    defect: "D18",
    demo: 0,
    ours: -1202,
    play: async (stage) => {
      const { client, phone, token, userId } = await signedIn(stage);
      await stage.erase(userId);
      stage.world.clock.advance(10 * MINUTE_MS);
      const now = await client.signedIn(phone);
      expect(now.userId).not.toBe(userId);
      return await client.tokenLogin(phone, token);
    },
  },
  {
    name: "setNickname never sets a name",
    defect: "D19",
    demo: -1005,
    ours: 0,
    play: async (stage) => {
      const { client, phone, token, userId } = await signedIn(stage);
      const answer = await client.setNickname(userId, "Lin", token);
      expect((await client.getUserInfo({ phone }, token)).data).toMatchObject({ name: "Lin" });
      return answer;
    },
  },
];
