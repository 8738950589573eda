import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Answer,
  bearer,
  type Client,
  createClient,
  newPhone,
  type Started,
  wrongCode,
} from "../process/client.ts";
import type { Promised } from "../process/load.ts";
import { canary } from "../support/canaries.ts";
import type { RunningServer } from "../support/server.ts";
import type { OpenedSession } from "../support/world.ts";

export interface Person extends Promised {
  /** Wrong guesses that were certainly looked at, and all that were sent. */
  readonly wrong: { readonly answered: number; readonly asked: number };
}

/** The answers that the load got. */
export interface Truth {
  readonly people: Person[];
  /** The first verification of each phone at which wrong codes are tried all the time. */
  readonly attacked: Map<string, string>;
  /** Answers that no fault of a store excuses. */
  readonly surprises: string[];
  readonly statuses: Map<number, number>;
  slowestMs: number;
}

export interface LoadOptions {
  /** The processes as they are now. */
  readonly servers: () => readonly RunningServer[];
  /** When Redis last lost its memory. */
  readonly redisLostAt: () => number;
  /** Whether processes are being killed, so that connections to them break. */
  readonly areKilled: boolean;
  readonly people?: number;
  readonly attackers?: number;
}

export interface Load {
  readonly truth: Truth;
  /** Lets everybody finish the present request. */
  stop(): Promise<Truth>;
}

const PAUSE_MS = 100;

/** People who sign up, change things and sign out, and attackers who guess, until `stop` is called. */
export function startLoad(options: LoadOptions): Load {
  const truth: Truth = {
    people: [],
    attacked: new Map(),
    surprises: [],
    statuses: new Map(),
    slowestMs: 0,
  };
  const stopping = new AbortController();
  const world: World = { ...options, truth, isStopping: () => stopping.signal.aborted };
  const repeat = async (act: () => Promise<void>) => {
    while (!stopping.signal.aborted) await act();
  };
  const everybody = [
    ...Array.from({ length: options.people ?? 6 }, () => repeat(() => live(world))),
    ...Array.from({ length: options.attackers ?? 2 }, () => {
      const phone = newPhone();
      // Two at the same phone, so that they race.
      return Promise.all([repeat(() => attack(world, phone)), repeat(() => attack(world, phone))]);
    }),
  ];
  return {
    truth,
    async stop() {
      stopping.abort();
      await Promise.all(everybody);
      return truth;
    },
  };
}

interface World extends LoadOptions {
  readonly truth: Truth;
  readonly isStopping: () => boolean;
}

type Ask<T> = (client: Client) => Promise<Answer<T>>;

/**
 * Asks any process once. Undefined if its process was killed meanwhile. Counts the answers, and notes those that
 * must not occur, whatever happens to a store.
 */
async function ask<T>(world: World, what: string, send: Ask<T>): Promise<Answer<T> | undefined> {
  const { truth, areKilled } = world;
  const servers = world.servers();
  const server = servers[randomInt(servers.length)];
  if (!server) throw new Error("there is no process to ask");
  const began = performance.now();
  try {
    const answer = await send(createClient(server));
    truth.slowestMs = Math.max(truth.slowestMs, performance.now() - began);
    truth.statuses.set(answer.status, (truth.statuses.get(answer.status) ?? 0) + 1);
    const complaint = complaintAbout(answer);
    if (complaint) truth.surprises.push(`${what}: ${complaint}`);
    return answer;
  } catch (error) {
    if (!areKilled) truth.surprises.push(`${what}: ${error instanceof Error ? error.cause : error}`);
    await sleep(PAUSE_MS);
    return undefined;
  }
}

/** An unavailable store is 503 with Retry-After, and nothing about the store. */
function complaintAbout({ status, headers, body }: Answer<unknown>): string | undefined {
  if (status < 500) return undefined;
  const { code } = body as { code?: string };
  if (status !== 503 || code !== "unavailable") return `${status} ${JSON.stringify(body)}`;
  if (!(Number(headers.get("retry-after")) >= 1)) return "503 without Retry-After";
  return headers.get("content-type")?.startsWith("application/problem+json")
    ? undefined
    : "503 of a wrong type";
}

/** Asks again while a store is away; undefined if the load ends first. `tries` counts how often it was asked. */
async function insist<T>(
  world: World,
  what: string,
  send: Ask<T>,
): Promise<{ readonly answer: Answer<T>; readonly tries: number } | undefined> {
  for (let tries = 1; ; tries++) {
    const answer = await ask(world, what, send);
    if (answer && answer.status !== 503) return { answer, tries };
    if (world.isStopping()) return undefined;
    await sleep(PAUSE_MS);
  }
}

function surprise({ truth }: World, what: string, { status, body }: Answer<unknown>): void {
  truth.surprises.push(`${what}: ${status} ${JSON.stringify(body)}`);
}

async function live(world: World): Promise<void> {
  const person = await signUp(world);
  if (!person) return;
  world.truth.people.push(person);
  for (const step of [rename, refresh, rename, refresh, signOut]) {
    if (!(await step(world, person))) return;
  }
}

async function signUp(world: World): Promise<Person | undefined> {
  const phone = newPhone();
  const startedAt = Date.now();
  const id = await start(world, phone);
  const code = id && (await codeFor(world, phone));
  if (!id || !code) return undefined;
  const wrong = { answered: 0, asked: 0 };
  if (randomInt(2) === 0) {
    wrong.asked += 1;
    const guessed = await ask(world, "wrong guess", (client) => client.open(id, wrongCode(code)));
    if (guessed?.status === 401) wrong.answered += 1;
    else if (guessed && guessed.status !== 503) surprise(world, "wrong guess", guessed);
  }
  const opened = await insist(world, "sign-in", (client) => client.open(id, code));
  if (opened?.answer.status === 201) {
    const session = opened.answer.body;
    return { phone, session, name: "", askedName: "", isSignedOut: false, askedSignOut: false, wrong };
  }
  // A code that was consumed without an answer is used up; and a lost Redis loses its verifications.
  const isExcused = opened === undefined || opened.tries > 1 || world.redisLostAt() >= startedAt;
  if (!isExcused) surprise(world, "sign-in", opened.answer);
  return undefined;
}

/** Always with the same key, so that a repeated request never sends again. */
async function start(world: World, phone: string): Promise<string | undefined> {
  const headers = { "idempotency-key": randomUUID() };
  const send: Ask<Started> = (client) => client.post<Started>("/v1/verifications", { phone }, headers);
  const started = await insist(world, "start", send);
  if (started?.answer.status === 201) return started.answer.body.id;
  // What was counted before a store went away stays counted, so this phone has to wait.
  if (started && (started.tries === 1 || ![409, 429].includes(started.answer.status)))
    surprise(world, "start", started.answer);
  return undefined;
}

/** Each process shows the messages that it sent itself; a killed one has forgotten them. Only one was asked for. */
async function codeFor(world: World, phone: string): Promise<string | undefined> {
  const inboxes = await Promise.all(
    world.servers().map((server) =>
      createClient(server)
        .inbox(phone)
        .catch(() => []),
    ),
  );
  const mails = inboxes.flat();
  if (mails.length > 1) world.truth.surprises.push(`${mails.length} messages for one start`);
  const code = /#(\d{6,8})$/.exec(mails[0]?.text ?? "")?.[1];
  if (code) canary("code", code);
  else if (!world.areKilled) world.truth.surprises.push("a message that was sent is in no inbox");
  return code;
}

type Step = (world: World, person: Person) => Promise<boolean>;

const rename: Step = async (world, person) => {
  person.askedName = `Name ${randomInt(2 ** 40)}`;
  const headers = bearer(person.session.accessToken);
  const send: Ask<object> = (client) => client.call("PATCH", "/v1/me", headers, { name: person.askedName });
  const renamed = await insist(world, "rename", send);
  if (renamed?.answer.status === 200) person.name = person.askedName;
  else if (renamed) surprise(world, "rename", renamed.answer);
  return renamed?.answer.status === 200;
};

/** Repeats a refresh that was not answered with the same token, which never ends the session (T23). */
const refresh: Step = async (world, person) => {
  const { refreshToken } = person.session;
  const send: Ask<OpenedSession> = (client) =>
    client.post<OpenedSession>("/v1/sessions/refresh", { refreshToken });
  const refreshed = await insist(world, "refresh", send);
  if (refreshed?.answer.status === 200) person.session = { ...person.session, ...refreshed.answer.body };
  else if (refreshed) surprise(world, "refresh", refreshed.answer);
  return refreshed?.answer.status === 200;
};

const signOut: Step = async (world, person) => {
  // Some sessions stay, so that there is something to find afterwards.
  if (randomInt(2) === 0) return true;
  person.askedSignOut = true;
  const headers = bearer(person.session.accessToken);
  const ended = await insist(world, "sign-out", (client) =>
    client.call("DELETE", "/v1/sessions/current", headers),
  );
  const isDone = ended?.answer.status === 204 || (ended?.answer.status === 401 && ended.tries > 1);
  if (isDone) person.isSignedOut = true;
  else if (ended) surprise(world, "sign-out", ended.answer);
  return isDone;
};

/** Asks for every code that it can get for this phone, and tries wrong ones. */
async function attack(world: World, phone: string): Promise<void> {
  const started = await ask(world, "attack", (client) =>
    client.post<Started>("/v1/verifications", { phone }),
  );
  if (started?.status !== 201) {
    if (started && ![429, 503].includes(started.status)) surprise(world, "attack", started);
    await sleep(PAUSE_MS);
    return;
  }
  const { id } = started.body;
  if (!world.truth.attacked.has(phone)) world.truth.attacked.set(phone, id);
  for (let guess = 0; guess < 4; guess++) {
    const code = String(randomInt(10 ** started.body.codeLength)).padStart(started.body.codeLength, "0");
    const guessed = await ask(world, "attack", (client) => client.open(id, code));
    if (guessed && ![401, 503].includes(guessed.status)) surprise(world, "attack", guessed);
  }
}
