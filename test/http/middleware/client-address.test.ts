import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ClientAddressSettings,
  clientAddress,
  whyUnknown,
} from "../../../src/http/middleware/client-address.ts";
import { createWorld } from "../../support/world.ts";
import { phoneNo } from "../support.ts";

type Headers = Readonly<Record<string, string>>;

const PEER = "203.0.113.7";
const PROXY = "10.0.0.2";
const NONE: ClientAddressSettings = { trustedProxies: [] };
const BEHIND: ClientAddressSettings = { trustedProxies: ["10.0.0.0/8", "2001:db8:f::/48"] };

const keyOf = (peer: string | undefined, headers: Headers = {}, settings = NONE) =>
  clientAddress(peer, (name) => headers[name], settings)?.key;
const forwarded = (value: string): Headers => ({ "x-forwarded-for": value });

describe("the client's address", () => {
  it.each([
    ["is the socket's", PEER, PEER],
    ["of an IPv4 client of an IPv6 socket is the IPv4 one", "::ffff:203.0.113.7", PEER],
    ["of an IPv4 client of an IPv6 socket, in hexadecimal, is the IPv4 one", "::ffff:cb00:7107", PEER],
    ["of an IPv6 client is its /64", "2001:db8:1:2:3:4:5:6", "20010db800010002/64"],
    ["of another client in that /64 is the same", "2001:db8:1:2::1", "20010db800010002/64"],
    ["of a client in the next /64 is another", "2001:db8:1:3::1", "20010db800010003/64"],
    ["with a zone is that without the zone", "fe80::1%eth0", "fe80000000000000/64"],
    ["of this machine is its own", "127.0.0.1", "127.0.0.1"],
    ["of a closed socket is unknown", undefined, undefined],
    ["that is malformed is unknown", "not an address", undefined],
  ])("%s", (_, peer, key) => {
    expect(keyOf(peer)).toBe(key);
  });

  it.each<[string, string, Headers, ClientAddressSettings, string | undefined]>([
    ["is the socket's if no proxy is trusted", PEER, forwarded("198.51.100.1"), NONE, PEER],
    ["is the socket's if the peer is no trusted proxy", PEER, forwarded("198.51.100.1"), BEHIND, PEER],
    [
      "is the socket's if a peer that is not trusted sends Forwarded or X-Real-IP",
      PEER,
      { forwarded: "for=198.51.100.1", "x-real-ip": "198.51.100.1" },
      BEHIND,
      PEER,
    ],
    ["is the hop that a trusted proxy added", PROXY, forwarded("198.51.100.1"), BEHIND, "198.51.100.1"],
    [
      "is the rightmost hop, not what the client wrote before it",
      PROXY,
      forwarded("1.1.1.1, 198.51.100.1"),
      BEHIND,
      "198.51.100.1",
    ],
    [
      "is the rightmost hop that is no trusted proxy",
      PROXY,
      forwarded("1.1.1.1, 198.51.100.1, 10.9.9.9,10.1.1.1"),
      BEHIND,
      "198.51.100.1",
    ],
    [
      "is the hop if the proxy's own address is mapped into IPv6",
      "::ffff:10.0.0.2",
      forwarded("198.51.100.1"),
      BEHIND,
      "198.51.100.1",
    ],
    ["is an IPv6 proxy's hop", "2001:db8:f::1", forwarded("2001:db8:1:2::9"), BEHIND, "20010db800010002/64"],
    ["is IPv4 if mapped into IPv6", PROXY, forwarded("::ffff:198.51.100.1"), BEHIND, "198.51.100.1"],
    [
      "is unknown if the rightmost hop is no address",
      PROXY,
      forwarded("198.51.100.1, unknown"),
      BEHIND,
      undefined,
    ],
    ["is unknown if the hop has a port", PROXY, forwarded("198.51.100.1:4711"), BEHIND, undefined],
    ["is unknown if X-Forwarded-For is empty", PROXY, forwarded(""), BEHIND, undefined],
    ["is unknown if all hops are trusted proxies", PROXY, forwarded("10.1.1.1, 10.2.2.2"), BEHIND, undefined],
    [
      "is the hop that the proxy added, however long the header is before it",
      PROXY,
      forwarded(`${"1".repeat(2_100)}, ${"1.1.1.1,".repeat(300)}198.51.100.1`),
      BEHIND,
      "198.51.100.1",
    ],
    [
      "is unknown if the hop is cut by the end of what is read of a long header",
      PROXY,
      forwarded(`203.0.113.71,${"10.1.1.1,".repeat(111)}10.111.111.111`),
      BEHIND,
      undefined,
    ],
    ["is the peer's beside a trusted network", "11.0.0.2", forwarded("198.51.100.1"), BEHIND, "11.0.0.2"],
    ["is unknown if only Forwarded is sent", PROXY, { forwarded: "for=198.51.100.1" }, BEHIND, undefined],
    ["is the trusted proxy's if that forwards nothing", PROXY, {}, BEHIND, PROXY],
    [
      "is unknown if a private peer forwards and is not trusted",
      "10.0.0.2",
      forwarded("198.51.100.1"),
      NONE,
      undefined,
    ],
    ["is unknown behind untrusted loopback", "127.0.0.1", forwarded("198.51.100.1"), NONE, undefined],
    ["is unknown behind untrusted fd00::/8", "fd00::1", { "x-real-ip": "198.51.100.1" }, NONE, undefined],
    ["is unknown behind untrusted link-local", "169.254.1.1", forwarded("198.51.100.1"), NONE, undefined],
    ["is unknown behind untrusted link-local IPv6", "fe80::1", forwarded("198.51.100.1"), NONE, undefined],
    ["is unknown behind untrusted carrier NAT", "100.64.0.1", forwarded("198.51.100.1"), NONE, undefined],
    [
      "is the hop if loopback is trusted",
      "::1",
      forwarded("198.51.100.1"),
      { trustedProxies: ["loopback"] },
      "198.51.100.1",
    ],
    [
      "is the hop if this one address is trusted",
      "192.0.2.1",
      forwarded("198.51.100.1"),
      { trustedProxies: ["192.0.2.1"] },
      "198.51.100.1",
    ],
    [
      "is the socket's if only the address next to it is trusted",
      "192.0.2.2",
      forwarded("198.51.100.1"),
      { trustedProxies: ["192.0.2.1"] },
      "192.0.2.2",
    ],
    [
      "is what CLIENT_IP_HEADER says",
      PEER,
      { "cf-connecting-ip": "198.51.100.9" },
      { trustedProxies: [], clientIpHeader: "cf-connecting-ip" },
      "198.51.100.9",
    ],
    [
      "is unknown if CLIENT_IP_HEADER is missing from the request",
      PEER,
      forwarded("198.51.100.1"),
      { trustedProxies: [], clientIpHeader: "cf-connecting-ip" },
      undefined,
    ],
  ])("%s", (_, peer, headers, settings, key) => {
    expect(keyOf(peer, headers, settings)).toBe(key);
  });

  it("of a peer that is no proxy does not change, whatever it sends (T35)", () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
      fc.array(fc.ipV4()).map((hops) => hops.join(", ")),
    );
    const headers = fc.dictionary(
      fc.constantFrom("x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"),
      text,
    );
    fc.assert(
      fc.property(headers, (sent) => keyOf(PEER, sent, BEHIND) === PEER && keyOf(PEER, sent) === PEER),
      { numRuns: 1_000 },
    );
  });

  it("behind one trusted proxy is the hop that it appends, whatever is before it (T35)", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (before) => {
        return keyOf(PROXY, forwarded(`${before}, 198.51.100.1`), BEHIND) === "198.51.100.1";
      }),
    );
  });

  it("is the same for all addresses of a /64, and no input is a fault", () => {
    const host = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(host, (groups) => {
        const address = `2001:db8:1:2:${groups.map((group) => group.toString(16)).join(":")}`;
        return keyOf(address) === "20010db800010002/64";
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.string(), fc.string(), (peer, value) => void keyOf(peer, forwarded(value), BEHIND)),
    );
  });
});

describe("whyUnknown", () => {
  const BY_HEADER: ClientAddressSettings = { trustedProxies: [], clientIpHeader: "cf-connecting-ip" };
  it.each<[string, Headers, ClientAddressSettings, RegExp | undefined]>([
    ["10.0.0.2", forwarded("198.51.100.1"), NONE, /not in TRUSTED_PROXIES/],
    ["127.0.0.1", { forwarded: "for=x" }, NONE, /not in TRUSTED_PROXIES/],
    [
      "10.0.0.2",
      { "x-real-ip": "198.51.100.1" },
      BEHIND,
      /in TRUSTED_PROXIES tells no address outside of them/,
    ],
    [
      "10.0.0.2",
      forwarded("198.51.100.1:4711"),
      BEHIND,
      /in TRUSTED_PROXIES tells no address outside of them/,
    ],
    ["10.0.0.2", forwarded("10.0.0.7"), BEHIND, /in TRUSTED_PROXIES tells no address outside of them/],
    ["10.0.0.2", forwarded("198.51.100.1"), BY_HEADER, /CLIENT_IP_HEADER/],
    ["10.0.0.2", {}, BY_HEADER, undefined],
    ["127.0.0.1", {}, NONE, undefined],
  ])("names the setting that hides the address of %s with %j, or none", (peer, headers, settings, says) => {
    const why = whyUnknown(peer, (name) => headers[name], settings);
    if (says) expect(why).toMatch(says);
    else expect(why).toBeUndefined();
  });
});

describe("the limits by address", () => {
  const PHONES = 11;

  /** How many of eleven starts succeed; the limit of one client is ten. */
  async function startsFrom(
    from: (n: number) => { peer: string; headers?: Headers },
    env = {},
  ): Promise<number> {
    const world = await createWorld({
      env: { LIMIT_ADDRESS_SENDS: "1/1h", CAPTCHA: "off", GUARD_MODE: "off", ...env },
    });
    let started = 0;
    for (let n = 0; n < PHONES; n += 1) {
      const { peer, headers = {} } = from(n);
      const response = await world.post("/v1/verifications", { phone: phoneNo(n) }, headers, peer);
      if (response.status === 201) started += 1;
    }
    await world.close();
    return started;
  }

  it("count one client that forges headers as one", async () => {
    const forge = (n: number) => ({
      peer: PEER,
      headers: { ...forwarded(`192.0.2.${n}`), "x-real-ip": `192.0.2.${n}` },
    });
    expect(await startsFrom(forge)).toBe(10);
  });

  it("count the addresses of one /64 as one, and the two forms of an IPv4 address as one", async () => {
    expect(await startsFrom((n) => ({ peer: `2001:db8:1:2::${n}` }))).toBe(10);
    expect(await startsFrom((n) => ({ peer: n % 2 ? PEER : `::ffff:${PEER}` }))).toBe(10);
  });

  it("count each client of a trusted proxy apart", async () => {
    const env = { TRUSTED_PROXIES: "10.0.0.0/8" };
    expect(await startsFrom((n) => ({ peer: PROXY, headers: forwarded(`192.0.2.${n}`) }), env)).toBe(11);
    expect(
      await startsFrom((n) => ({ peer: PROXY, headers: forwarded(`192.0.2.${n}, 198.51.100.1`) }), env),
    ).toBe(10);
  });

  it.each<[what: string, env: Record<string, string>, headers: Headers]>([
    ["that is not trusted", {}, forwarded("192.0.2.1")],
    ["that is trusted and tells no address", { TRUSTED_PROXIES: PROXY }, { "x-real-ip": "192.0.2.1" }],
    ["that does not send CLIENT_IP_HEADER", { CLIENT_IP_HEADER: "cf-conecting-ip" }, forwarded("192.0.2.1")],
  ])("are off behind a proxy %s, and the log says so once", async (_what, env, headers) => {
    const world = await createWorld({
      env: { LIMIT_ADDRESS_SENDS: "1/1h", CAPTCHA: "off", GUARD_MODE: "off", ...env },
    });
    await world.request("/healthz", { from: "127.0.0.1" });
    expect(world.logged.filter((line) => JSON.stringify(line).includes("are off"))).toEqual([]);
    for (let n = 0; n < PHONES; n += 1) {
      const response = await world.post("/v1/verifications", { phone: phoneNo(n) }, headers, PROXY);
      expect(response.status).toBe(201);
    }
    const warnings = world.logged.filter((line) =>
      JSON.stringify(line).includes("limits by address are off for such requests"),
    );
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(world.logged)).not.toContain("192.0.2.1");
    await world.close();
  });
});
