import { Hono } from "hono";
import { OPERATIONS } from "./api/index.ts";
import { openApiDocument } from "./api/openapi.ts";
import { runOperation } from "./api/run.ts";
import * as tencent from "./callbacks/tencent.ts";
import type { Env, HttpDeps } from "./context.ts";
import { functionsDoor } from "./functions/door.ts";
import { FUNCTIONS } from "./functions/index.ts";
import { isFromLoopback } from "./loopback.ts";
import { mayReadMetrics, readMetrics } from "./metrics.ts";
import { bodyLimit } from "./middleware/body-limit.ts";
import { cors } from "./middleware/cors.ts";
import { answerFault, answerNotFound, answerWrongMethod } from "./middleware/errors.ts";
import { requestContext } from "./middleware/request-context.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { originOf } from "./origin.ts";
import * as account from "./pages/account.ts";
import * as confirm from "./pages/confirm.ts";
import * as data from "./pages/data.ts";
import { createDocs } from "./pages/docs.ts";
import * as factors from "./pages/factors.ts";
import * as forgotten from "./pages/forgotten.ts";
import * as inbox from "./pages/inbox.ts";
import * as password from "./pages/password.ts";
import * as passwordSignIn from "./pages/password-sign-in.ts";
import * as phone from "./pages/phone-change.ts";
import { sendSecondCode, showSecondStep } from "./pages/second-step.ts";
import * as signIn from "./pages/sign-in.ts";
import { serveStatic } from "./pages/static.ts";
import * as stop from "./pages/stop.ts";
import * as verify from "./pages/verify.ts";

export type App = Hono<Env>;

/** The routes of Phonekey: every way in, from the outermost rule to the handler. */
export function createApp(deps: HttpDeps): App {
  const app = new Hono<Env>();
  const { settings } = deps;

  app.use(requestContext(deps));
  app.use(securityHeaders(settings));
  app.use("/v1/*", cors(settings.allowedOrigins));
  const functions = settings.functions.isOpen ? FUNCTIONS : [];
  for (const [path] of functions) app.use(path, cors(settings.allowedOrigins), functionsDoor(settings));

  // What carriers say of messages: not there for whoever does not know the secret in its address.
  app.use("/callbacks/tencent/:secret/*", (c, next) =>
    tencent.knowsSecret(c, deps) ? next() : answerNotFound(deps)(c),
  );
  app.use("/callbacks/tencent/:secret/*", tencent.callbackLimit);
  app.post("/callbacks/tencent/:secret/status", (c) => tencent.receiveStatus(c, deps));
  app.post("/callbacks/tencent/:secret/reply", (c) => tencent.receiveReply(c, deps));

  app.use(bodyLimit);

  // The native API: each operation names its own credentials, schemas and refusals.
  for (const operation of OPERATIONS) {
    app.on(operation.method.toUpperCase(), routePath(operation.path), (c) =>
      runOperation(operation, deps, c),
    );
  }

  // The functions API, for clients of the demo: it takes what the demo takes, and is closed to foreign web pages.
  for (const [path, handle] of functions) app.all(path, (c) => handle(c, deps));

  // Counters of this process: not there for whoever is elsewhere and has no token.
  app.use("/metrics", (c, next) => (mayReadMetrics(c, settings) ? next() : answerNotFound(deps)(c)));
  app.get("/metrics", (c) => readMetrics(c, deps));

  let document: object | undefined;
  app.get("/openapi.json", (c) => {
    document ??= openApiDocument(OPERATIONS, settings.version);
    return c.json({ ...document, servers: [{ url: originOf(c, settings) }] });
  });
  app.get("/docs", createDocs(deps, OPERATIONS));

  // The pages: forms are bound to the browser's cookie and judged by origin.
  app.get("/", (c) => c.redirect("/account", 303));
  addSignInPages(app, deps);
  addAccountPages(app, deps);

  // Where people enter codes that backends asked for: whoever has the link may.
  app.get("/verify/:link", (c) => verify.showVerify(c, deps));
  app.post("/verify/:link", (c) => verify.submitVerify(c, deps));
  app.post("/verify/:link/resend", (c) => verify.resendVerify(c, deps));

  // The development inbox: not there in production, and only for this machine: it shows codes.
  if (deps.inbox) {
    app.use("/dev/*", (c, next) => (isFromLoopback(c) ? next() : answerNotFound(deps)(c)));
    app.get("/dev/inbox", (c) => inbox.showInbox(c, deps));
    app.get("/dev/inbox.json", (c) => inbox.readInbox(c, deps));
  }

  // What the build made for browsers: public, and nothing else is read from the disk.
  app.get("/assets/:file", (c) => serveStatic(c, deps));
  app.get("/avatars/:file", (c) => serveStatic(c, deps));
  app.get("/favicon.svg", (c) => serveStatic(c, deps));

  app.all("*", answerWrongMethod(deps, app));
  app.notFound(answerNotFound(deps));
  app.onError(answerFault(deps));
  return app;
}

/** Whoever signs in. */
function addSignInPages(app: App, deps: HttpDeps): void {
  app.get("/sign-in", (c) => signIn.showPhone(c, deps));
  app.get("/temporary-password", (c) => signIn.showTemporaryPassword(c, deps));
  app.post("/sign-in", (c) => signIn.submitPhone(c, deps));
  app.get("/sign-in/code", (c) => signIn.showCode(c, deps));
  app.post("/sign-in/code", (c) => signIn.submitCode(c, deps));
  app.get("/sign-in/second", (c) => showSecondStep(c, deps));
  app.post("/sign-in/second", (c) => signIn.submitSecond(c, deps));
  app.post("/sign-in/second/send", (c) => sendSecondCode(c, deps));
  app.post("/sign-in/resend", (c) => signIn.resendCode(c, deps));
  app.get("/sign-in/password", (c) => passwordSignIn.showPasswordSignIn(c, deps));
  app.post("/sign-in/password", (c) => passwordSignIn.submitPasswordSignIn(c, deps));
  app.get("/sign-in/forgotten", (c) => forgotten.showForgotten(c, deps));
  app.post("/sign-in/forgotten", (c) => forgotten.submitForgotten(c, deps));
  app.get("/sign-in/forgotten/code", (c) => forgotten.showReset(c, deps));
  app.post("/sign-in/forgotten/code", (c) => forgotten.submitReset(c, deps));
  app.post("/sign-in/forgotten/resend", (c) => forgotten.resendReset(c, deps));
}

/** Whoever is signed in. */
function addAccountPages(app: App, deps: HttpDeps): void {
  app.get("/account", (c) => account.showAccount(c, deps));
  app.post("/account/profile", (c) => account.submitProfile(c, deps));
  app.post("/account/sessions/end", (c) => account.endOneSession(c, deps));
  app.post("/account/sessions/end-others", (c) => account.endOtherSessions(c, deps));
  app.get("/account/confirm", (c) => confirm.showConfirm(c, deps));
  app.post("/account/confirm", (c) => confirm.submitConfirm(c, deps));
  app.post("/account/confirm/send", (c) => confirm.sendConfirmCode(c, deps));
  app.get("/account/password", (c) => password.showPassword(c, deps));
  app.post("/account/password", (c) => password.submitPassword(c, deps));
  app.post("/account/password/remove", (c) => password.removePassword(c, deps));
  app.get("/account/phone", (c) => phone.showPhoneChange(c, deps));
  app.post("/account/phone", (c) => phone.submitPhoneChange(c, deps));
  app.post("/account/phone/send", (c) => phone.sendPhoneChangeCode(c, deps));
  app.post("/account/phone/resend", (c) => phone.resendPhoneChangeCode(c, deps));
  app.post("/account/phone/cancel", (c) => phone.cancelPhoneChange(c, deps));
  app.get("/account/data", (c) => data.showData(c, deps));
  app.post("/account/data/export", (c) => data.downloadData(c, deps));
  app.post("/account/data/send", (c) => data.sendEraseCode(c, deps));
  app.post("/account/data/erase", (c) => data.submitErase(c, deps));
  // For whoever has the link that a notice brought, signed in or not.
  app.get("/stop/:code", (c) => stop.showStop(c, deps));
  app.post("/stop/:code", (c) => stop.submitStop(c, deps));
  app.get("/account/factors", (c) => factors.showFactors(c, deps));
  app.post("/account/factors/app", (c) => factors.startApp(c, deps));
  app.post("/account/factors/app/confirm", (c) => factors.confirmApp(c, deps));
  app.post("/account/factors/passkey", (c) => factors.addPasskey(c, deps));
  app.post("/account/factors/codes", (c) => factors.renewCodes(c, deps));
  app.post("/account/factors/remove", (c) => factors.removeFactor(c, deps));
  app.post("/account/factors/protection", (c) => factors.setProtection(c, deps));
  app.post("/sign-out", (c) => account.signOut(c, deps));
}

/** `{id}` of OpenAPI is `:id` of the router. */
function routePath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}
