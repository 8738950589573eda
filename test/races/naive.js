// The control of the races: a process that looks at guesses as much published code does. It reads the attempts, thinks,
// and writes them: `naive.js redis <port> <id> <allowed> <guesses>` or `naive.js mariadb <port> <database> <id> <allowed>
// <guesses>`. It says `ready`, waits for a line, and prints how many guesses it looked at.
import { once } from "node:events";
import { createClient } from "@redis/client";
import { createConnection } from "mysql2/promise";

const [store, port, ...rest] = process.argv.slice(2);
const [allowed, guesses] = rest.slice(-2).map(Number);

async function redisGuess(id) {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  return {
    async guess() {
      const used = Number(await client.get(id));
      if (used >= allowed) return false;
      await client.set(id, String(used + 1));
      return true;
    },
    close: () => client.destroy(),
  };
}

async function mariadbGuess(database, id) {
  const connection = await createConnection({
    host: "127.0.0.1",
    port: Number(port),
    user: "root",
    database,
  });
  return {
    async guess() {
      const [[row]] = await connection.execute("select used from naive where id = ?", [id]);
      if (row.used >= allowed) return false;
      await connection.execute("update naive set used = ? where id = ?", [row.used + 1, id]);
      return true;
    },
    close: () => connection.end(),
  };
}

const { guess, close } = store === "redis" ? await redisGuess(rest[0]) : await mariadbGuess(rest[0], rest[1]);
console.log("ready");
await once(process.stdin, "data");
const looks = await Promise.all(Array.from({ length: guesses }, guess));
console.log(looks.filter(Boolean).length);
await close();
process.stdin.destroy();
