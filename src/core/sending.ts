import { createCircuit } from "./delivery/circuit.ts";
import { createSettlePrice } from "./protection/budgets/settle.ts";
import { createTakeSend, type RebuildDeps } from "./protection/rebuild.ts";

/**
 * Adds what counts sends, what settles their prices, and what notes which senders answer. Codes and notices of a process
 * share them.
 */
export function withSending<D extends RebuildDeps>(outside: D) {
  return {
    ...outside,
    takeSend: createTakeSend(outside),
    settlePrice: createSettlePrice(outside),
    circuit: createCircuit(outside.clock),
  };
}
