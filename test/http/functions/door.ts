import { afterEach, beforeEach } from "vitest";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";
import { bodyOf } from "../support.ts";
import { type Answer, createFunctionsClient } from "./client.ts";

export const APP = "https://app.example";
export const PHONE = "13800138000";
export const SMS = `/functions/sms?method=getSms&phone=${PHONE}`;

/** The world of the test that runs. */
export let world: World;
export const client = createFunctionsClient(() => world, "198.51.100.1");

/** Opens a world for each test, with `APP` as the allowed origin. */
export function useDoor(): void {
  beforeEach(async () => {
    world = await createWorld({ env: { ALLOWED_ORIGINS: APP } });
  });
  afterEach(() => world.close());
}

/** Replaces the world by another one. */
export async function start(
  env: Record<string, string> = {},
  parts: WorldOptions["parts"] = {},
): Promise<void> {
  await world.close();
  world = await createWorld({ env, parts });
}

export async function answerOf(path: string, init: RequestInit & { from?: string } = {}): Promise<Answer> {
  return await bodyOf<Answer>(await world.request(path, init));
}
