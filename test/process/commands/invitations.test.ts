import { afterAll, beforeAll, expect, test } from "vitest";
import { phonekey, type RunningServer, startServer } from "../../support/server.ts";
import { createClient, FREELY, newPhone } from "../client.ts";

const env = { ...FREELY, SIGN_UP: "invited" };
let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ env });
});
afterAll(() => server.stop());

const invite = (...args: readonly string[]) =>
  phonekey(["users", "invite", ...args], { folder: server.folder, env });

test("phonekey users invite says who may sign up, beside a running server", { timeout: 60_000 }, async () => {
  const client = createClient(server);
  const [guest, uninvited] = [newPhone(), newPhone()];
  const enter = async (phone: string) => {
    const { id } = await client.start(phone);
    const answer = await client.post("/v1/sessions", { verificationId: id, code: await client.code(phone) });
    return [answer.status, answer.body.created ?? answer.body.code];
  };
  expect(await enter(guest)).toEqual([403, "sign_up_closed"]);

  // Written as people write them; if one is invalid, nobody is invited.
  expect(await invite("add", guest.slice(3), uninvited)).toMatchObject({
    code: 0,
    stdout: "2 invited, 0 already invited.\n",
  });
  const wrong = await invite("add", newPhone(), "12");
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toContain("argument 2 is not a phone number");
  expect(await invite("add", guest, "--json")).toMatchObject({
    stdout: '{"invited":0,"already invited":1}\n',
  });

  const listed = await invite("list");
  expect(listed.stdout.trim().split("\n")).toHaveLength(2);
  const [at, masked] = listed.stdout.trim().split("\n")[0]?.split("  ") ?? [];
  expect(masked).toContain(`••••${guest.slice(-4)}`);
  const [first = ""] = (await invite("list", "--json")).stdout.split("\n");
  expect(JSON.parse(first)).toEqual({ phone: masked, at: Date.parse(at ?? "") });
  expect(listed.stdout).not.toContain(guest.slice(3));

  expect(await invite("remove", uninvited)).toMatchObject({ stdout: "1 removed, 0 not invited.\n" });
  expect(await enter(uninvited)).toEqual([403, "sign_up_closed"]);
  expect(await enter(guest)).toEqual([201, true]);
  // The invitation is used up, and an account needs none.
  expect(await invite("list", "--json")).toMatchObject({ code: 0, stdout: "" });
  const empty = { code: 0, stderr: expect.stringContaining("no open invitations") };
  expect(await invite("list")).toMatchObject(empty);
  expect(await enter(guest)).toEqual([201, false]);
});
