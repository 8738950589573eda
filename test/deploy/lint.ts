import type { Block, Body, Module } from "./module.ts";
import provider from "./provider.json" with { type: "json" };

interface Known {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly blocks?: Readonly<Record<string, Known>>;
  readonly attributes?: readonly string[];
}

const RESOURCES: Readonly<Record<string, Known | undefined>> = provider.resources;
const DATA: Readonly<Record<string, Known | undefined>> = provider.data;
const META = ["count", "for_each", "depends_on", "lifecycle", "provider"];

/** Names that Terraform binds itself. */
const BOUND = /^(path|each|count)\./;
/** An index between a resource and its attribute. */
const INDEX = /^(\d+|".*")$/;
const SECRET = /password|secret|token|database_url/;
const SECRET_SOURCES = /^random_password\.\w+\.result$/;
const ANYWHERE = ["0.0.0.0/0", "::/0"];
const SOURCES = [
  "cidr_block",
  "ipv6_cidr_block",
  "source_security_id",
  "address_template_id",
  "address_template_group",
];

/** All faults of a module, as `address: what`. */
export function faultsOf(module: Module): string[] {
  return [...module.blocks.values()].flatMap((block) => [
    ...unknownReferences(module, block),
    ...argumentFaults(block),
    ...secretFaults(module, block),
    ...openDoors(block),
  ]);
}

function unknownReferences({ blocks, references }: Module, { address }: Block): string[] {
  const outer = (references.get(address) ?? []).filter((reference) => !BOUND.test(reference));
  return outer.flatMap((reference) => {
    const parts = reference.split(".");
    const depth = parts[0] === "data" ? 3 : 2;
    const owner = parts.slice(0, depth).join(".");
    const attribute = parts.slice(depth).find((part) => !INDEX.test(part));
    const block = blocks.get(owner);
    if (!block) return [`${address}: ${owner} is not there`];
    return attribute && !hasAttribute(block, attribute) ? [`${address}: ${owner} has no ${attribute}`] : [];
  });
}

function hasAttribute({ kind, type }: Block, attribute: string): boolean {
  const known = kind === "data" ? DATA[type] : kind === "resource" ? RESOURCES[type] : undefined;
  if (!known) return true;
  return [...known.required, ...known.optional, ...(known.attributes ?? [])].includes(attribute);
}

function argumentFaults({ address, kind, type, body }: Block): string[] {
  if (kind !== "resource" && kind !== "data") return [];
  const known = (kind === "data" ? DATA : RESOURCES)[type];
  return known ? bodyFaults(address, without(body, META), known) : [`${address}: ${type} is not known`];
}

function bodyFaults(address: string, body: Body, known: Known): string[] {
  const blocks = known.blocks ?? {};
  const names = [...known.required, ...known.optional, ...Object.keys(blocks)];
  return [
    ...known.required.filter((name) => !(name in body)).map((name) => `${address}: lacks ${name}`),
    ...Object.keys(body)
      .filter((name) => !names.includes(name))
      .map((name) => `${address}: has no argument ${name}`),
    ...Object.entries(blocks).flatMap(([name, inner]) =>
      [body[name] ?? []].flat().flatMap((part) => bodyFaults(`${address}, ${name}`, Object(part), inner)),
    ),
  ];
}

function secretFaults(module: Module, { address, kind, body }: Block): string[] {
  if (body.sensitive === true) return [];
  if (kind === "variable" && SECRET.test(address)) {
    return [`${address}: is a secret and not sensitive`];
  }
  const shows = kind === "output" && holdsSecret(module, address);
  return shows ? [`${address}: shows a secret and is not sensitive`] : [];
}

/** Whether a secret is part of a value, directly or through locals. */
function holdsSecret(module: Module, address: string): boolean {
  return (module.references.get(address) ?? []).some((reference) => {
    if (SECRET_SOURCES.test(reference)) return true;
    const owner = reference.split(".").slice(0, 2).join(".");
    if (owner.startsWith("var.")) return module.blocks.get(owner)?.body.sensitive === true;
    return owner.startsWith("local.") && holdsSecret(module, owner);
  });
}

/** Rules that let everybody in: by an address range, or because they name no source. */
function openDoors({ address, body }: Block): string[] {
  const rules = [body.ingress ?? []].flat().map((rule): Body => Object(rule));
  return rules.filter(isOpen).map(() => `${address}: ingress from anywhere`);
}

function isOpen(rule: Body): boolean {
  const sources = SOURCES.flatMap((name) => rule[name] ?? []).map(String);
  return rule.action === "ACCEPT" && (sources.length === 0 || sources.some((one) => ANYWHERE.includes(one)));
}

function without(body: Body, names: readonly string[]): Body {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}
