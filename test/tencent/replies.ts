import { openSqlite } from "../../src/adapters/sql/sqlite/open.ts";

async function readFrom<T>(
  folder: string,
  read: (db: Awaited<ReturnType<typeof openSqlite>>["db"]) => Promise<T>,
) {
  const database = await openSqlite(`sqlite:${folder}/data/phonekey.db`);
  try {
    return await read(database.db);
  } finally {
    await database.close();
  }
}

/** How many replies and opt-outs the database of a world has. */
export function keptIn(folder: string): Promise<{ replies: number; optOuts: number }> {
  return readFrom(folder, async (db) => ({
    replies: (await db.selectFrom("replies").select("id").execute()).length,
    optOuts: (await db.selectFrom("opt_outs").select("id").execute()).length,
  }));
}

/** The text of the first reply, as it is stored. */
export function sealedIn(folder: string): Promise<string> {
  return readFrom(folder, async (db) => {
    const row = await db.selectFrom("replies").select("sealed_text").executeTakeFirstOrThrow();
    return row.sealed_text;
  });
}
