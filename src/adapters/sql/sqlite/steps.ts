import type { CompiledQuery } from "kysely";
import type { Step, Steps } from "../database.ts";
import { type Bindable, bindable } from "../statements/values.ts";
import type { Commits, Turn } from "./commits.ts";
import { asFault } from "./errors.ts";
import type { Statements } from "./statements.ts";

/** Turns that run synchronously from beginning to end. */
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
    rows: <R>(sql: string, ...values: readonly Bindable[]) => prepare(sql).rows(values) as R[],
    run: (sql, ...values) => prepare(sql).run(values),
    query: <R>({ sql, parameters }: CompiledQuery<R>) => prepare(sql).rows(parameters.map(bindable)) as R[],
    execute: ({ sql, parameters }) => prepare(sql).run(parameters.map(bindable)),
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
    async lookAndWrite(look, write) {
      const turn = await commits.enter();
      return await inTurn(turn, async () => {
        const isSame = turn.isOpen();
        const seen = await turn.whileBusy(() => look(stepOf(turn)));
        if (seen) return seen.answer;
        await turn.begin();
        return await turn.whileBusy(() => write(stepOf(turn), isSame));
      });
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
