import { afterEach, expect, test } from "vitest";
import { createMemoryLimitStore } from "../../src/adapters/memory/limits.ts";
import { createRules, MINUTE, type Rules, wrongCode } from "./rules.ts";

let rules: Rules | undefined;
afterEach(() => rules?.close());

/** Notes every call of a method. */
function counting<T extends object>(name: string, store: T, calls: string[]): T {
  return new Proxy(store, {
    get(target, method, receiver) {
      const value: unknown = Reflect.get(target, method, receiver);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        calls.push(`${name}.${String(method)}`);
        return value.apply(target, args) as unknown;
      };
    },
  });
}

test("a start and a check make three calls of the stores each: every call is a round trip to a server", async () => {
  const calls: string[] = [];
  rules = await createRules({
    wrap: (stores) => ({
      verifications: counting("verifications", stores.verifications, calls),
      limits: counting("limits", createMemoryLimitStore(), calls),
      ledger: counting("ledger", stores.ledger, calls),
    }),
  });
  const warm = await rules.started();
  await rules.guess(warm.id, warm.code);

  calls.length = 0;
  const { id, code } = await rules.started({}, "+8613800138001");
  expect(calls.filter((call) => !call.endsWith(".find"))).toEqual([
    "ledger.read",
    "limits.take",
    "verifications.create",
  ]);
  calls.length = 0;
  expect(await rules.guess(id, code)).toBe("approved");
  expect(calls).toEqual(["verifications.find", "verifications.guess", "limits.settle"]);
});

test("a start reads the ledger again if a wrong guess was recorded lately", async () => {
  const calls: string[] = [];
  rules = await createRules({ wrap: (stores) => ({ ledger: counting("ledger", stores.ledger, calls) }) });
  const { id, code } = await rules.started();
  await rules.guess(id, wrongCode(code));
  rules.clock.advance(MINUTE);
  calls.length = 0;
  await rules.started();
  expect(calls).toEqual(["ledger.read", "ledger.read"]);
});

test("a phone is encrypted once for each row that it is kept in, and is neither tagged nor decrypted twice", async () => {
  const calls: string[] = [];
  rules = await createRules({ wrap: ({ vault }) => ({ vault: counting("vault", vault, calls) }) });
  const { id, code } = await rules.started();
  expect(calls.splice(0)).toEqual(["vault.tags", "vault.seal", "vault.seal", "vault.open"]);

  const { signIn, account } = rules.phonekey();
  const signedIn = await signIn.byCode({ verificationId: id, code, client: {}, userAgent: "" });
  if (!signedIn.ok) throw new Error(signedIn.refusal.code);
  const profile = await account.read(signedIn.value.user, signedIn.value.phone);
  expect(calls).toEqual(["vault.open", "vault.tag", "vault.seal"]);
  expect(profile).toEqual(await account.read(signedIn.value.user));
});
