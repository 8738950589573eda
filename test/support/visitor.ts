import { ORIGIN, type World } from "./world.ts";

/** A browser without scripts: it keeps cookies and sends forms with the token of the page that it saw. */
export function createVisitor(world: World, from?: string) {
  const jar = new Map<string, string>();
  let csrf = "";
  /** What the browser would send now. */
  function sending(form?: Record<string, string>, headers: Record<string, string> = {}) {
    const body = form && new URLSearchParams({ csrf, ...form }).toString();
    const type = "application/x-www-form-urlencoded";
    return {
      method: form ? "POST" : "GET",
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form && { origin: ORIGIN, "content-type": type }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      ...(from && { from }),
    };
  }
  /** Keeps the cookies of an answer. */
  function keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
  }
  async function go(path: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
    const response = await world.request(path, sending(form, headers));
    keep(response);
    const text = await response.text();
    csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf;
    const location = response.headers.get("location");
    return { status: response.status, headers: response.headers, location, text };
  }
  return {
    /** The cookies by their names. */
    jar,
    keep,
    go,
    sending,
    async enter(phone = "+8613800138000") {
      await go("/sign-in");
      await go("/sign-in", { phone, country: "CN" });
      await go("/sign-in/code");
      return await go("/sign-in/code", { code: world.sms.lastCode() });
    },
  };
}
