import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readUserLine } from "../../src/core/transfer/user-line.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/moving-users.md"), "utf8");
const PHONES = { defaultCountry: "CN", allowedCountries: "all", strictNumbers: false } as const;

/** In the format of `firebase auth:export`. */
const EXPORTED = {
  users: [
    { localId: "bXy2Q8", phoneNumber: "+8613800138000", displayName: "Lin", createdAt: "1600000000000" },
    { localId: "k7Pq1Z", phoneNumber: "+447400123456", createdAt: "1600000000001" },
    // Old accounts of Firebase have no time.
    { localId: "z2Wx5Y", phoneNumber: "+8613800138002" },
    { localId: "m0Rs3T", email: "a@example.com", createdAt: "1600000000002" },
    { localId: "q9Uv4W", phoneNumber: "+8613800138001", createdAt: "1600000000003", disabled: true },
  ],
};

it("docs/moving-users.md turns an export of Firebase into lines that can be imported", () => {
  const folder = mkdtempSync(join(tmpdir(), "phonekey-firebase-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const command = /^node -e '\n.*?^' > users\.ndjson$/ms.exec(page)?.[0] ?? "false";
  writeFileSync(join(folder, "users.json"), JSON.stringify(EXPORTED));
  expect(spawnSync("bash", ["-c", command], { cwd: folder }).status).toBe(0);
  const lines = readFileSync(join(folder, "users.ndjson"), "utf8").trimEnd().split("\n");
  expect(lines.map((line) => readUserLine(line, PHONES, Date.now()))).toEqual([
    {
      ok: true,
      value: { id: "bXy2Q8", phone: "+8613800138000", name: "Lin", createdAt: 1_600_000_000_000 },
    },
    { ok: true, value: { id: "k7Pq1Z", phone: "+447400123456", name: "", createdAt: 1_600_000_000_001 } },
    { ok: true, value: { id: "z2Wx5Y", phone: "+8613800138002", name: "" } },
  ]);
});
