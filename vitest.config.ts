import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
          exclude: [
            "test/e2e/**",
            "test/process/**",
            "test/races/**",
            "test/faults/**",
            "test/scf/**",
            "test/**/mariadb*.test.ts",
            "test/**/redis*.test.ts",
          ],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "mariadb",
          include: ["test/**/mariadb*.test.ts"],
          globalSetup: ["test/support/services.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "redis",
          include: ["test/**/redis*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "process",
          include: ["test/process/**/*.test.ts"],
          globalSetup: ["test/process/build.js"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "races",
          include: ["test/races/**/*.test.ts"],
          globalSetup: ["test/process/build.js", "test/support/services.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          globalSetup: ["test/process/build.js", "test/support/services.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "scf",
          include: ["test/scf/**/*.test.ts"],
          globalSetup: ["test/scf/build.js", "test/support/services.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
