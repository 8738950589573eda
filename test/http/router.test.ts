import fc from "fast-check";
import { TrieRouter } from "hono/router/trie-router";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { App } from "../../src/http/app.ts";
import { createRouter } from "../../src/http/router.ts";
import { createWorld, type World } from "../support/world.ts";

let world: World;
let routes: App["routes"];

beforeAll(async () => {
  world = await createWorld({ inbox: true, env: { TENCENT_SMS_CALLBACK_SECRETS: "k".repeat(32) } });
  routes = world.app.routes;
});
afterAll(() => world.close());

/** What a router finds, in its order: the index of each route, and its parameters. */
function find(
  router: TrieRouter<number> | ReturnType<typeof createRouter<number>>,
  method: string,
  path: string,
) {
  const [found, captured] = router.match(method, path);
  return found.map(([place, params]) => {
    const named = Object.entries(params).map(([name, value]) => [
      name,
      captured ? captured[Number(value)] : value,
    ]);
    return [place, Object.fromEntries(named)];
  });
}

it("the router finds the same routes as Hono's TrieRouter for any path", () => {
  const [router, trie] = [createRouter<number>(), new TrieRouter<number>()];
  for (const [place, { method, path }] of routes.entries()) {
    router.add(method, path, place);
    trie.add(method, path, place);
  }
  const words = [...new Set(routes.flatMap(({ path }) => path.split("/")))].filter(
    (word) => !/[*:]/.test(word),
  );
  const anyWord = fc.oneof(
    fc.constantFrom(...words),
    fc.constantFrom("", "%2f", "..", "\n", "__proto__", "V1"),
    fc.webSegment(),
  );
  const likeRoute = fc
    .tuple(fc.constantFrom(...routes), fc.array(anyWord, { minLength: 8, maxLength: 8 }))
    .map(([{ path }, given]) =>
      path
        .split("/")
        .map((word, at) => (/[*:]/.test(word) ? given[at] : word))
        .join("/"),
    );
  const anyPath = fc.oneof(
    likeRoute,
    fc.array(anyWord, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`),
  );
  const anyMethod = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PURGE");
  fc.assert(
    fc.property(
      anyMethod,
      // TrieRouter finds a path that is written like a pattern twice.
      anyPath.filter((path) => !/[*:]/.test(path)),
      (method, path) => {
        expect(find(router, method, path)).toEqual(find(trie, method, path));
      },
    ),
    { numRuns: 2_000 },
  );
});

it("the router finds a route without parameters by one look-up in a table", () => {
  const { router } = world.app;
  const fixed = routes.filter(
    ({ method, path }) => !["ALL", "DELETE"].includes(method) && !/[*:]/.test(path),
  );
  expect(fixed.length).toBeGreaterThan(50);
  for (const { method, path } of fixed) {
    // A search would make a new object each time.
    expect(router.match(method, path), `${method} ${path}`).toBe(router.match(method, path));
  }
});

it.each(["GET", "POST", "DELETE"])(
  "%s of a path of 7,500 parts takes less than ten times as long as that of a short one",
  async (method) => {
    const leastMs = { short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY };
    const paths = { short: "/nowhere", long: `/nowhere${"/a".repeat(7_500)}` };
    // The least of many, measured in turn: so other work of the machine does not count.
    for (let n = 0; n < 40; n += 1) {
      for (const which of ["short", "long"] as const) {
        const began = performance.now();
        expect((await world.request(paths[which], { method })).status).toBe(404);
        leastMs[which] = Math.min(leastMs[which], performance.now() - began);
      }
    }
    expect(leastMs.long).toBeLessThan(10 * leastMs.short);
  },
);
