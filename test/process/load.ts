import { randomInt } from "node:crypto";
import type { OpenedSession } from "../support/world.ts";
import { type Answer, bearer, type Client, newPhone, wrongCode } from "./client.ts";

/** What one person was promised: of every change, what was answered, and what was asked for but not answered yet. */
export interface Promised {
  readonly phone: string;
  session: OpenedSession;
  name: string;
  askedName: string;
  isSignedOut: boolean;
  askedSignOut: boolean;
}

export interface Person extends Promised {
  /** The verification at which wrong codes are tried. */
  guessed?: { readonly id: string; readonly code: string; answered: number; asked: number };
}

/** Answers that a server must not give. */
export interface Truth {
  readonly people: Person[];
  readonly surprises: string[];
}

/** Thrown when the server has gone away in the middle of a request. */
class Cut extends Error {}

/** People who sign up and change things, one after another, until the server is gone. */
export async function liveUntilKilled(client: Client, truth: Truth): Promise<void> {
  try {
    for (;;) await live(client, truth);
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
  }
}

async function live(client: Client, truth: Truth): Promise<void> {
  const phone = newPhone();
  const session = await cuttable(() => client.signIn(phone));
  const person: Person = {
    phone,
    session,
    name: "",
    askedName: "",
    isSignedOut: false,
    askedSignOut: false,
  };
  truth.people.push(person);
  const expected = (status: number, { status: got, body }: Answer<unknown>) => {
    if (got !== status) truth.surprises.push(`${got} for ${status}: ${JSON.stringify(body)}`);
  };
  for (const step of [rename, refresh, rename, guessWrong, guessWrong, refresh, signOut]) {
    await cuttable(() => step(client, person, expected));
  }
}

type Step = (
  client: Client,
  person: Person,
  expected: (status: number, answer: Answer<unknown>) => void,
) => Promise<void>;

const rename: Step = async (client, person, expected) => {
  person.askedName = `Name ${randomInt(2 ** 40)}`;
  const { accessToken } = person.session;
  expected(200, await client.call("PATCH", "/v1/me", bearer(accessToken), { name: person.askedName }));
  person.name = person.askedName;
};

const refresh: Step = async (client, person) => {
  person.session = await client.refresh(person.session.refreshToken);
};

const guessWrong: Step = async (client, person, expected) => {
  if (!person.guessed) {
    const { phone, session } = person;
    const started = await client.post<{ id: string }>("/v1/verifications", {
      phone,
      deviceToken: session.deviceToken,
    });
    expected(201, started);
    person.guessed = { id: started.body.id, code: await client.code(phone), answered: 0, asked: 0 };
  }
  const { guessed } = person;
  guessed.asked += 1;
  expected(401, await client.open(guessed.id, wrongCode(guessed.code)));
  guessed.answered += 1;
};

const signOut: Step = async (client, person, expected) => {
  // Some sessions stay, so that there is something to find later.
  if (randomInt(2) === 0) return;
  person.askedSignOut = true;
  expected(204, await client.call("DELETE", "/v1/sessions/current", bearer(person.session.accessToken)));
  person.isSignedOut = true;
};

/** `fetch` says "TypeError: fetch failed" for every connection that breaks. */
async function cuttable<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof TypeError ? new Cut("the server has gone", { cause: error }) : error;
  }
}
