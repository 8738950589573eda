import { beforeEach, describe, expect, test } from "vitest";
import { clientAddress } from "../../../src/http/middleware/client-address.ts";
import { type ArrivalSettings, createArrive, type Ends, type Fields } from "../../../src/http/scf/arrival.ts";

const OWN = "1250000000-0abcdefgh1.ap-guangzhou.tencentscf.com";
const CUSTOM = "auth.example.com";
const DEFAULTS: ArrivalSettings = { trustedProxies: [], appId: "1250000000" };

const warnings: string[] = [];
const log = { info() {}, error() {}, warn: (_: object, message: string) => warnings.push(message) };
beforeEach(() => warnings.splice(0));

/** The key by which a request that came through the platform is limited. */
function keyOf(fields: Fields, settings: ArrivalSettings = DEFAULTS, ends = { neighbour: "169.254.0.1" }) {
  const { fields: kept, peer } = createArrive({ log, settings })(fields, ends);
  const header = (wanted: string) => kept.find(([name]) => name.toLowerCase() === wanted)?.[1];
  return clientAddress(peer, header, settings)?.key;
}

describe("on the function's own host", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7:52344", "203.0.113.7"],
    ["2001:db8::7", "20010db800000000/64"],
    ["[2001:db8::7]", "20010db800000000/64"],
    ["[2001:db8::7]:52344", "20010db800000000/64"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    [" 203.0.113.7 ", "203.0.113.7"],
    ["10.0.0.8", "10.0.0.8"],
  ])("the client's address by x-scf-remote-addr %s is %s", (value, key) => {
    expect(
      keyOf([
        ["Host", OWN],
        ["X-Scf-Remote-Addr", value],
      ]),
    ).toBe(key);
    expect(warnings).toEqual([]);
  });

  test("the headers of proxies are ignored, since a client can write them", () => {
    const forged: Fields = [
      ["X-Forwarded-For", "198.51.100.1"],
      ["Forwarded", "for=198.51.100.1"],
      ["X-Real-IP", "198.51.100.1"],
    ];
    expect(keyOf([["host", OWN], ["x-scf-remote-addr", "10.0.0.8"], ...forged])).toBe("10.0.0.8");
  });

  test.each([
    ["no field", []],
    ["an empty field", [["x-scf-remote-addr", ""]]],
    ["a field that is no address", [["x-scf-remote-addr", "unknown"]]],
  ] as const)("the client's address is unknown with %s", (_, fields) => {
    expect(keyOf([["host", OWN], ...fields])).toBeUndefined();
  });

  test.each([
    ["two addresses in one field", [["x-scf-remote-addr", "198.51.100.1, 203.0.113.7"]]],
    ["an empty address before another", [["x-scf-remote-addr", ", 203.0.113.7"]]],
    [
      "two fields, of which one may be the client's",
      [
        ["x-scf-remote-addr", "198.51.100.1"],
        ["X-SCF-Remote-Addr", "203.0.113.7"],
      ],
    ],
  ] as const)("all requests with %s count as one address, so that nobody is without a limit", (_, fields) => {
    expect(keyOf([["host", OWN], ...fields])).toBe("0.0.0.0");
  });
});

test.each([
  CUSTOM,
  "tencentscf.com",
  "evil-tencentscf.com",
  `${OWN}.evil.example`,
  `evil.example/${OWN}`,
  "1250000000-0abcdefgh1.ap-guangzhou.tencentscf.com:8443",
  "9999999999-0abcdefgh1.ap-guangzhou.tencentscf.com",
  "",
])("on the host %j no header is believed, and the log says once that limits by address are off", (host) => {
  const arrive = createArrive({ log, settings: DEFAULTS });
  const spoofed: Fields = [
    ["host", host],
    ["x-scf-remote-addr", "198.51.100.1"],
    ["x-forwarded-for", "198.51.100.1"],
  ];
  for (let times = 0; times < 3; times += 1) {
    const { fields, peer } = arrive(spoofed, { neighbour: "169.254.0.1" });
    expect({ fields, peer }).toEqual({ fields: [["host", host]], peer: undefined });
  }
  expect(warnings).toEqual([expect.stringContaining("limits by address are off")]);
});

test("a private Function URL is the function's own host too", () => {
  const host = "1250000000-0abcdefgh1.in.ap-guangzhou.tencentscf.com";
  expect(
    keyOf([
      ["host", host],
      ["x-scf-remote-addr", "10.1.2.3"],
    ]),
  ).toBe("10.1.2.3");
});

test("if the id of the account is not known, each host with the platform's suffix is the function's own", () => {
  expect(
    keyOf(
      [
        ["host", OWN],
        ["x-scf-remote-addr", "203.0.113.7"],
      ],
      { trustedProxies: [] },
    ),
  ).toBe("203.0.113.7");
});

test("the field that CLIENT_IP_HEADER names is believed on every host", () => {
  const settings = { ...DEFAULTS, clientIpHeader: "x-scf-remote-addr" };
  expect(
    keyOf(
      [
        ["host", CUSTOM],
        ["X-Scf-Remote-Addr", "203.0.113.7"],
      ],
      settings,
    ),
  ).toBe("203.0.113.7");
  expect(warnings).toEqual([]);
});

test("X-Forwarded-For of TRUSTED_PROXIES is believed, from the right", () => {
  const settings = { ...DEFAULTS, trustedProxies: ["169.254.0.0/16"] };
  const fields: Fields = [
    ["host", CUSTOM],
    ["x-forwarded-for", "198.51.100.1, 203.0.113.7"],
  ];
  expect(keyOf(fields, settings)).toBe("203.0.113.7");
});

test.each([
  DEFAULTS,
  { ...DEFAULTS, clientIpHeader: "x-scf-remote-addr" },
  { ...DEFAULTS, trustedProxies: ["::1/128"] },
])("the function's credentials are removed from the fields, whatever is set (%j)", (settings) => {
  const secrets: Fields = ["Secret-Id", "secret-key", "Session-Token", "Request-Id"].map((name) => [
    `X-Scf-${name}`,
    "canary",
  ]);
  for (const host of [OWN, CUSTOM]) {
    const { fields } = createArrive({ log, settings })([["host", host], ...secrets], {});
    expect(JSON.stringify(fields)).not.toContain("canary");
  }
});

describe("the keys of the function's role", () => {
  const KEYS: Fields = [
    ["X-Scf-Secret-Id", "AKIDrole0"],
    ["X-Scf-Secret-Key", "secretROLE"],
    ["X-Scf-Session-Token", "token+/=.-_"],
  ];
  const heard = (host: string, fields: Fields, ends: Ends = { neighbour: "169.254.0.1" }) => {
    const keys: object[] = [];
    const arrive = createArrive({ log, settings: DEFAULTS, onRoleKeys: (each) => keys.push(each) });
    arrive([["host", host], ...fields], ends);
    return keys;
  };

  test("are taken from a request to the function's own host", () => {
    expect(heard(OWN, KEYS)).toEqual([
      { secretId: "AKIDrole0", secretKey: "secretROLE", token: "token+/=.-_" },
    ]);
  });

  test.each([
    ["a custom domain", CUSTOM, KEYS],
    ["a host of another account", "9999999999-0abcdefgh1.ap-guangzhou.tencentscf.com", KEYS],
    ["no token", OWN, KEYS.slice(0, 2)],
    ["a second key, which may be the client's", OWN, [...KEYS, ["x-scf-secret-key", "secretEVIL"]]],
    ["two keys in one field", OWN, [KEYS[0], KEYS[2], ["x-scf-secret-key", "secretEVIL, secretROLE"]]],
  ] as [string, string, Fields][])("are not taken with %s", (_, host, fields) => {
    expect(heard(host, fields)).toEqual([]);
  });

  test("are not taken from an event, since an event function has them in its variables", () => {
    expect(heard(OWN, KEYS, {})).toEqual([]);
  });
});
