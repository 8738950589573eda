import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { capture } from "./lib/run.js";

/**
 * What the tests need beside Node.js. `packages` are Debian's names; `variable` is how the tests are told the path, and
 * how a developer names another one; `files` are the tests, and `project` is Vitest's name for them.
 */
const SERVICES = [
  {
    name: "Chromium",
    variable: "CHROMIUM_PATH",
    programs: ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    // Without a CJK font the pages in Chinese are tested and photographed as rows of boxes.
    packages: ["chromium", "fonts-noto-cjk"],
    project: "e2e",
    files: /^e2e\/.*\.test\.ts$/,
  },
  {
    name: "MariaDB",
    variable: "MARIADBD_PATH",
    programs: ["mariadbd", "mysqld"],
    packages: ["mariadb-server"],
    project: "mariadb",
    files: /(^|\/)mariadb[^/]*\.test\.ts$/,
  },
  {
    name: "Redis",
    variable: "REDIS_SERVER_PATH",
    programs: ["redis-server"],
    packages: ["redis-server"],
    project: "redis",
    files: /(^|\/)redis[^/]*\.test\.ts$/,
  },
];

/** Where servers are kept, which the PATH of people who are not root leaves out. */
const SERVER_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/**
 * Finds every service, first installing with apt what is missing where `mayInstall` says so and this process can
 * (root, on a system that has apt). Resolves with `{env, missing, skipped}`: the variables to give to the tests, one
 * sentence for each service that is not there, and the tests that need it.
 */
export async function findServices({ mayInstall }) {
  // A path that somebody named and that is wrong is theirs to correct: installing would not change it.
  const absent = SERVICES.filter((service) => !locate(service) && !process.env[service.variable]);
  if (absent.length > 0 && mayInstall && canInstall())
    await install(absent.flatMap((service) => service.packages));
  const found = SERVICES.map((service) => ({ ...service, path: locate(service) }));
  const missing = found.filter(({ path }) => !path);
  return {
    env: Object.fromEntries(found.filter(({ path }) => path).map(({ variable, path }) => [variable, path])),
    missing: missing.map(explain),
    skipped: missing.map(({ name, project, files }) => ({ name, project, files })),
  };
}

function locate({ variable, programs }) {
  const named = process.env[variable];
  if (named) return isExecutable(named) ? named : undefined;
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...SERVER_FOLDERS];
  return programs.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function canInstall() {
  return process.getuid?.() === 0 && isExecutable("/usr/bin/apt-get");
}

async function install(packages) {
  console.log(`Installing ${packages.join(", ")} with apt …`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const steps = [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", ...packages],
  ];
  for (const step of steps) {
    const { code, output } = await capture(["apt-get", ...step], { env });
    if (code !== 0) console.error(output.trim());
  }
}

function explain({ name, variable, packages }) {
  return `${name} is missing: install it (Debian and Ubuntu: apt-get install ${packages.join(" ")}), or set ${variable}.`;
}
