import type { Ran, Step, Steps } from "./database.ts";
import type { Commits, Turn } from "./sqlite-commits.ts";
import { asFault } from "./sqlite-driver.ts";
import type { Statements } from "./statements.ts";

/** Turns that run from their beginning to their end without giving way. */
export function createSteps(
  commits: Commits,
  statements: Statements,
  onStatement: ((sql: string) => void) | undefined,
): Steps {
  const prepare = (sql: string) => {
    onStatement?.(sql);
    return statements.get(sql);
  };
  const stepOf = (turn: Turn): Step => ({
    rows: <R>(sql: string, ...values: Parameters<Step["run"]>[1][]) => prepare(sql).all(values) as R[],
    run: (sql, ...values): Ran => {
      const { changes, lastInsertRowid } = prepare(sql).run([...values]);
      return { changes, lastId: Number(lastInsertRowid) };
    },
    onLost: turn.onLost,
  });

  async function inTurn<T>(turn: Turn, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw asFault(error);
    } finally {
      await turn.end().catch(rethrowFault);
    }
  }

  return {
    async read(body) {
      const turn = await commits.enter();
      return await inTurn(turn, () => turn.whileBusy(() => body(stepOf(turn))));
    },
    async write(body) {
      const turn = await commits.enter();
      return await inTurn(turn, async () => {
        await turn.begin();
        turn.mark();
        try {
          return await turn.whileBusy(() => body(stepOf(turn)));
        } catch (error) {
          turn.undo();
          throw error;
        }
      });
    },
  };
}

function rethrowFault(error: unknown): never {
  throw asFault(error);
}
