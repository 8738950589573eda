import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../../support/world.ts";
import { phoneNo } from "../support.ts";
import { codeFor, createFunctionsClient, WAYS, type Way } from "./client.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe("a client of the demo gets the same answers", () => {
  it.each(Object.keys(WAYS) as Way[])("when it sends its parameters as %s", async (way) => {
    const n = Object.keys(WAYS).indexOf(way);
    const phone = phoneNo(n * 10_007).slice(3);
    const client = createFunctionsClient(() => world, `198.51.100.${n + 1}`, way);
    const sent = await client.getSms(phone);
    expect(sent).toEqual({
      errorCode: 0,
      errorMessage: "send success",
      data: { codeStr: "Ok", requestId: expect.any(String), sessionId: expect.stringMatching(/^[\w-]{22}$/) },
    });
    const signedIn = await client.login(phone, codeFor(world, phone), String(sent.data?.sessionId));
    const { token = "", userId = "", avatar = "" } = signedIn.data ?? {};
    expect(signedIn).toEqual({
      errorCode: 0,
      errorMessage: "Logged in successfully",
      data: { phone, token, name: "", avatar, userId },
    });
    expect([typeof token, typeof userId]).toEqual(["string", "string"]);
    expect(avatar).toMatch(/^http:\/\/localhost:8080\/avatars\/\d+\.svg$/);

    const name = "王 + 100% \u{1F600}";
    expect(await client.setNickname(String(userId), name, String(token))).toMatchObject({ errorCode: 0 });
    const own = { errorCode: 0, errorMessage: "", data: { phone, name, avatar, userId } };
    expect(await client.getUserInfo({ phone }, String(token))).toEqual(own);
    expect(await client.getUserInfo({ userId: String(userId) }, String(token))).toEqual(own);
    expect(await client.tokenLogin(phone, String(token))).toEqual({
      errorCode: 0,
      errorMessage: "Logged in successfully",
      data: { ...own.data, token },
    });
  });
});
