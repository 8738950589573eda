import { readFileSync } from "node:fs";
import { join } from "node:path";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../src/config/schema.ts";
import { faultsOf } from "./lint.ts";
import { type Body, parseModule, readModule } from "./module.ts";
import provider from "./provider.json" with { type: "json" };
import { TUTORIAL } from "./tutorial.ts";

const FOLDER = join(import.meta.dirname, "../../deploy/tencent");
const SETTINGS = Object.keys(settingsSchema.shape);
const module = await readModule(FOLDER);

function bodyOf(address: string): Body {
  const block = module.blocks.get(address);
  if (!block) throw new Error(`there is no ${address}`);
  return block.body;
}

function defaultOf(variable: string): unknown {
  return bodyOf(`var.${variable}`).default;
}

describe("the Terraform module", () => {
  it("has no fault that the lint finds", () => {
    expect(module.blocks.size).toBeGreaterThan(60);
    expect(faultsOf(module)).toStrictEqual([]);
  });

  it("uses every variable and every local", () => {
    const used = new Set([...module.references.values()].flat().map(ownerOf));
    const unused = [...module.blocks.values()].filter(
      ({ kind, address }) => (kind === "variable" || kind === "local") && !used.has(address),
    );
    expect(unused.map(({ address }) => address)).toStrictEqual([]);
  });

  it("describes every variable and every output", () => {
    const told = [...module.blocks.values()].filter(({ kind }) => kind === "variable" || kind === "output");
    expect(told.filter(({ body }) => !body.description).map(({ address }) => address)).toStrictEqual([]);
  });

  it("keeps both subnets apart, inside the VPC and smaller than it", () => {
    const rangeOf = (variable: string) => ipaddr.IPv4.parseCIDR(String(defaultOf(variable)));
    const [vpc, vpcBits] = rangeOf("vpc_cidr");
    const subnets = [rangeOf("subnet_cidr"), rangeOf("function_subnet_cidr")];
    for (const [address, bits] of subnets) {
      expect(bits).toBeGreaterThan(vpcBits);
      expect(address.match(vpc, vpcBits)).toBe(true);
    }
    const [[stores, bits], [functions]] = subnets as [[ipaddr.IPv4, number], [ipaddr.IPv4, number]];
    expect(functions.match(stores, bits)).toBe(false);
  });

  it("lets only the functions in, to each store on its own port", () => {
    const doors = [...module.blocks.values()].filter(
      ({ type }) => type === "tencentcloud_security_group_rule_set",
    );
    const ingress = doors.map(({ address, body }) => [address, body.ingress]);
    const rule = (port: string) => [
      expect.objectContaining({
        action: "ACCEPT",
        cidr_block: `\${var.function_subnet_cidr}`,
        protocol: "TCP",
        port: `\${tostring(var.${port})}`,
      }),
    ];
    expect(ingress).toStrictEqual([
      ["tencentcloud_security_group_rule_set.mysql", rule("mysql_port")],
      ["tencentcloud_security_group_rule_set.redis", rule("redis_port")],
    ]);
  });

  it("never opens MySQL to the Internet, and never gives the functions the root password", () => {
    expect(bodyOf("tencentcloud_mysql_instance.main").internet_service).toBe(0);
    expect(bodyOf("tencentcloud_mysql_privilege.phonekey").global).toStrictEqual([]);
    expect(bodyOf("local.mysql_url").value).not.toContain("mysql_root_password");
  });

  it("gives each function the rights that it needs, and no other", () => {
    expect(bodyOf("local.functions").value).toMatchObject({
      web: { actions: ["sms:SendSms", "captcha:DescribeCaptchaResult"] },
      // Sending due notices, pulling reports, and reading the reviews that a tick looks at.
      maintenance: {
        actions: [
          "sms:SendSms",
          "sms:PullSmsSendStatusByPhoneNumber",
          "sms:DescribeSmsSignList",
          "sms:DescribeSmsTemplateList",
          "sms:SmsPackagesStatistics",
          "sms:SendStatusStatistics",
          "captcha:DescribeCaptchaResult",
        ],
      },
    });
    expect(JSON.stringify(bodyOf("local.functions"))).not.toMatch(/:\*|sms:(Add|Modify|Delete)/);
  });

  it("sets only settings that exist, and no key of Tencent Cloud", () => {
    const text = ["settings", "captcha_settings", "template_settings"]
      .map((name) => textOf(`local.${name}`))
      .join("\n");
    const set = [...text.matchAll(/^\s*([A-Z][A-Z0-9_]+) += /gm)].map(([, name]) => name);
    expect(set.length).toBeGreaterThan(10);
    expect(SETTINGS).toEqual(
      expect.arrayContaining([...set, "TENCENT_SMS_TEMPLATE_ID_RESET_PASSWORD", "PUBLIC_URL"]),
    );
    expect(text).not.toMatch(/TENCENT_SECRET/);
    expect(text).toMatch(/"TENCENT_SMS_TEMPLATE_ID_\$\{upper\(purpose\)\}"/);
  });

  it("names handlers that the package has", () => {
    const entries = readFileSync(join(FOLDER, "../../scripts/build-scf.js"), "utf8");
    expect(bodyOf("tencentcloud_scf_function.maintenance").handler).toBe("maintenance.main_handler");
    expect(entries).toMatch(/^ {2}maintenance: "src\/main\//m);
    expect(bodyOf("tencentcloud_scf_function.web").handler).toBe("scf_bootstrap");
    expect(readFileSync(join(FOLDER, "scf_bootstrap"), "utf8")).toMatch(/^#!\/bin\/bash\n[^\r]*$/);
    expect(entries).toContain(String(defaultOf("package")).replace("../../", ""));
  });

  it("gives functions the time and the memory that docs/scf.md advises", () => {
    const docs = readFileSync(join(FOLDER, "../../docs/scf.md"), "utf8");
    const [, seconds, maintenanceSeconds] =
      /give the web function (\d+), .* and the maintenance function (\d+) \|/.exec(docs) ?? [];
    const [, megabytes, maintenanceMegabytes] =
      /give the web function (\d+) and the maintenance function (\d+) \|/.exec(docs) ?? [];
    expect(defaultOf("function_timeout_seconds")).toBe(Number(seconds));
    expect(defaultOf("function_memory_mb")).toBe(Number(megabytes));
    expect(bodyOf("tencentcloud_scf_function.maintenance")).toMatchObject({
      timeout: Number(maintenanceSeconds),
      mem_size: Number(maintenanceMegabytes),
    });
  });

  it("outputs the fixed addresses of both functions, since both send messages", () => {
    const value = String(bodyOf("output.egress_addresses").value);
    for (const name of ["web", "maintenance"])
      expect(value).toContain(`tencentcloud_scf_function.${name}.eips`);
  });

  it("outputs the callback addresses that the server answers", () => {
    const routes = readFileSync(join(FOLDER, "../../src/http/app.ts"), "utf8");
    expect(routes).toContain("/callbacks/tencent/:secret");
    for (const kind of ["status", "reply"]) {
      const { value } = bodyOf(`output.${kind}_callback_url`);
      expect(value).toBe(`\${local.address}/callbacks/tencent/\${local.callback_secrets[0]}/${kind}`);
    }
  });

  it("names the timer's trigger, and gives the URL's trigger no name", () => {
    expect(bodyOf("tencentcloud_scf_trigger.url")).not.toHaveProperty("trigger_name");
    expect(bodyOf("tencentcloud_scf_trigger.timer")).toHaveProperty("trigger_name");
  });
});

describe("the tutorial's tables have a place in the module", () => {
  it.each(TUTORIAL)(
    "step $step, $parameter: $sample",
    ({ variable, goesTo: [address, argument], ...row }) => {
      const { default: fallback, description } = bodyOf(`var.${variable}`);
      expect(fallback).toStrictEqual(row.default);
      expect(String(description)).toContain(row.deviates ?? "");
      expect(expressionOf(address, argument)).toContain(`var.${variable}`);
      expect(documented(address, argument)).toBe(true);
    },
  );

  it("with none of their rows left out", () => {
    const rows = (step: number) =>
      new Set(TUTORIAL.filter((row) => row.step === step).map((row) => row.parameter));
    expect([3, 4, 5].map((step) => rows(step).size)).toStrictEqual([6, 16, 4]);
  });
});

function textOf(address: string): string {
  const { value } = bodyOf(address);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The value of an argument, with the values of the locals that it names. */
function expressionOf(address: string, argument: string): string {
  const text = JSON.stringify(bodyOf(address)[argument]);
  return text.replace(/local\.\w+/g, (local) => JSON.stringify(bodyOf(local).value));
}

function documented(address: string, argument: string): boolean {
  const [type = ""] = address.split(".");
  if (type === "provider") return argument === "region";
  const known = provider.resources[type as keyof typeof provider.resources];
  return argument === "count" || [...known.required, ...known.optional].some((name) => name === argument);
}

function ownerOf(reference: string): string {
  return reference.split(".").slice(0, 2).join(".");
}

describe("the lint of the Terraform module", () => {
  const GOOD = `
    variable "cidr" { default = "10.0.0.0/16" }
    resource "tencentcloud_vpc" "main" {
      name       = "a"
      cidr_block = var.cidr
    }`;

  const BROKEN: readonly (readonly [what: string, text: string, fault: string | RegExp])[] = [
    ["a missing variable", 'output "x" { value = var.gone }', "output.x: var.gone is not there"],
    ["a missing resource", 'output "x" { value = tencentcloud_vpc.gone.id }', /tencentcloud_vpc.gone is not/],
    ["an attribute that is not documented", 'output "x" { value = tencentcloud_vpc.main.color }', /no color/],
    [
      "an argument that is not documented",
      'resource "tencentcloud_eip" "x" { colour = 1 }',
      /no argument colour/,
    ],
    ["a missing argument", 'resource "tencentcloud_vpc" "x" { name = "a" }', /lacks cidr_block/],
    [
      "a resource that is not documented",
      'resource "tencentcloud_cow" "x" {}',
      /tencentcloud_cow is not known/,
    ],
    [
      "an open secret",
      'variable "db_password" { type = string }',
      "var.db_password: is a secret and not sensitive",
    ],
    [
      "a secret in an output",
      'resource "random_password" "x" { length = 9 }\nlocals { y = random_password.x.result }\noutput "z" { value = local.y }',
      "output.z: shows a secret and is not sensitive",
    ],
    [
      "ingress from everywhere",
      'resource "tencentcloud_security_group_rule_set" "x" {\n security_group_id = "a"\n ingress {\n  action = "ACCEPT"\n  cidr_block = "0.0.0.0/0"\n }\n}',
      /ingress from anywhere/,
    ],
    [
      "ingress from everywhere by IPv6",
      'resource "tencentcloud_security_group_rule_set" "x" {\n security_group_id = "a"\n ingress {\n  action = "ACCEPT"\n  ipv6_cidr_block = "::/0"\n }\n}',
      /ingress from anywhere/,
    ],
    [
      "ingress without a source",
      'resource "tencentcloud_security_group_rule_set" "x" {\n security_group_id = "a"\n ingress {\n  action = "ACCEPT"\n }\n}',
      /ingress from anywhere/,
    ],
  ];

  it("finds nothing in a valid module", async () => {
    expect(faultsOf(await parseModule([["main.tf", GOOD]]))).toStrictEqual([]);
  });

  it.each(BROKEN)("finds %s", async (_, text, fault) => {
    const faults = faultsOf(
      await parseModule([
        ["main.tf", GOOD],
        ["broken.tf", text],
      ]),
    );
    expect(faults).toStrictEqual([expect.stringMatching(fault)]);
  });

  it("refuses a text that is no HCL", async () => {
    await expect(parseModule([["main.tf", "resource {"]])).rejects.toThrow();
  });
});
