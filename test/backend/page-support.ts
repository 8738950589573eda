import { afterEach, beforeEach, expect } from "vitest";
import { bodyOf, PHONE, type VerificationBody } from "../http/support.ts";
import { createVisitor } from "../support/visitor.ts";
import { createWorld, ORIGIN, type World, type WorldOptions } from "../support/world.ts";
import { apiKey, backendOf } from "./support.ts";

export const BACK = "https://shop.example.com/back?order=7";
export const STATE = "kTzR3JwWmJ0pQxv1hE2c4A";
/** A payment whose payee would break out of a page that did not escape it. */
export const PURCHASE = { amount: "120.05", currency: "EUR", payee: "Müller <b>& Söhne" };
export const PAGE = { returnTo: BACK, state: STATE };

export interface Asked extends VerificationBody {
  readonly pageUrl: string;
  /** The address without its origin. */
  readonly path: string;
}

/** Opens for each test a world with a backend that sends people to pages; returns what both can do. */
export function usePages() {
  let world: World;
  let key: string;
  async function open(options: WorldOptions = {}): Promise<void> {
    world = await createWorld(options);
    key = await apiKey(world, {
      purposes: ["verify_identity", "confirm_transaction", "temporary_password"],
      returnTo: [BACK],
    });
  }
  beforeEach(() => open());
  afterEach(() => world.close());

  const shop = () => backendOf(world, key);

  async function ask(more: object = {}): Promise<Asked> {
    const response = await shop().start({ phone: PHONE, purpose: "verify_identity", page: PAGE, ...more });
    expect(response.status).toBe(201);
    const body = await bodyOf<Asked>(response);
    return { ...body, path: body.pageUrl.slice(ORIGIN.length) };
  }

  return {
    get world() {
      return world;
    },
    get key() {
      return key;
    },
    /** Replaces the world. */
    async reopen(options: WorldOptions): Promise<void> {
      await world.close();
      await open(options);
    },
    shop,
    ask,
    browser: (from = "203.0.113.50") => createVisitor(world, from),
  };
}
