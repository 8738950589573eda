import { randomInt } from "node:crypto";
import type { Job } from "./job.ts";
import {
  type Answer,
  betterAuthWire,
  demoWire,
  nativeWire,
  type Sent,
  type Started,
  type Wire,
} from "./wires.ts";

const WIRES = { demo: () => demoWire, "better-auth": () => betterAuthWire, native: nativeWire };
/** Some are lost with a connection that is cut. */
const PHONES_A_CONNECTION = 8;
/** Twice what the fastest of all systems checks. */
const PREPARED_A_SECOND = 4_000;
/** What a verification takes, so many wrong guesses are made at each. */
const ATTEMPTS = 3;
const AT_A_TIME = 16;

/** One request of a scenario: what is sent, and whether the answer is as it has to be. */
export interface Step {
  request(context: Context): Sent | undefined;
  answered(answer: Answer, context: Context): boolean;
}

/** What a connection keeps from one step to the next. */
export interface Context {
  phone?: string;
  started?: Started;
  token?: string;
  sentAt?: number;
}

interface Scenario {
  /** What has to be there before; not in the figures. */
  prepare?(): Promise<void>;
  readonly steps: readonly Step[];
}

export function scenarioOf(job: Job): Scenario {
  const wire: Wire = WIRES[job.wire](job.codeKey);
  const send = createSend(job);
  const prepared = Math.ceil(PREPARED_A_SECOND * job.seconds);
  const startStep = (phoneOf: () => string): Step => ({
    request(context) {
      context.phone = phoneOf();
      return wire.start(context.phone);
    },
    answered(answer, context) {
      const started = wire.started(answer);
      if (started) context.started = started;
      return started !== undefined;
    },
  });
  const openStep: Step = {
    request: ({ phone, started }) => (phone && started ? wire.open(phone, started) : undefined),
    answered: (answer) => wire.opened(answer) !== undefined,
  };
  const startOne = async () => {
    const phone = newPhone();
    return { phone, started: defined(wire.started(await send(wire.start(phone))), "a start") };
  };
  const openOne = async (phone: string) => {
    const started = defined(wire.started(await send(wire.start(phone))), "a start");
    return defined(wire.opened(await send(wire.open(phone, started))), "a sign-in");
  };

  switch (job.kind) {
    case "cycle, new number":
      return { steps: [startStep(newPhone), openStep] };
    case "cycle, returning number": {
      const phones = Array.from({ length: job.connections * PHONES_A_CONNECTION }, newPhone);
      return {
        prepare: async () => void (await atATime(phones, openOne)),
        steps: [
          handingBack(
            startStep(() => defined(phones.shift(), "a number")),
            phones,
            (isRight) => !isRight,
          ),
          handingBack(openStep, phones, () => true),
        ],
      };
    }
    case "start":
      return { steps: [startStep(newPhone)] };
    case "check":
    case "wrong guess": {
      const isRight = job.kind === "check";
      let waiting: { phone: string; started: Started }[] = [];
      const uses = isRight ? 1 : ATTEMPTS;
      const take: Step = {
        request() {
          const { phone, started } = defined(waiting.pop(), "anything prepared");
          return wire.open(phone, isRight ? started : { ...started, code: otherThan(started.code) });
        },
        answered: (answer) => (isRight ? wire.opened(answer) !== undefined : answer.status === 401),
      };
      return {
        prepare: async () => {
          const each = await atATime(Array.from({ length: Math.ceil(prepared / uses) }), startOne);
          waiting = Array.from({ length: uses }, () => each).flat();
        },
        steps: [take],
      };
    }
    case "refused start": {
      let phones: readonly string[] = [];
      let next = 0;
      return {
        prepare: async () => {
          const started = await atATime(Array.from({ length: job.connections }), startOne);
          phones = started.map(({ phone }) => phone);
        },
        steps: [
          {
            request: () => wire.start(phones[next++ % phones.length] ?? ""),
            answered: ({ status }) => status === 429,
          },
        ],
      };
    }
    case "refresh":
    case "me": {
      const isRefresh = job.kind === "refresh";
      const tokens: string[] = [];
      return {
        prepare: async () => {
          const phones = Array.from({ length: 2 * job.connections }, newPhone);
          const opened = await atATime(phones, openOne);
          tokens.push(...opened.map((each) => (isRefresh ? each.refreshToken : each.accessToken) ?? ""));
        },
        steps: [isRefresh ? refreshStep(tokens) : readStep(tokens)],
      };
    }
    case "nothing":
      return {
        steps: [{ request: () => ({ method: "GET", path: "/" }), answered: ({ status }) => status === 200 }],
      };
  }
}

/** Each number is one connection's at a time; when its cycle is over it comes again, behind the others. */
function handingBack(step: Step, phones: string[], isOver: (isRight: boolean) => boolean): Step {
  return {
    ...step,
    answered(answer, context) {
      const isRight = step.answered(answer, context);
      if (isOver(isRight) && context.phone) phones.push(context.phone);
      return isRight;
    },
  };
}

/** Each token is one connection's at a time; its successor comes behind the others. */
function refreshStep(tokens: string[]): Step {
  return {
    request: () => ({
      method: "POST",
      path: "/v1/sessions/refresh",
      body: { refreshToken: defined(tokens.shift(), "a refresh token") },
    }),
    answered({ status, body }) {
      if (status === 200) tokens.push((JSON.parse(body) as { refreshToken: string }).refreshToken);
      return status === 200;
    },
  };
}

function readStep(tokens: readonly string[]): Step {
  let next = 0;
  return {
    request: () => ({
      method: "GET",
      path: "/v1/me",
      headers: { authorization: `Bearer ${tokens[next++ % tokens.length]}` },
    }),
    answered: ({ status }) => status === 200,
  };
}

function defined<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} was refused, or used up`);
  return value;
}

function otherThan(code: string): string {
  return code.replace(/^./, (first) => String((Number(first) + 1) % 10));
}

/** Numbers of mainland China, all over its prefixes; none comes twice from one process. */
const NUMBERS = 7_000_000_000;
const STRIDE = 2_654_435_761;
let last = randomInt(NUMBERS);

function newPhone(): string {
  last = (last + STRIDE) % NUMBERS;
  return `+86${13_000_000_000 + last}`;
}

/** Many people, as a proxy tells of them. */
function newAddress(): string {
  return ["47", randomInt(256), randomInt(256), randomInt(256)].join(".");
}

export function headersOf({ body, headers }: Sent): Record<string, string> {
  return {
    ...(body && { "content-type": "application/json" }),
    "x-forwarded-for": newAddress(),
    ...headers,
  };
}

/** One request outside of what is measured. */
function createSend({ urls }: Job): (sent: Sent) => Promise<Answer> {
  let next = 0;
  return async (sent) => {
    const response = await fetch(`${urls[next++ % urls.length]}${sent.path}`, {
      method: sent.method,
      headers: headersOf(sent),
      ...(sent.body && { body: JSON.stringify(sent.body) }),
    });
    const headers = Object.fromEntries(response.headers);
    return { status: response.status, body: await response.text(), headers };
  };
}

async function atATime<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of left) results.push(await act(item));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return results;
}
