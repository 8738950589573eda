import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { STOP_MS } from "../../src/cli/serve/stopping.ts";
import { createWorld, type World } from "../support/world.ts";
import { expectToLoad, readDeployed, type Variables } from "./settings.ts";

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly envFrom: readonly Readonly<Record<string, { readonly name: string }>>[];
  readonly securityContext: object;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
}

interface Pod {
  readonly metadata: { readonly labels: Variables };
  readonly spec: {
    readonly containers: readonly [Container];
    readonly securityContext: object;
    readonly terminationGracePeriodSeconds: number;
    readonly automountServiceAccountToken: boolean;
    readonly topologySpreadConstraints: readonly { readonly labelSelector: Selector }[];
  };
}

interface Selector {
  readonly matchLabels: Variables;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Variables;
  readonly stringData: Variables;
  readonly spec: {
    readonly replicas: number;
    readonly template: Pod;
    readonly selector: Variables & Selector;
  };
}

const manifests = ["config", "secret.example", "migrate", "phonekey"].flatMap((name) =>
  parseAllDocuments(readDeployed(`kubernetes/${name}.yaml`)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  }),
);

function find(kind: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (!found) throw new Error(`there is no ${kind}`);
  return found;
}

const pod = find("Deployment").spec.template;
const [server] = pod.spec.containers;

describe("the Kubernetes manifests", () => {
  it("use settings that exist, and with which production starts", () => {
    for (const { spec } of [find("Deployment"), find("Job")]) {
      const [{ envFrom }] = spec.template.spec.containers;
      expect(envFrom).toEqual([
        { configMapRef: { name: find("ConfigMap").metadata.name } },
        { secretRef: { name: find("Secret").metadata.name } },
      ]);
    }
    expectToLoad({ ...find("ConfigMap").data, ...find("Secret").stringData });
  });

  test.each(["Deployment", "Job"])("give the %s no rights that it does not need", (kind) => {
    const { spec } = find(kind).spec.template;
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("select the server's pods by the labels that these have", () => {
    const selectors = [
      find("Deployment").spec.selector.matchLabels,
      find("Service").spec.selector,
      find("PodDisruptionBudget").spec.selector.matchLabels,
      ...pod.spec.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
    ];
    for (const selector of selectors) expect(pod.metadata.labels).toEqual(selector);
    expect(find("Job").spec.template.metadata.labels).not.toEqual(pod.metadata.labels);
  });

  it("run several servers of this version, and migrate with the same image", () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
    expect(find("Deployment").spec.replicas).toBeGreaterThan(1);
    expect(server.image).toMatch(new RegExp(`:${version}$`));
    const [migrate] = find("Job").spec.template.spec.containers;
    expect(migrate).toMatchObject({ image: server.image, args: ["migrate"] });
  });

  it("wait longer for the end than a server takes to stop", () => {
    const [program, seconds] = server.lifecycle?.preStop.exec.command ?? [];
    expect(program).toBe("sleep");
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + STOP_MS / 1_000);
  });

  describe("have a", () => {
    let world: World;
    beforeAll(async () => {
      world = await createWorld();
    });
    afterAll(() => world.close());

    test.each(["livenessProbe", "readinessProbe", "startupProbe"] as const)(
      "%s that the server answers",
      async (name) => {
        const { path, port } = server[name]?.httpGet ?? {};
        expect(server.ports).toContainEqual({ name: port, containerPort: 8080 });
        expect((await world.request(path ?? "")).status).toBe(200);
      },
    );
  });
});
