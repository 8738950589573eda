import { afterEach, beforeEach } from "vitest";
import { createWorld, type World } from "../support/world.ts";
import { apiKey, backendOf, provenBy, startedBy } from "./support.ts";

/** The world of the test that runs. */
export let world: World;
/** The API key of a backend in that world. */
export let key: string;

/** Opens a world with a backend for each test. */
export function useShop(): void {
  beforeEach(() => openShop());
  afterEach(() => world.close());
}

/** Opens a world with a backend. */
export async function openShop(env: Readonly<Record<string, string>> = {}): Promise<void> {
  world = await createWorld({ env });
  key = await apiKey(world);
}

export const shop = () => backendOf(world, key);
export const started = (more: object = {}, by = shop()) => startedBy(by, more);
export const proven = (more: object = {}, by = shop()) => provenBy(world, by, more);
