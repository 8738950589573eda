import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { unitTests } from "./test/support/projects.ts";

const UNIT = unitTests();
const SERVICES = ["test/**/mariadb*.test.ts", "test/**/redis*.test.ts"];
const FOLDERS = ["attack", "e2e", "process", "races", "faults", "scf"].map((name) => `test/${name}/**`);

/** Loading all modules anew takes longer than the tests of most files; elsewhere helpers have hooks of their own. */
const SHARING_MODULES = { isolate: false };

/** What comes in a moment takes longer on a busy machine; by itself Vitest waits for a second. */
const PATIENT = { expect: { poll: { timeout: 10_000 } } };

/** All of these at once: each file has ports, folders, databases and programs of its own. */
const BESIDE_OTHERS = {
  testTimeout: 120_000,
  hookTimeout: 60_000,
  sequence: { groupOrder: 1 },
  ...PATIENT,
};

export default defineConfig({
  test: {
    // Vitest would leave one core to itself, which waits most of the time. More than these no MariaDB here serves.
    maxWorkers: Math.min(availableParallelism(), 8),
    projects: [
      {
        test: {
          name: "unit",
          include: UNIT,
          testTimeout: 20_000,
          ...SHARING_MODULES,
          ...PATIENT,
        },
      },
      {
        // The longest file by far, which is begun first: Vitest takes projects by their names.
        test: {
          name: "attack",
          include: ["test/attack/**/*.test.ts"],
          ...BESIDE_OTHERS,
        },
      },
      {
        test: {
          name: "local",
          include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
          exclude: [...UNIT, ...SERVICES, ...FOLDERS],
          ...SHARING_MODULES,
          ...BESIDE_OTHERS,
        },
      },
      {
        test: {
          name: "mariadb",
          include: ["test/**/mariadb*.test.ts"],
          globalSetup: ["test/support/services/services.ts"],
          ...SHARING_MODULES,
          ...BESIDE_OTHERS,
        },
      },
      {
        test: {
          name: "redis",
          include: ["test/**/redis*.test.ts"],
          ...SHARING_MODULES,
          ...BESIDE_OTHERS,
        },
      },
      {
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts"],
          globalSetup: ["test/process/build.js"],
          ...BESIDE_OTHERS,
        },
      },
      {
        test: {
          name: "scf",
          include: ["test/scf/**/*.test.ts"],
          globalSetup: ["test/scf/build.js", "test/support/services/services.ts"],
          ...BESIDE_OTHERS,
        },
      },
      // What makes the machine busy by itself, or shows what people see in a moment: one file at a time, when all others are done.
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          ...PATIENT,
        },
      },
      {
        test: {
          name: "races",
          include: ["test/races/**/*.test.ts"],
          globalSetup: ["test/process/build.js", "test/support/services/services.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          ...PATIENT,
        },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          globalSetup: ["test/process/build.js", "test/support/services/services.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          ...PATIENT,
        },
      },
    ],
  },
});
