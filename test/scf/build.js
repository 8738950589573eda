import { buildScf } from "../../scripts/build-scf.js";

/** Once before all tests of the package. */
export async function setup() {
  if (!(await buildScf())) throw new Error("the package could not be built");
}
