import { METHOD_NAME_ALL, type Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

/**
 * A router for each method. Hono's router of regular expressions is the fastest, but it refuses tables in which a
 * segment is a name in one route and a parameter in another. Two `DELETE` routes are like that (`/sessions/current` and
 * `/sessions/{id}`). Routers separated by method let all other methods use it.
 */
export function createRouter<T>(): Router<T> {
  const anyMethod = createMethodRouter<T>();
  const byMethod = new Map<string, Router<T>>([[METHOD_NAME_ALL, anyMethod]]);
  const ofAnyMethod: [path: string, handler: T][] = [];

  function routerOf(method: string): Router<T> {
    const known = byMethod.get(method);
    if (known) return known;
    const made = createMethodRouter<T>();
    for (const [path, handler] of ofAnyMethod) made.add(method, path, handler);
    byMethod.set(method, made);
    return made;
  }

  return {
    name: "a router for each method",
    add(method, path, handler) {
      if (method !== METHOD_NAME_ALL) return routerOf(method).add(method, path, handler);
      ofAnyMethod.push([path, handler]);
      for (const [served, router] of byMethod) router.add(served, path, handler);
    },
    match: (method, path) => (byMethod.get(method) ?? anyMethod).match(method, path),
  };
}

function createMethodRouter<T>(): SmartRouter<T> {
  return new SmartRouter<T>({ routers: [new RegExpRouter<T>(), new TrieRouter<T>()] });
}
