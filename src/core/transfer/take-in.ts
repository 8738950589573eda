import type { User } from "../account/ports.ts";
import { type AdmitDeps, admit, type Incoming, type IncomingUser } from "./incoming.ts";
import type { UserTransferStore } from "./ports.ts";

export interface TakeInDeps extends AdmitDeps {
  readonly transfer: UserTransferStore;
}

export type Outcome = "imported" | "already_there" | "id_taken" | "phone_taken" | "refused";

/** Somebody who signs up meanwhile costs one more round; more than a few mean that something else is wrong. */
const MOST_ROUNDS = 10;

/** Takes in who can be, in one durable transaction, and tells for each place of the batch what came of it. */
export async function takeIn(deps: TakeInDeps, batch: readonly Incoming[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = batch.map(() => "refused");
  let open = await candidatesOf(deps, batch);
  for (let round = 0; open.length > 0; round += 1) {
    if (round === MOST_ROUNDS) throw new Error("The database takes these users neither as new nor as known.");
    open = await takeRound(deps, open, outcomes);
  }
  return outcomes;
}

interface Candidate {
  /** Its place in the batch. */
  readonly at: number;
  readonly user: IncomingUser;
  readonly phoneTag: string;
}

async function candidatesOf({ vault }: TakeInDeps, batch: readonly Incoming[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const [at, { user }] of batch.entries()) {
    if (user.ok) candidates.push({ at, user: user.value, phoneTag: await vault.tag(user.value.phone) });
  }
  return candidates;
}

/** Resolves with those whose id or phone somebody else got between the look and the insert. */
async function takeRound(
  deps: TakeInDeps,
  candidates: readonly Candidate[],
  outcomes: Outcome[],
): Promise<Candidate[]> {
  const register = await registerFor(deps, candidates);
  const drafts = new Map<Candidate, User>();
  for (const candidate of candidates) {
    const verdict = register.judge(candidate);
    if (verdict === "free") {
      const draft = await admit(deps, candidate.user, candidate.phoneTag);
      register.add(draft);
      drafts.set(candidate, draft);
    } else outcomes[candidate.at] = verdict;
  }
  const added = await deps.transfer.add([...drafts.values()], deps.clock.now());
  const lost: Candidate[] = [];
  for (const [candidate, { id }] of drafts) {
    if (added.has(id)) outcomes[candidate.at] = "imported";
    else lost.push(candidate);
  }
  return lost;
}

async function registerFor({ transfer }: TakeInDeps, candidates: readonly Candidate[]) {
  const ids = candidates.flatMap(({ user }) => (user.id === undefined ? [] : [user.id]));
  const tags = candidates.map(({ phoneTag }) => phoneTag);
  return createRegister(await transfer.taken(ids, tags));
}

/** Who has which id and phone. */
function createRegister(users: readonly Pick<User, "id" | "phoneTag">[]) {
  const ids = new Set(users.map(({ id }) => id));
  const holders = new Map(users.map(({ id, phoneTag }) => [phoneTag, id]));
  return {
    judge({ user, phoneTag }: Candidate): "free" | Outcome {
      const holder = holders.get(phoneTag);
      if (holder !== undefined && (user.id === undefined || user.id === holder)) return "already_there";
      if (holder !== undefined) return "phone_taken";
      return user.id !== undefined && ids.has(user.id) ? "id_taken" : "free";
    },
    add({ id, phoneTag }: User) {
      ids.add(id);
      holders.set(phoneTag, id);
    },
  };
}
