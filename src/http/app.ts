import { Hono } from "hono";
import { loadOperations, ROUTES } from "./api/index.ts";
import { runOperation } from "./api/run.ts";
import * as tencent from "./callbacks/tencent.ts";
import { receiveWebhook } from "./callbacks/webhook.ts";
import type { Env, HttpDeps } from "./context.ts";
import { functionsDoor } from "./functions/door.ts";
import { FUNCTIONS } from "./functions/index.ts";
import { lazy, lazyPages } from "./lazy.ts";
import { isFromLoopback } from "./loopback.ts";
import { mayReadMetrics, readMetrics } from "./metrics.ts";
import { bodyLimit } from "./middleware/body-limit.ts";
import { cors } from "./middleware/cors.ts";
import { answerFault, answerNotFound, answerWrongMethod } from "./middleware/errors.ts";
import { requestContext } from "./middleware/request-context.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { serveStatic } from "./pages/static.ts";
import { createRouter } from "./router.ts";

export type App = Hono<Env>;

/** The routes of Phonekey: every door, from the outermost rule to the handler. */
export function createApp(deps: HttpDeps): App {
  const app = new Hono<Env>({ router: createRouter() });
  const { settings } = deps;

  app.use(requestContext(deps));
  app.use(securityHeaders(settings));
  app.use("/v1/*", cors(settings.allowedOrigins));
  const functions = settings.functions.isOpen ? FUNCTIONS : [];
  for (const [path] of functions) app.use(path, cors(settings.allowedOrigins), functionsDoor(settings));

  // Reports of carriers: 404 without the secret that is part of the address.
  app.use("/callbacks/tencent/:secret/*", (c, next) =>
    tencent.knowsSecret(c, deps) ? next() : answerNotFound(deps)(c),
  );
  app.use("/callbacks/tencent/:secret/*", tencent.callbackLimit);
  app.post("/callbacks/tencent/:secret/status", (c) => tencent.receiveStatus(c, deps));
  app.post("/callbacks/tencent/:secret/reply", (c) => tencent.receiveReply(c, deps));

  app.use(bodyLimit(deps));

  // Reports of the service behind SMS_WEBHOOK, which are signed: 404 if there is none.
  const { isFromWebhook } = deps;
  if (isFromWebhook) app.post("/callbacks/webhook", (c) => receiveWebhook(c, deps, isFromWebhook));

  // The native API: each operation names its own credentials, schemas and refusals.
  for (const { method, path, load } of ROUTES) {
    app.on(
      method.toUpperCase(),
      routePath(path),
      lazy(async () => {
        const operation = await load();
        return (c) => runOperation(operation, deps, c);
      }),
    );
  }

  // The functions API, for clients of the demo: takes what the demo takes; web pages of other origins are refused.
  for (const [path, handle] of functions) app.all(path, (c) => handle(c, deps));

  // Counters of this process: 404 without the token, unless the caller is on this machine.
  app.use("/metrics", (c, next) => (mayReadMetrics(c, settings) ? next() : answerNotFound(deps)(c)));
  app.get("/metrics", (c) => readMetrics(c, deps));

  app.get(
    "/openapi.json",
    lazy(async () => (await import("./api/openapi.ts")).createOpenApi(settings, await loadOperations())),
  );
  app.get(
    "/docs",
    lazy(async () => (await import("./pages/docs.ts")).createDocs(deps, await loadOperations())),
  );

  // The pages. Each form is bound to its browser's cookie, and its origin is checked.
  app.get("/", (c) => c.redirect("/account", 303));
  const page = lazyPages(deps);
  addSignInPages(app, page);
  addAccountPages(app, page);
  leadToPages(app);

  // Pages where people enter codes that backends asked for: open to everybody who has the link.
  app.get("/verify/:link", page("showVerify"));
  app.post("/verify/:link", page("submitVerify"));
  app.post("/verify/:link/resend", page("resendVerify"));

  // Pages where people stop a change of their number: open to everybody who has the link from the notice, signed in or
  // not.
  app.get("/stop/:code", page("showStop"));
  app.post("/stop/:code", page("submitStop"));

  // The development inbox, which shows codes: not there in production, and 404 for other machines.
  if (deps.inbox) {
    app.use("/dev/*", (c, next) => (isFromLoopback(c) ? next() : answerNotFound(deps)(c)));
    app.get("/dev/inbox", page("showInbox"));
    app.get("/dev/inbox.json", page("readInbox"));
  }

  // Files that the build made for browsers, kept in memory: public.
  app.get("/assets/:file", (c) => serveStatic(c, deps));
  app.get("/avatars/:file", (c) => serveStatic(c, deps));
  app.get("/favicon.svg", (c) => serveStatic(c, deps));

  app.all("*", answerWrongMethod(deps, app));
  app.notFound(answerNotFound(deps));
  app.onError(answerFault(deps));
  return app;
}

type Page = ReturnType<typeof lazyPages>;

/** The pages of forms that go to addresses of their own. */
const PAGES_OF_FORMS: Readonly<Record<string, string>> = {
  "/sign-in/second/send": "/sign-in/second",
  "/sign-in/resend": "/sign-in/code",
  "/sign-in/forgotten/password": "/sign-in/forgotten/code",
  "/sign-in/forgotten/resend": "/sign-in/forgotten/code",
  "/account/profile": "/account",
  "/account/sessions/end": "/account",
  "/account/sessions/end-others": "/account",
  "/account/confirm/send": "/account/confirm",
  "/account/password/remove": "/account/password",
  "/account/phone/send": "/account/phone",
  "/account/phone/resend": "/account/phone",
  "/account/phone/cancel": "/account/phone",
  "/account/data/export": "/account/data",
  "/account/data/send": "/account/data",
  "/account/data/erase": "/account/data",
  "/account/factors/app": "/account/factors",
  "/account/factors/app/confirm": "/account/factors",
  "/account/factors/passkey": "/account/factors",
  "/account/factors/codes": "/account/factors",
  "/account/factors/remove": "/account/factors",
  "/account/factors/protection": "/account/factors",
};

/** Leads a browser that opens one of these addresses without its form, as in a restored tab, to the page. */
function leadToPages(app: App): void {
  for (const [address, page] of Object.entries(PAGES_OF_FORMS))
    app.get(address, (c) => c.redirect(page, 303));
  app.get("/verify/:link/resend", (c) =>
    c.redirect(`/verify/${encodeURIComponent(c.req.param("link"))}`, 303),
  );
}

/** For people who sign in. */
function addSignInPages(app: App, page: Page): void {
  app.get("/sign-in", page("showPhone"));
  app.get("/temporary-password", page("showTemporaryPassword"));
  app.post("/sign-in", page("submitPhone"));
  app.get("/sign-in/code", page("showCode"));
  app.post("/sign-in/code", page("submitCode"));
  app.get("/sign-in/second", page("showSecondStep"));
  app.post("/sign-in/second", page("submitSecond"));
  app.post("/sign-in/second/send", page("sendSecondCode"));
  app.post("/sign-in/resend", page("resendCode"));
  app.get("/sign-in/password", page("showPasswordSignIn"));
  app.post("/sign-in/password", page("submitPasswordSignIn"));
  app.get("/sign-in/forgotten", page("showForgotten"));
  app.post("/sign-in/forgotten", page("submitForgotten"));
  app.get("/sign-in/forgotten/code", page("showReset"));
  app.post("/sign-in/forgotten/code", page("submitReset"));
  app.post("/sign-in/forgotten/password", page("judgeReset"));
  app.post("/sign-in/forgotten/resend", page("resendReset"));
}

/** For people who are signed in. */
function addAccountPages(app: App, page: Page): void {
  app.get("/account", page("showAccount"));
  app.post("/account/profile", page("submitProfile"));
  app.post("/account/sessions/end", page("endOneSession"));
  app.post("/account/sessions/end-others", page("endOtherSessions"));
  app.get("/account/confirm", page("showConfirm"));
  app.post("/account/confirm", page("submitConfirm"));
  app.post("/account/confirm/send", page("sendConfirmCode"));
  app.get("/account/password", page("showPassword"));
  app.post("/account/password", page("submitPassword"));
  app.post("/account/password/remove", page("removePassword"));
  app.get("/account/phone", page("showPhoneChange"));
  app.post("/account/phone", page("submitPhoneChange"));
  app.post("/account/phone/send", page("sendPhoneChangeCode"));
  app.post("/account/phone/resend", page("resendPhoneChangeCode"));
  app.post("/account/phone/cancel", page("cancelPhoneChange"));
  app.get("/account/data", page("showData"));
  app.post("/account/data/export", page("downloadData"));
  app.post("/account/data/send", page("sendEraseCode"));
  app.post("/account/data/erase", page("submitErase"));
  app.get("/account/factors", page("showFactors"));
  app.post("/account/factors/app", page("startApp"));
  app.post("/account/factors/app/confirm", page("confirmApp"));
  app.post("/account/factors/passkey", page("addPasskey"));
  app.post("/account/factors/codes", page("renewCodes"));
  app.post("/account/factors/remove", page("removeFactor"));
  app.post("/account/factors/protection", page("setProtection"));
  app.post("/sign-out", page("signOut"));
}

/** `{id}` of OpenAPI is `:id` of the router. */
function routePath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}
