import { onTestFinished } from "vitest";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";

export const TOKEN = "token-of-these-tests-0123456789";
export const LOOPBACK = "127.0.0.1";

export async function open(
  env: Readonly<Record<string, string>> = {},
  more: WorldOptions = {},
): Promise<World> {
  const world = await createWorld({ ...more, env: { METRICS_TOKEN: TOKEN, ...env } });
  onTestFinished(() => world.close());
  return world;
}

export const bearer = (token = TOKEN) => ({ authorization: `Bearer ${token}` });
export const ask = (world: World, headers: Record<string, string> = {}, from?: string, path = "/metrics") =>
  Promise.resolve(
    world.request(path, { headers: { host: "localhost:8080", ...headers }, ...(from && { from }) }),
  );
export const readAll = async (world: World) => await (await ask(world, bearer())).text();

/** Our own series, without those that are 0. */
export const counted = async (world: World) =>
  (await readAll(world)).split("\n").filter((line) => /^phonekey_/.test(line) && !line.endsWith(" 0"));
