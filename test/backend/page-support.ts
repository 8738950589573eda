import { expect } from "vitest";
import { bodyOf, PHONE, type VerificationBody } from "../http/support.ts";
import { ORIGIN, type World } from "../support/world.ts";
import { apiKey, backendOf } from "./support.ts";

export const BACK = "https://shop.example.com/back?order=7";
export const STATE = "kTzR3JwWmJ0pQxv1hE2c4A";
export const PAGE = { returnTo: BACK, state: STATE };

export interface Asked extends VerificationBody {
  readonly pageUrl: string;
  /** The address without its origin. */
  readonly path: string;
}

/** The key of a backend that sends people to pages. */
export function pagesKey(world: World): Promise<string> {
  return apiKey(world, {
    purposes: ["verify_identity", "confirm_transaction", "temporary_password"],
    returnTo: [BACK],
  });
}

/** What such a backend and the people whom it sends do, in the world of the moment. */
export function pageCalls(world: () => World, key: () => string) {
  const shop = () => backendOf(world(), key());

  async function ask(more: object = {}): Promise<Asked> {
    const response = await shop().start({ phone: PHONE, purpose: "verify_identity", page: PAGE, ...more });
    expect(response.status).toBe(201);
    const body = await bodyOf<Asked>(response);
    return { ...body, path: body.pageUrl.slice(ORIGIN.length) };
  }

  /** A browser, as far as these pages need one. */
  function browser(from = "203.0.113.50") {
    const jar = new Map<string, string>();
    let csrf = "";
    const cookie = () => [...jar].map((pair) => pair.join("=")).join("; ");
    async function take(response: Response) {
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        jar.set(name, value);
      }
      const html = await response.text();
      csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? csrf;
      return {
        status: response.status,
        html,
        location: response.headers.get("location"),
        headers: response.headers,
      };
    }
    return {
      see: async (path: string) =>
        await take(await world().request(path, { headers: { cookie: cookie() }, from })),
      send: async (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
        await take(
          await world().request(path, {
            method: "POST",
            headers: {
              "content-type": "application/x-www-form-urlencoded",
              origin: ORIGIN,
              cookie: cookie(),
              ...headers,
            },
            body: new URLSearchParams({ csrf, ...fields }).toString(),
            from,
          }),
        ),
    };
  }

  return { shop, ask, browser };
}
