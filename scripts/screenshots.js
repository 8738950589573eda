// Takes the pictures of the README: docs/images/{sign-in,code,account,inbox}-{360,768,1280}-{light,dark}.png.
// Run by hand after the looks of a page have changed, on a machine with the fonts Roboto and Noto Color Emoji. Clock and chance are fixed, so that equal pages give equal pictures.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { buildIfStale } from "./build-if-stale.js";
import { ROOT } from "./lib/run.js";
import { findServices } from "./services.js";

const IMAGES = join(ROOT, "docs", "images");
const SIZES = [
  { width: 360, height: 740 },
  { width: 768, height: 1024 },
  { width: 1280, height: 800 },
];
const THEMES = ["light", "dark"];
/** Of a page that is longer the picture shows the top: in the README it stands beside short ones. */
const MOST_HEIGHT = 1_295;
const MOST_BYTES = 160_000;
const MINUTE_MS = 60_000;
const NOW = Date.UTC(2026, 9, 14, 9, 41);
const PHONE = "138 0013 8000";
const SILENT = { info: () => {}, warn: () => {}, error: () => {} };
/** The user's other devices, and how long ago each signed in. */
const DEVICES = [
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    12_960,
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Mobile/15E148 Safari/604.1",
    1_503,
  ],
];

async function main() {
  if (!(await buildIfStale())) throw new Error("nothing was built");
  const { env } = await findServices({ mayInstall: false });
  const browser = await chromium.launch({
    executablePath: env.CHROMIUM_PATH,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  mkdirSync(IMAGES, { recursive: true });
  try {
    for (const size of SIZES)
      for (const theme of THEMES) await withServer((server) => takeAll(browser, server, size, theme));
  } finally {
    await browser.close();
  }
}

/** A Phonekey of its own for each set of pictures, so that no set shows what another one left. */
async function withServer(work) {
  const { serverOf } = await import("../dist/server.js");
  const { compose, migrateDatabase } = await import("../dist/compose.js");
  const { loadConfig } = await import("../dist/config.js");
  const folder = mkdtempSync(join(tmpdir(), "phonekey-screenshots-"));
  const { config } = loadConfig(
    { PHONEKEY_SECRETS: "c2NyZWVuc2hvdHMtYXJlLW5vLXNlY3JldC1hdC1hbGwtMDE" },
    { folder },
  );
  const clock = { at: NOW, now: () => clock.at };
  await migrateDatabase(config);
  const composed = await compose(config, { clock, random: seededRandom(), log: SILENT });
  const server = serverOf(composed).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work({ origin: `http://localhost:${server.address().port}`, clock });
  } finally {
    server.close();
    server.closeAllConnections();
    await composed.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Chance that is the same each time. */
function seededRandom() {
  let drawn = 0;
  const bytes = (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () => {
      drawn += 1;
      return createHash("sha256").update(`screenshots ${drawn}`).digest();
    });
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
  };
  const uuid = (now) => {
    const hex = now.toString(16).padStart(12, "0") + Buffer.from(bytes(10)).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  return { bytes, uuid };
}

async function takeAll(browser, server, viewport, colorScheme) {
  const looks = { viewport, colorScheme, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" };
  // What hides the blinking caret is a style that the pages' policy would stop.
  const options = { ...looks, bypassCSP: true };
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.clock.setFixedTime(NOW);
  const take = async (name) => {
    const path = join(IMAGES, `${name}-${viewport.width}-${colorScheme}.png`);
    const full = await page.evaluate("document.documentElement.scrollHeight");
    const clip = { x: 0, y: 0, width: viewport.width, height: Math.min(full, MOST_HEIGHT) };
    await page.screenshot({ path, fullPage: true, clip });
    const { size } = statSync(path);
    if (size > MOST_BYTES)
      throw new Error(`${path} has ${size} bytes; the README takes at most ${MOST_BYTES}`);
  };
  await signInElsewhere(server);
  await pictureSignIn(page, server, take);
  await context.close();
}

/** Gives the user sessions on other devices. */
async function signInElsewhere({ origin, clock }) {
  for (const [userAgent, minutesAgo] of DEVICES) {
    clock.at = NOW - minutesAgo * MINUTE_MS;
    const post = async (path, body) => {
      const headers = { "content-type": "application/json", "user-agent": userAgent };
      const answer = await fetch(origin + path, { method: "POST", headers, body: JSON.stringify(body) });
      return await answer.json();
    };
    const { id: verificationId } = await post("/v1/verifications", { phone: PHONE });
    await post("/v1/sessions", { verificationId, code: await lastCode(origin) });
  }
  clock.at = NOW;
}

async function lastCode(origin) {
  const { messages } = await (await fetch(`${origin}/dev/inbox.json`)).json();
  return /\d{6}/.exec(messages[0].text)[0];
}

async function pictureSignIn(page, { origin }, take) {
  await page.goto(`${origin}/sign-in`);
  await page.locator("#phone").fill(PHONE);
  await take("sign-in");
  await page.locator("#phone").press("Enter");
  await page.waitForURL(`${origin}/sign-in/code`);
  const code = await lastCode(origin);
  await page.locator("#code").pressSequentially(code.slice(0, 3));
  await take("code");
  await page.locator("#code").pressSequentially(code.slice(3));
  await page.waitForURL(`${origin}/account`);
  await page.locator("#name").fill("Ada Lin");
  await page.locator('form[action="/account/profile"] button').click();
  await page.waitForURL(`${origin}/account?saved`);
  await page.goto(`${origin}/account`);
  await take("account");
  await page.goto(`${origin}/dev/inbox`);
  await take("inbox");
}

await main();
