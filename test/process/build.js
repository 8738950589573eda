import { buildIfStale } from "../../scripts/build-if-stale.js";

/** Once before all tests with real processes: each server started would otherwise find the build stale by itself. */
export async function setup() {
  if (!(await buildIfStale())) throw new Error("the build failed");
}
