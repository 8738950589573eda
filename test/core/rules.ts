import { createCommonPasswords } from "../../src/adapters/common-passwords/list.ts";
import { createTokens } from "../../src/adapters/jose/tokens.ts";
import { createKeyring } from "../../src/adapters/keyring/keyring.ts";
import { retag } from "../../src/adapters/keyring/retag.ts";
import { createPhoneVault } from "../../src/adapters/keyring/vault.ts";
import { createMemoryLimitStore } from "../../src/adapters/memory/limits.ts";
import { createMemoryVerificationStore } from "../../src/adapters/memory/verifications.ts";
import { createTotp } from "../../src/adapters/otpauth/totp.ts";
import { createPasswordHasher } from "../../src/adapters/scrypt/hasher.ts";
import { createPasskeys } from "../../src/adapters/simplewebauthn/passkeys.ts";
import { retagBatch } from "../../src/adapters/sql/keys/retag.ts";
import { migrate } from "../../src/adapters/sql/migrations/migrate.ts";
import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";
import { createSqlStores, type SqlStores } from "../../src/adapters/sql/stores.ts";
import { deadlineIn } from "../../src/adapters/system/deadline.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import type { Alerts } from "../../src/core/alerts/ports.ts";
import { UNOBSERVED } from "../../src/core/observer.ts";
import type { Phone } from "../../src/core/phone.ts";
import { createPhonekey, type PhonekeyDeps } from "../../src/core/phonekey.ts";
import type { WrongGuess } from "../../src/core/protection/budgets/ports.ts";
import type { Challenges } from "../../src/core/protection/challenges/ports.ts";
import { createLearned } from "../../src/core/protection/guard/learned.ts";
import type { Bucket } from "../../src/core/protection/limits/ports.ts";
import type { LimitSettings } from "../../src/core/protection/limits/settings.ts";
import type { Decision } from "../../src/core/protection/sends.ts";
import type { SignedIn } from "../../src/core/session/session.ts";
import { checkCode } from "../../src/core/verification/check.ts";
import type { Client } from "../../src/core/verification/client.ts";
import { codeOf } from "../../src/core/verification/message.ts";
import type { Purpose } from "../../src/core/verification/purpose.ts";
import { testNumberOf } from "../../src/core/verification/test-numbers.ts";
import type { VerificationView } from "../../src/core/verification/verification.ts";
import { createTestClock, createTestSender } from "../support/world.ts";
import { DAY, MINUTE, PHONE } from "./times.ts";

export { wrongCode } from "../support/codes.ts";
export { isShort, mostIn } from "./protection/budgets/wrong-guesses.ts";
export { DAY, HOUR, MINUTE, PHONE, SECOND } from "./times.ts";

const SECRETS = ["a secret of these tests, at least 32 bytes long"];

/** For tests that do not look at alerts. */
export const SILENT_ALERTS: Alerts = {
  raise: async () => {},
  clear: async () => {},
  settle: async () => {},
};

type Stores = Pick<PhonekeyDeps, "verifications" | "limits" | "ledger" | "messages" | "vault">;

export interface RulesOptions {
  /** Where verifications and limits are kept; `database` is SQLite. */
  readonly state?: "database" | "memory";
  /** What the sender carries. */
  readonly maxCodeLength?: number;
  /** Settings over those of `FREE`, under which only the ledger and the attempts of a code limit guesses. */
  readonly settings?: SomeSettings;
  readonly challenges?: Challenges;
  /** Wraps the stores, and the vault, that the rules get. */
  readonly wrap?: (stores: Stores) => Partial<Stores>;
}

export const NO_LIMITS: LimitSettings = {
  phoneSends: [],
  addressSends: [],
  addressChecks: [],
  deviceSends: [],
  prefixSends: [],
  countrySends: [],
  totalSends: [],
  resendMs: 0,
};

type SomeSettings = Partial<Omit<PhonekeyDeps["settings"], "limits">> & {
  readonly limits?: Partial<LimitSettings>;
};

/** No limit on sends or on addresses, and no wait: what is left is what guesses are bounded by. */
const FREE: PhonekeyDeps["settings"] = {
  phones: { defaultCountry: "CN", allowedCountries: ["CN"], strictNumbers: false },
  limits: NO_LIMITS,
  guard: { mode: "off", allow: { countries: [], prefixes: [], networkBits: [] } },
  money: {
    prices: { currency: "CNY", prices: [], free: [] },
    hour: { byCountry: {}, bySender: {} },
    day: { byCountry: {}, bySender: {} },
  },
  codeLengths: { usual: 6, most: 8 },
  codeTtlMs: 5 * MINUTE,
  codeAttempts: 3,
  testNumbers: [],
  brandName: "Phonekey",
  recycled: { unusedMs: 90 * DAY, sparesProtected: false },
  phoneChangeMs: 24 * 60 * MINUTE,
  signUp: "open",
  session: { accessTokenMs: 15 * MINUTE, sessionMs: 30 * DAY, idleMs: 14 * DAY },
};

/** The rules alone, on real stores, keys and tokens: what every door calls, without a door. */
export async function createRules(options: RulesOptions = {}) {
  const clock = createTestClock();
  const decisions: Decision[] = [];
  const sms = createTestSender("test", options.maxCodeLength);
  const database = await openSqlite(":memory:");
  await migrate(database, clock);
  const most = options.maxCodeLength ?? FREE.codeLengths.most;
  const limits = { ...FREE.limits, ...options.settings?.limits };
  const settings = { ...FREE, codeLengths: { usual: 6, most }, ...options.settings, limits };
  let running = await boot();

  /** What a process does when it starts: only the database is the same as before. */
  async function boot() {
    const sql: SqlStores = createSqlStores(database, { clock, onStaleKey: () => keyring.invalidate() });
    const keyring = createKeyring({ store: sql.keys, secrets: SECRETS, clock, random: systemRandom });
    await keyring.ensure();
    const { verifications, limits, messages, ledger, baselines, ...kept } = sql;
    const state =
      options.state === "memory"
        ? { verifications: createMemoryVerificationStore(), limits: createMemoryLimitStore() }
        : { verifications, limits };
    const vault = createPhoneVault({ keyring, random: systemRandom });
    const stores = { ...state, messages, ledger, vault };
    const deps: PhonekeyDeps = {
      ...kept,
      ...stores,
      ...options.wrap?.(stores),
      onErased: () => {},
      onUnreadable: (error) => {
        throw error;
      },
      totp: createTotp({ random: systemRandom }),
      passkeys: createPasskeys(),
      onNoticeError: (error) => {
        throw error;
      },
      passwordHasher: createPasswordHasher({ random: systemRandom }),
      commonPasswords: createCommonPasswords(),
      isWithin: () => false,
      reportApiKey: () => {},
      clock,
      random: systemRandom,
      keyring,
      tokens: createTokens({ keyring, issuer: "http://localhost", audience: "http://localhost" }),
      route: [sms.sender],
      deadline: () => deadlineIn(600_000),
      report: () => {},
      alerts: SILENT_ALERTS,
      ...UNOBSERVED,
      onDecision: (decision) => void decisions.push(decision),
      learned: createLearned(baselines, clock, () => {}),
      ...(options.challenges && { challenges: options.challenges }),
      settings,
    };
    return { deps, phonekey: createPhonekey(deps) };
  }

  const rules = {
    clock,
    /** What was decided of each send, oldest first. */
    decisions,
    sms,
    database,
    deps: () => running.deps,
    phonekey: () => running.phonekey,

    /** Starts a verification; the refusal's code if it is refused. */
    async start(client: Client = {}, phone = PHONE): Promise<VerificationView | string> {
      const input = { phone, purpose: "sign_in", locale: "en", client } as const;
      const started = await running.phonekey.verifications.start(input);
      return started.ok ? started.value : started.refusal.code;
    },
    /** Starts one that must not be refused. */
    async started(client: Client = {}, phone = PHONE): Promise<VerificationView & { code: string }> {
      const view = await rules.start(client, phone);
      if (typeof view === "string") throw new Error(`the start was refused: ${view}`);
      return { ...view, code: await rules.codeOf(view.id) };
    },
    /** The code of a verification, even if several starts race and the last message may be another's. */
    async codeOf(id: string): Promise<string> {
      const verification = await running.deps.verifications.find(id);
      if (!verification) throw new Error("there is no such verification");
      const phone = await running.deps.vault.open(verification.sealedPhone, id);
      const wanted = { phone, purpose: verification.purpose };
      const testNumber = testNumberOf(settings.testNumbers, wanted, clock.now());
      return await codeOf(running.deps, { verification, testNumber });
    },
    /** Tries a code; `approved`, or the refusal's code. */
    async guess(verificationId: string, code: string, client: Client = {}, purpose: string = "sign_in") {
      const input = { verificationId, code, client, purposes: [purpose as Purpose] };
      const checked = await checkCode(running.deps, input);
      return checked.ok ? "approved" : checked.refusal.code;
    },
    /** Signs in on a device that is known from then on; resolves with its token. */
    async knownDevice(phone = PHONE): Promise<{ client: Client; signedIn: SignedIn }> {
      const { id, code } = await rules.started({}, phone);
      const input = { verificationId: id, code, client: {}, userAgent: "test" };
      const signedIn = await running.phonekey.signIn.byCode(input);
      if (!signedIn.ok) throw new Error(signedIn.refusal.code);
      const { deviceToken } = await running.phonekey.sessions.tokens(signedIn.value);
      return { client: { deviceToken }, signedIn: signedIn.value };
    },
    /** All wrong guesses of the phone that the ledger has, oldest first. */
    async ledger(bucket: Bucket = "stranger", phone = PHONE): Promise<readonly WrongGuess[]> {
      const tags = await running.deps.vault.tags(phone as Phone);
      return await running.deps.ledger.read(tags, bucket, 0);
    },
    /** Gives all phones tags of a new key. The process does not know of it. */
    async retag(): Promise<{ readonly keyId: string }> {
      const { keys: store } = createSqlStores(database, { clock, onStaleKey: () => {} });
      return await retag({
        ...{ store, secrets: SECRETS, clock, random: systemRandom },
        retagBatch: (batch) => retagBatch(database, batch),
      });
    },
    /** Ends the process and starts another on the same database. */
    async restart(): Promise<void> {
      running = await boot();
    },
    close: () => database.close(),
  };
  return rules;
}

export type Rules = Awaited<ReturnType<typeof createRules>>;

/** Lets other calls run in between, for a while that differs from call to call but not from run to run. */
export function createJitter(seed = 1) {
  let state = seed;
  return async (): Promise<void> => {
    state = (state * 48_271) % 2_147_483_647;
    for (let turns = state % 6; turns > 0; turns--) await new Promise(setImmediate);
  };
}

/** The same object, with a pause before and after each of its methods. */
export function withPauses<T extends object>(store: T, pause: () => Promise<void>): T {
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]) => {
        await pause();
        const result: unknown = await method.apply(target, args);
        await pause();
        return result;
      };
    },
  });
}
