import { bearer, createClient } from "../process/client.ts";
import type { Person, Truth } from "./load.ts";
import type { Ground } from "./stage.ts";

/** What a fault must leave at zero. */
export interface Losses {
  /** What was acknowledged and is missing. */
  readonly lost: readonly string[];
  /** Users, messages or generations that exist twice. */
  readonly doubled: readonly string[];
  /** Guesses and sends above their budgets. */
  readonly overspent: readonly string[];
}

/**
 * Compares what was promised with what the stores have. All stores have to be back.
 *
 * @param startedAt when the load began, epoch milliseconds
 */
export async function judge(stage: Ground, truth: Truth, startedAt: number): Promise<Losses> {
  const lost: string[] = [];
  for (let at = 0; at < truth.people.length; at += 6) {
    const people = truth.people.slice(at, at + 6);
    lost.push(...(await Promise.all(people.map((person, n) => missing(stage, person, n)))).flat());
  }
  const overspent = await Promise.all([...truth.attacked.values()].map((id) => overspends(stage, id, truth)));
  lost.push(...(await orphans(stage, startedAt)));
  return { lost, doubled: await doubles(stage), overspent: overspent.flat() };
}

/** What is missing of one person. What was in progress may have happened or not. */
async function missing(stage: Ground, person: Person, n: number): Promise<string[]> {
  const { session, phone, wrong } = person;
  const server = stage.servers[n % stage.servers.length];
  if (!server) throw new Error("there is no process to ask");
  const client = createClient(server);
  const me = await client.get("/v1/me", bearer(session.accessToken));
  const mustBeIn = !person.askedSignOut;
  const wrongs = await countOf(
    stage,
    "failures where phone_tag = (select phone_tag from users where id = ?)",
    session.user.id,
  );
  const found: string[] = [];
  if (person.isSignedOut && me.status !== 401) found.push(`a sign-out: ${me.status}`);
  if (mustBeIn && me.status !== 200) found.push(`a session: ${me.status}`);
  if (me.status === 200) {
    if (me.body.id !== session.user.id || me.body.phone !== phone) found.push("a user");
    if (![person.name, person.askedName].includes(String(me.body.name))) found.push("a name");
    const { refreshToken } = session;
    const refreshed = await client.post("/v1/sessions/refresh", { refreshToken });
    if (refreshed.status !== 200) found.push(`a refresh token: ${refreshed.status}`);
  }
  if (wrongs < wrong.answered) found.push("a wrong guess");
  if (wrongs > wrong.asked) found.push("a wrong guess that nobody made");
  return found;
}

/** Messages that were or may have been sent with a code that cannot verify (T13). A lost Redis loses verifications too. */
async function orphans(stage: Ground, startedAt: number): Promise<string[]> {
  if (stage.redisLostAt >= startedAt) return [];
  const sent =
    "select verification_id as id from messages where status in ('sending', 'accepted', 'unknown')";
  const rows = await stage.rows(`${sent} and created_at >= ?`, startedAt);
  const ids = [...new Set(rows.map(({ id }) => String(id)))];
  const known = await stage.known(ids);
  return known < ids.length ? [`the verifications of ${ids.length - known} messages`] : [];
}

async function countOf(stage: Ground, from: string, ...values: readonly string[]): Promise<number> {
  return Number((await stage.rows(`select count(*) as n from ${from}`, ...values))[0]?.n);
}

async function doubles(stage: Ground): Promise<string[]> {
  const users = await stage.rows("select phone_tag from users group by phone_tag having count(*) > 1");
  const ids = ["none", ...stage.attacked];
  const messages = await stage.rows(
    `select phone_tag from messages group by phone_tag having count(*) > 1 and phone_tag not in
      (select phone_tag from messages where verification_id in (${ids.map(() => "?").join(",")}))`,
    ...ids,
  );
  // Nobody signs in more than once here (T14).
  const sessions = await stage.rows("select user_id from sessions group by user_id having count(*) > 1");
  return [
    ...users.map(() => "a user"),
    ...messages.map(() => "a message"),
    ...sessions.map(() => "a session"),
  ];
}

const HOUR_MS = 3_600_000;
/** `LIMIT_PHONE_SENDS` allows 5 in an hour, and `RESEND_SECONDS` is 1 here. */
const SENDS_PER_HOUR = 5;
const RESEND_MS = 1_000;
const GUESSES = 9;

/** What an attacked phone got above its budgets. */
async function overspends(stage: Ground, verificationId: string, { slowestMs }: Truth): Promise<string[]> {
  const [row] = await stage.rows("select phone_tag from messages where verification_id = ?", verificationId);
  const tag = String(row?.phone_tag);
  const guesses = await countOf(stage, "failures where code_length = 6 and phone_tag = ?", tag);
  const sent = await stage.rows("select created_at as at from messages where phone_tag = ? order by at", tag);
  const times = sent.map(({ at }) => Number(at));
  const found = guesses > GUESSES ? [`${guesses} guesses`] : [];
  if (times.some((at, n) => (times[n + SENDS_PER_HOUR] ?? Number.POSITIVE_INFINITY) < at + HOUR_MS))
    found.push(`${times.length} messages in an hour`);
  for (const [n, at] of times.entries()) {
    const waited = at - (times[n - 1] ?? 0);
    // A message is recorded after it was counted, at most as late as the slowest answer.
    const least = RESEND_MS * 2 ** (n - 1) - slowestMs;
    if (n > 0 && waited < least) found.push(`message ${n + 1} after ${waited} ms`);
  }
  return found;
}
