import { expect, test } from "vitest";
import { startTogether } from "./start-together.ts";

test("if one part does not start, all that started are stopped, even if stopping one fails", async () => {
  const stopped: string[] = [];
  const part = async (name: string, ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return {
      async stop() {
        stopped.push(name);
        if (name === "stuck") throw new Error("it does not stop");
      },
    };
  };
  const starting = startTogether(async (keep) => {
    const failing = Promise.reject(new Error("its port is taken"));
    await Promise.all([keep(part("stuck", 0)), keep(failing), keep(part("late", 20))]);
  });
  await expect(starting).rejects.toThrow("its port is taken");
  expect(stopped).toEqual(["stuck", "late"]);
  expect(await startTogether(async (keep) => await keep(part("good", 0)))).toBeDefined();
  expect(stopped).toEqual(["stuck", "late"]);
});
