import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ipaddr from "ipaddr.js";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { STOP_MS } from "../../src/cli/serve/stopping.ts";
import { createIgnore, readCopy, readStages, readWords } from "../support/dockerfile.ts";
import { ENV, readCompose, type Service } from "./compose.ts";
import { expectToLoad, readEnvFile } from "./settings.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCKER = join(ROOT, "deploy/docker");

describe("the Dockerfile", () => {
  const stages = readStages(join(DOCKER, "Dockerfile"));
  const isIgnored = createIgnore(join(ROOT, ".dockerignore"));
  const last = stages.at(-1)?.instructions ?? [];
  const all = stages.flatMap(({ instructions }) => instructions);
  const of = (keyword: string) => last.findLast((each) => each.getKeyword() === keyword);

  it("copies only files that exist in the clone and that .dockerignore lets in", () => {
    const sources = all
      .filter((each) => each.getKeyword() === "COPY")
      .map(readCopy)
      .flatMap((step) => (step.from === undefined ? step.sources : []));
    expect(sources).not.toEqual([]);
    expect(sources.filter((source) => !existsSync(join(ROOT, source)) || isIgnored(source))).toEqual([]);
  });

  it("lets nothing in that may be secret", () => {
    const kept = [
      ".env",
      ".git",
      ".npmrc",
      "data",
      "data/secret",
      "deploy/docker/.env",
      "node_modules",
      "test",
    ];
    expect(kept.filter((path) => !isIgnored(path))).toEqual([]);
    const named = all.filter((each) => ["ARG", "ENV"].includes(each.getKeyword()));
    const contents = new Set(named.map((each) => each.getArgumentsContent()));
    expect([...contents]).toEqual(["NPM_CONFIG_REGISTRY", "NODE_ENV=production"]);
    expect(last.some((each) => each.getKeyword() === "ARG")).toBe(false);
  });

  it("runs as a user that is not root, with Node.js as the first process", () => {
    expect(of("USER")?.getArgumentsContent()).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(readWords(of("ENTRYPOINT"))).toEqual(["node", "bin/phonekey.js"]);
    expect(readWords(of("CMD"))).toEqual(["serve"]);
    expect(readWords(of("HEALTHCHECK"))?.[0]).toBe("node");
  });

  it("uses a single base image, which this version runs on", () => {
    const bases = new Set(stages.map(({ base }) => base));
    expect([...bases]).toEqual([expect.stringMatching(/^node:(2[02468])-bookworm-slim$/)]);
  });
});

describe("the Docker compose file", () => {
  const { services, networks, volumes } = readCompose();
  const all = Object.entries(services);
  const ours = (["migrate", "server"] as const).map((name) => services[name] as Service);

  test.each(all)("%s has no rights that it does not need", (name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
    expect(service.security_opt).toContain("no-new-privileges:true");
    expect([service.privileged, service.cap_add]).toEqual([undefined, undefined]);
    // Phonekey's image has a user; the others would start as root.
    if (!["migrate", "server"].includes(name)) expect(service.user).toMatch(/^(mysql|redis)$/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it("names only networks, volumes and services that exist", () => {
    expect(all.flatMap(([, service]) => service.networks).filter((name) => !(name in networks))).toEqual([]);
    const mounted = all.flatMap(([, service]) => service.volumes ?? []).map((volume) => volume.split(":")[0]);
    expect(mounted.toSorted()).toEqual(Object.keys(volumes).toSorted());
    for (const [, { depends_on = {} }] of all) {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(services).toHaveProperty(name);
        if (condition === "service_healthy") expect(services[name]?.healthcheck?.test).toBeDefined();
      }
    }
  });

  it("migrates once before the server starts", () => {
    expect(services.server?.depends_on).toMatchObject({
      migrate: { condition: "service_completed_successfully" },
      redis: { condition: "service_healthy" },
    });
    expect(services.migrate).toMatchObject({
      command: ["migrate"],
      restart: "no",
      depends_on: { mysql: { condition: "service_healthy" } },
    });
  });

  it("waits longer for the end than a server takes to stop, like the single container in docs/running.md", () => {
    const page = readFileSync(join(ROOT, "docs/running.md"), "utf8");
    const waits = [services.server?.stop_grace_period, /--stop-timeout (\d+)/.exec(page)?.[1]];
    for (const seconds of waits) expect(Number.parseInt(seconds ?? "", 10)).toBeGreaterThan(STOP_MS / 1_000);
  });

  it("builds with the Dockerfile", () => {
    for (const { build } of ours)
      expect(existsSync(join(DOCKER, build?.context ?? "", build?.dockerfile ?? ""))).toBe(true);
  });

  it("gives the server settings that exist, and with which production starts", () => {
    const { MYSQL_PASSWORD: _, REDIS_PASSWORD: __, ...settings } = ENV;
    for (const service of ours) {
      expect(service.env_file).toBe(".env");
      // The warning is true, and does not matter within one machine.
      expectToLoad({ ...settings, ...service.environment }, [
        expect.stringMatching(/^DATABASE_URL: .* not encrypted/),
      ]);
    }
  });

  it("trusts only the proxy of this machine, and keeps the stores in an internal network", () => {
    const [edge] = networks.edge?.ipam?.config ?? [];
    expect(services.server?.environment.TRUSTED_PROXIES).toBe(edge?.gateway);
    expect(ipaddr.parse(edge?.gateway ?? "").match(ipaddr.parseCIDR(edge?.subnet ?? ""))).toBe(true);
    expect(networks.stores?.internal).toBe(true);
    expect(services.mysql?.networks).toEqual(["stores"]);
    expect(services.redis?.networks).toEqual(["stores"]);
  });

  it("contains no password", () => {
    const passwords = all.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD$|AUTH$/.test(name)),
    );
    expect(passwords.map(([, value]) => value).toSorted()).toEqual([
      ENV.MYSQL_PASSWORD,
      ENV.REDIS_PASSWORD,
      "yes",
    ]);
    expect(readEnvFile("docker/example.env")).toMatchObject({ MYSQL_PASSWORD: "", PHONEKEY_SECRETS: "" });
    const ignored = spawnSync("git", ["check-ignore", "-q", "deploy/docker/.env"], { cwd: ROOT });
    expect(ignored.status).toBe(0);
  });

  const hasPlugin = spawnSync("docker", ["compose", "version"]).status === 0;
  test.runIf(hasPlugin)("is valid for Docker", () => {
    const folder = mkdtempSync(join(tmpdir(), "phonekey-compose-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    copyFileSync(join(DOCKER, "compose.yaml"), join(folder, "compose.yaml"));
    const lines = Object.entries(ENV).map(([name, value]) => `${name}=${value}`);
    writeFileSync(join(folder, ".env"), lines.join("\n"));
    const read = spawnSync("docker", ["compose", "config", "--quiet"], { cwd: folder, encoding: "utf8" });
    expect(read).toMatchObject({ status: 0, stderr: "" });
  });
});
