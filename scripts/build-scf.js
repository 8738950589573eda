import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { zipSync } from "fflate";
import { rolldown } from "rolldown";
import { buildIfStale } from "./build-if-stale.js";
import { licences } from "./lib/licences.js";
import { isMain, ROOT } from "./lib/run.js";

/** The package of the functions of Tencent Cloud SCF. */
export const PACKAGE = join(ROOT, "dist/phonekey-scf.zip");

/** The files that the platform's handlers name, and the server that `scf_bootstrap` starts. */
const ENTRIES = {
  index: "src/main/scf-event.ts",
  sms: "src/main/scf-sms.ts",
  getUserInfo: "src/main/scf-get-user-info.ts",
  setNickname: "src/main/scf-set-nickname.ts",
  maintenance: "src/main/scf-maintenance.ts",
  server: "src/main/scf-web.ts",
};

/** SQLite, which is for a single machine: its library is the only part with a native addon. */
const LEFT_OUT = [/^libsql$/, /\/sql\/sqlite\/open\.ts$/];

/** Files of the package by their path; text or bytes. */
async function packageFiles() {
  const chunks = await bundle();
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const manifest = { name, version, license, private: true, type: "commonjs" };
  return new Map([
    ["scf_bootstrap", readFileSync(join(ROOT, "deploy/tencent/scf_bootstrap"))],
    ["package.json", JSON.stringify(manifest, null, 2)],
    ["LICENSE", readFileSync(join(ROOT, "LICENSE"))],
    ["LICENSES.txt", licences(chunks.flatMap(({ moduleIds }) => moduleIds))],
    ...chunks.map(({ fileName, code }) => [fileName, code]),
    ...webFiles(),
  ]);
}

/** Chunks in `lib/`, so that they find web files and manifest where the server's build has them. */
export async function bundle() {
  const build = await rolldown({
    cwd: ROOT,
    input: ENTRIES,
    platform: "node",
    external: LEFT_OUT,
    tsconfig: "tsconfig.json",
  });
  const { output } = await build.generate({
    format: "cjs",
    minify: true,
    chunkFileNames: "lib/[name].js",
    entryFileNames: "[name].js",
  });
  await build.close();
  return output;
}

function webFiles() {
  const folder = join(ROOT, "dist/web");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => [`lib/web/${relative(folder, path).replaceAll("\\", "/")}`, readFileSync(path)]);
}

const UNIX = 3;
const MODES = { file: 0o100644, program: 0o100755 };
/** The same files make the same package, byte for byte: without their times, in the order of their names. */
const MADE_AT = new Date(2000, 0, 1);

function zip(files) {
  const entries = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => {
      const mode = path === "scf_bootstrap" ? MODES.program : MODES.file;
      const options = { os: UNIX, attrs: mode << 16, mtime: MADE_AT, level: 9 };
      return [path, [Buffer.from(content), options]];
    });
  return zipSync(Object.fromEntries(entries));
}

/** Makes the package; resolves with whether that succeeded. */
export async function buildScf() {
  if (!(await buildIfStale())) return false;
  const bytes = zip(await packageFiles());
  // At once: whoever reads it meanwhile has the former one, whole.
  const made = `${PACKAGE}.${process.pid}`;
  try {
    writeFileSync(made, bytes);
    renameSync(made, PACKAGE);
  } finally {
    rmSync(made, { force: true });
  }
  console.log(`${relative(ROOT, PACKAGE)}: ${(bytes.length / 1e6).toFixed(2)} MB`);
  return true;
}

if (isMain(import.meta.url)) process.exitCode = (await buildScf()) ? 0 : 1;
