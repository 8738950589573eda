import { describe, expect, test } from "vitest";
import { script } from "../../../src/adapters/redis/connection.ts";
import { explain } from "../../../src/compose/explain.ts";
import { UnavailableError } from "../../../src/core/refusals.ts";
import { useRedis } from "./use-redis.ts";

/** Answers with an error in the words of a server of any version. */
const ERROR = script("return redis.error_reply(ARGV[1])");

/** The words that Redis before 7 puts around the answer to a command that a script called. */
const wrapped = (answer: string) =>
  `ERR Error running script (call to f_3fe5a4a4ca02ea2a4c9e2d4ce1c0ff2a0d22a3d1): @user_script:41: @user_script: 41: ${answer}`;

describe("an error of Redis", () => {
  const at = useRedis();

  const refusal = (words: string) =>
    at.redis.run(ERROR, ["{key}"], [words]).then(
      () => undefined,
      (error: unknown) => error,
    );

  test.each([
    "-OOM command not allowed when used memory > 'maxmemory'.",
    "-READONLY You can't write against a read only replica.",
    "-MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.",
    "-NOREPLICAS Not enough good replicas to write.",
    "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "-CLUSTERDOWN The cluster is down",
  ])("means, if it refuses writes, that Redis is unavailable, in any version: %s", async (answer) => {
    const error = await refusal(wrapped(answer));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(explain(error)).toBe(explain(await refusal(answer)));
  });

  test.each(["OOM", "READONLY", "MISCONF", "NOREPLICAS"])("is told in our own words: %s", async (word) => {
    const sentence = "Redis is unavailable: it takes no writes";
    expect(explain(await refusal(wrapped(`-${word} no`)))).toBe(sentence);
    expect(explain(await refusal(`${word} no`))).toBe(sentence);
  });

  test("does not mean that Redis is unavailable if a script has another fault", async () => {
    for (const answer of [
      "user_script:41: attempt to index a nil value",
      "ERR value is not -OOM or READONLY",
    ]) {
      expect(await refusal(wrapped(answer))).not.toBeInstanceOf(UnavailableError);
    }
  });

  test("does not make the connection run the script again", async () => {
    const failing = script("call('INCR', KEYS[1]) return redis.error_reply('ERR no')");
    for (let n = 0; n < 3; n++)
      await expect(at.redis.run(failing, ["{counted}"], [])).rejects.toThrow("ERR no");
    expect(await at.command("GET", "{counted}")).toBe("3");
  });

  test("says that Redis takes no writes when the server is full", async () => {
    at.server.command("config", "set", "maxmemory", "1");
    const written = await at.redis
      .run(script("return call('SET', KEYS[1], '1')"), ["{key}"], [])
      .catch(explain);
    at.server.command("config", "set", "maxmemory", "0");
    expect(written).toBe("Redis is unavailable: it takes no writes");
  });
});
