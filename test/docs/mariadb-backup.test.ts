import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { asRoot, hasMariadb, mariadbServer, newDatabase } from "../support/services/mysql.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/running.md"), "utf8");
const hasClient = ["mysql", "mysqldump"].every((name) => !spawnSync(name, ["--version"]).error);

function commandOf(pattern: RegExp): string {
  return pattern.exec(page)?.[0] ?? "false";
}

/** Runs commands of the page on this database, as a user with only the rights that the page grants. */
async function shellOf(database: string) {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-backup-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [, rights = ""] = /^GRANT (.*) ON phonekey\.\* TO/m.exec(page) ?? [];
  const { host, port } = mariadbServer();
  await asRoot(
    `CREATE USER '${database}'@'%' IDENTIFIED BY 'password'`,
    `GRANT ${rights} ON ${database}.* TO '${database}'@'%'`,
  );
  const client = `[client]\nhost=${host}\nport=${port}\nuser=${database}\npassword=password\n`;
  writeFileSync(join(folder, ".my.cnf"), client);
  return (command: string) => {
    const text = command.replaceAll(/phonekey(?!\.sql)/g, database);
    const { status, stderr } = spawnSync("bash", ["-ec", text], {
      cwd: folder,
      env: { ...process.env, HOME: folder },
      encoding: "utf8",
    });
    return { status, stderr };
  };
}

describe.runIf(hasMariadb() && hasClient)("the backup in docs/running.md", () => {
  it("is made and restored by Phonekey's own user", async () => {
    const { database } = await newDatabase();
    const sh = await shellOf(database);
    await asRoot(
      `CREATE TABLE ${database}.users (id VARCHAR(8) PRIMARY KEY)`,
      `INSERT INTO ${database}.users VALUES ('kept')`,
    );
    expect(sh(commandOf(/^\(umask 077 && mysqldump .*$/m))).toMatchObject({ status: 0 });
    await asRoot(`CREATE TABLE ${database}.later (id INT)`, `DELETE FROM ${database}.users`);
    expect(sh(commandOf(/^mysql -e .*\nmysql .*$/m))).toMatchObject({ status: 0 });
    expect(await asRoot(`SELECT id FROM ${database}.users`)).toEqual([{ id: "kept" }]);
    expect(await asRoot(`SHOW TABLES FROM ${database} LIKE 'later'`)).toEqual([]);
  });
});
