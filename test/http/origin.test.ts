import { Hono } from "hono";
import { expect, test } from "vitest";
import type { Env, HttpSettings } from "../../src/http/context.ts";
import { securityHeaders } from "../../src/http/middleware/security-headers.ts";
import { originOf } from "../../src/http/origin.ts";

const OWN = "1250000000-0abcdefgh1.ap-guangzhou.tencentscf.com";

async function originAt(url: string, settings: Pick<HttpSettings, "publicUrl" | "scf">): Promise<string> {
  const app = new Hono<Env>();
  app.get("*", (c) => c.text(originOf(c, settings as HttpSettings)));
  return await (await app.request(url)).text();
}

test.each(["http://localhost:8080/a?b", `http://${OWN}/`, "https://evil.example/"])(
  "the origin is PUBLIC_URL for a request to %s",
  async (url) => {
    const publicUrl = "https://auth.example.com";
    expect(await originAt(url, { publicUrl })).toBe(publicUrl);
    expect(await originAt(url, { publicUrl, scf: {} })).toBe(publicUrl);
  },
);

test("the origin is that of the request without PUBLIC_URL outside SCF", async () => {
  expect(await originAt("http://localhost:8080/a?b", {})).toBe("http://localhost:8080");
});

test.each([{}, { appId: "1250000000" }])(
  "the origin on SCF without PUBLIC_URL is the function's own host, by https (%j)",
  async (scf) => {
    expect(await originAt(`http://${OWN}/a?b`, { scf })).toBe(`https://${OWN}`);
  },
);

test.each([
  [{ scf: {} }, "max-age=31536000"],
  [{ scf: {}, publicUrl: "http://10.0.0.5:8080" }, null],
  [{}, null],
])(
  "Strict-Transport-Security is set for requests on SCF unless PUBLIC_URL is http (%j)",
  async (settings, hsts) => {
    const app = new Hono<Env>();
    app.use(securityHeaders(settings));
    app.get("*", (c) => c.text("ok"));
    const { headers } = await app.request(`http://${OWN}/`);
    expect(headers.get("strict-transport-security")).toBe(hsts);
  },
);

test.each([
  "http://evil.example/",
  `http://${OWN}.evil.example/`,
  "http://9999999999-0abcdefgh1.ap-guangzhou.tencentscf.com/",
  "http://localhost/",
])("the origin on SCF is an invalid one for a request to a foreign host: %s", async (url) => {
  expect(await originAt(url, { scf: { appId: "1250000000" } })).toBe("https://phonekey.invalid");
});
