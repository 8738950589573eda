import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { checkCode, database, issue, newId, storeCode, transaction } from "./parts.js";
import { serve } from "./wire.js";

/**
 * The least input and output, but with the durable writes that Phonekey makes, on its own schema: the message before it is sent
 * and its outcome after, and in one transaction the key's lock, user, session, trail and converted message.
 */
const KEY = "floor";
const SEALED = "v1.0123456789abcdef0123456789abcdef.".padEnd(110, "x");

execFileSync(process.execPath, [join(import.meta.dirname, "../../bin/phonekey.js"), "migrate"], {
  stdio: ["ignore", "ignore", "inherit"],
});
await database.query(
  `insert into \`keys\` (id, kind, sequence, wrapped, secret_id, created_at, active_from) values ('${KEY}', 'tag', 1, '', '', 0, 0)
   on duplicate key update id = id`,
);

async function start({ phone }) {
  const { id, code } = await storeCode(phone);
  const message = newId();
  await insert(database, "messages", {
    id: message,
    verification_id: id,
    phone_tag: `${KEY}.${phone}`,
    sealed_phone: SEALED,
    purpose: "sign_in",
    bucket: "stranger",
    status: "sending",
    created_at: Date.now(),
    converted: 0,
    price: 50_000,
    member: `${id}.1`,
    country: "CN",
  });
  await database.execute(
    `update messages set sender = ?, provider_id = ?, price = ?, status = case when status in ('delivered', 'failed') then status else ? end
     where id = ?`,
    ["bench", null, 50_000, "accepted", message],
  );
  return { status: 201, body: { id }, headers: { "x-code": code } };
}

async function open({ verificationId, code }) {
  const phone = await checkCode(verificationId, code);
  if (!phone) return { status: 401, body: {} };
  const sid = newId();
  const sub = await transaction((trx) => signIn(trx, `${KEY}.${phone}`, sid, verificationId));
  return { status: 201, body: { accessToken: issue({ sub, sid }), user: { id: sub } } };
}

async function signIn(trx, tag, sid, verificationId) {
  const [id, now] = [newId(), Date.now()];
  await trx.execute("select id from `keys` where id = ? and kind = 'tag' lock in share mode", [KEY]);
  await trx.execute(
    `insert into users (id, phone_tag, sealed_phone, name, avatar, device_epoch, created_at, updated_at) values (?, ?, ?, '', 1, 0, ?, ?)
     on duplicate key update id = id`,
    [id, tag, SEALED, now, now],
  );
  const [[user]] = await trx.execute("select * from users where phone_tag = ?", [tag]);
  await insert(trx, "sessions", {
    id: sid,
    user_id: user.id,
    generation: 0,
    rotated_at: now,
    refresh_key_id: KEY,
    device_id: sid,
    user_agent: "",
    created_at: now,
    last_used_at: now,
    expires_at: now + 86_400_000,
  });
  const events = user.id === id ? ["sign_up", "sign_in"] : ["sign_in"];
  for (const type of events)
    await insert(trx, "events", { type, user_id: user.id, session_id: sid, at: now });
  await trx.execute("update messages set converted = 1 where verification_id = ?", [verificationId]);
  return user.id;
}

async function insert(on, table, row) {
  const names = Object.keys(row);
  const marks = names.map(() => "?").join(", ");
  await on.execute(`insert into ${table} (${names}) values (${marks})`, Object.values(row));
}

serve({ "POST /v1/verifications": start, "POST /v1/sessions": open });
