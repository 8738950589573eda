import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { COUNTERS } from "../../src/adapters/prometheus/tally.ts";

const page = readFileSync("docs/metrics.md", "utf8");
const [scrape, rules] = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => parse(text));

describe("docs/metrics.md", () => {
  it("has a row for each counter, with its labels", () => {
    const rows = [...page.matchAll(/^\| `(phonekey_\w+)` \| (.+?) \|/gm)];
    const documented = rows.map(([, name, labels = ""]) => [name, labels.replaceAll("`", "").split(", ")]);
    expect(documented).toEqual(Object.values(COUNTERS).map(({ name, labels }) => [name, [...labels]]));
  });

  it("has a scrape configuration with fields of Prometheus", () => {
    expect(scrape.scrape_configs).toEqual([
      {
        job_name: "phonekey",
        authorization: { credentials_file: expect.any(String) },
        static_configs: [{ targets: expect.any(Array) }],
      },
    ]);
  });

  it("has alert rules that use counters and labels that exist", () => {
    const all: { alert: string; expr: string }[] = rules.groups[0].rules;
    expect(all.map(({ alert }) => alert)).toHaveLength(5);
    for (const { expr } of all) {
      const used = [...expr.matchAll(/(phonekey_\w+)(?:\{(.*?)\})?\[/g)];
      expect(used.length).toBeGreaterThan(0);
      for (const [, name, matchers = ""] of used) {
        const labels: readonly string[] =
          Object.values(COUNTERS).find((one) => one.name === name)?.labels ?? [];
        const named = [...matchers.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, label = ""]) => label);
        expect([name, named.filter((label) => !labels.includes(label))]).toEqual([name, []]);
        expect(labels.length).toBeGreaterThan(0);
      }
    }
  });
});
