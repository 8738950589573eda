import { expect } from "vitest";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";
import { phoneNo } from "../support.ts";
import { type Answer, codeFor, createFunctionsClient, type Way } from "./client.ts";

/** Where the cases run: a whole Phonekey on real stores, with a new phone and address for each. */
export interface Stage {
  readonly world: World;
  /** A mobile of mainland China as clients of the demo write it, unlike all before. */
  phone(): string;
  /** A client at an address of its own. */
  client(way?: Way): ReturnType<typeof createFunctionsClient>;
  /** The same client at another instance that shares the stores. */
  elsewhere(client: { from: string }): Promise<ReturnType<typeof createFunctionsClient>>;
  /** Lets statements whose text matches fail as if the database were gone, until it is called without one. */
  failOn(statement?: RegExp): void;
  /** How many statements the database got since the last call. */
  statements(): number;
  /** Removes a user for good. */
  erase(userId: string): Promise<void>;
  close(): Promise<void>;
}

/** @param run runs SQL on the database of the stage */
export async function openStage(
  options: Pick<WorldOptions, "env">,
  run: (world: World, statement: string) => Promise<void>,
): Promise<Stage> {
  let failing: RegExp | undefined;
  let statements = 0;
  const onStatement = (text: string) => {
    statements += 1;
    if (failing?.test(text)) throw new UnavailableError("the database", { cause: undefined });
  };
  // The cases are many clients of one network that never finish: the guard would block that network.
  const env = { ...options.env, GUARD_MODE: "off", LIMIT_PREFIX_SENDS: "unlimited" };
  const world = await createWorld({ env, parts: { onStatement } });
  const others: World[] = [];
  let used = 0;
  return {
    world,
    phone: () => phoneNo(++used * 10_007).slice(3),
    client: (way) => {
      used += 1;
      return createFunctionsClient(() => world, `198.51.${used >> 8}.${used & 255}`, way);
    },
    async elsewhere({ from }) {
      const other = await createWorld({ env, folder: world.folder, clock: world.clock });
      others.push(other);
      return createFunctionsClient(() => other, from);
    },
    failOn(statement) {
      failing = statement;
    },
    statements() {
      const counted = statements;
      statements = 0;
      return counted;
    },
    async erase(userId) {
      await run(world, `DELETE FROM sessions WHERE user_id = '${userId}'`);
      await run(world, `DELETE FROM users WHERE id = '${userId}'`);
    },
    async close() {
      for (const other of others) await other.close();
      await world.close();
    },
  };
}

/** One path through the demo's functions: what it answers there, and here. */
export interface Case {
  readonly name: string;
  /** The defect of the demo that shows here: D1 to D38. */
  readonly defect?: string;
  /** The demo's `errorCode`, or what it does instead of answering. */
  readonly demo: number | string;
  /** Our `errorCode`, if it differs. */
  readonly ours?: number;
  readonly play: (stage: Stage) => Promise<Answer>;
}

/** The messages that the tutorial prints. */
const PRINTED: Readonly<Record<number, string>> = {
  [-1001]: "Missing parameter",
  [-1100]: "The verification code has expired",
  [-1102]: "The verification code is incorrect. Please enter again.",
  [-1103]: "Unmatched sessionId",
};

export async function expectOurs({ demo, ours = Number(demo), play }: Case, stage: Stage): Promise<void> {
  const answer = await play(stage);
  expect(answer.errorCode, JSON.stringify(answer)).toBe(ours);
  expect(answer.errorMessage).toBe(PRINTED[ours] ?? answer.errorMessage);
  if (ours === -1003) expect(answer.data).toMatchObject({ codeStr: expect.any(String) });
  else if (ours !== 0) expect(answer.data).toBeUndefined();
}

/** A well-formed session id that no verification has. */
export const NO_SESSION = "A".repeat(22);

/** A client that asked for a code and got it. */
export async function asked(stage: Stage) {
  const [client, phone] = [stage.client(), stage.phone()];
  const sessionId = await client.started(phone);
  return { client, phone, sessionId, code: codeFor(stage.world, phone) };
}

/** A client that has signed in. */
export async function signedIn(stage: Stage) {
  const [client, phone] = [stage.client(), stage.phone()];
  return { client, phone, ...(await client.signedIn(phone)) };
}
