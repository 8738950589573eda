import { checkCode, database, issue, newId, read, storeCode, transaction } from "./parts.js";
import { serve } from "./wire.js";

/**
 * The least correct input and output of a sign-in: a Lua call to store the code and one to check it, one insert for the message, one
 * transaction for user and session, an ES256 signature. No limits, no ledger, no budget, no encryption, no trail.
 */
await database.query(
  `create table if not exists floor_messages (id char(32) primary key, phone varchar(20), at bigint)`,
);
await database.query(
  `create table if not exists floor_users (id char(32) primary key, phone varchar(20) unique, at bigint)`,
);
await database.query(
  `create table if not exists floor_sessions (id char(32) primary key, user_id char(32), at bigint, key (user_id))`,
);

async function start({ phone }) {
  const { id, code } = await storeCode(phone);
  await database.execute("insert into floor_messages values (?, ?, ?)", [newId(), phone, Date.now()]);
  return { status: 201, body: { id }, headers: { "x-code": code } };
}

async function open({ verificationId, code }) {
  const phone = await checkCode(verificationId, code);
  if (!phone) return { status: 401, body: {} };
  const sid = newId();
  const sub = await transaction(async (trx) => {
    await trx.execute("insert into floor_users values (?, ?, ?) on duplicate key update id = id", [
      newId(),
      phone,
      Date.now(),
    ]);
    const [[user]] = await trx.execute("select id from floor_users where phone = ?", [phone]);
    await trx.execute("insert into floor_sessions values (?, ?, ?)", [sid, user.id, Date.now()]);
    return user.id;
  });
  return { status: 201, body: { accessToken: issue({ sub, sid }), user: { id: sub } } };
}

async function me(_input, { headers }) {
  const claims = read(headers.authorization.slice("Bearer ".length));
  if (!claims) return { status: 401, body: {} };
  const [[found]] = await database.execute(
    "select u.id, u.phone from floor_sessions s join floor_users u on u.id = s.user_id where s.id = ?",
    [claims.sid],
  );
  return { status: 200, body: found };
}

serve({ "POST /v1/verifications": start, "POST /v1/sessions": open, "GET /v1/me": me });
