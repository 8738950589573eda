import { PHONE } from "../http/support.ts";
import { ORIGIN, type World } from "../support/world.ts";

/** A browser without scripts: it keeps cookies and sends forms with the token of the page that it saw. */
export function createVisitor(world: World) {
  const jar = new Map<string, string>();
  let csrf = "";
  /** What the browser would send now. */
  function sending(form?: Record<string, string>, headers: Record<string, string> = {}) {
    const body = form && new URLSearchParams({ ...form, csrf }).toString();
    const type = "application/x-www-form-urlencoded";
    return {
      method: form ? "POST" : "GET",
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form && { origin: ORIGIN, "content-type": type }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    };
  }
  async function go(path: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
    const response = await world.request(path, sending(form, headers));
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const text = await response.text();
    csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf;
    return { status: response.status, location: response.headers.get("location"), text };
  }
  return {
    /** The cookies by their names. */
    jar,
    go,
    sending,
    async enter(phone = PHONE) {
      await go("/sign-in");
      await go("/sign-in", { phone, country: "CN" });
      await go("/sign-in/code");
      return await go("/sign-in/code", { code: world.sms.lastCode() });
    },
  };
}
