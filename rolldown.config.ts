import type { RolldownOptions } from "rolldown";

/**
 * Bundles the server and its commands, with their libraries, into `dist/`: a few dozen files start three times as fast as
 * a thousand. All of them lie beside each other, so that any finds `web/` and `../package.json`. Functions keep their names in
 * stack traces; with `NODE_OPTIONS=--enable-source-maps` these name the lines of the source.
 */
export default {
  // What is started, and what scripts and the benchmark take from it.
  input: {
    cli: "src/cli/main.ts",
    compose: "src/compose.ts",
    config: "src/config.ts",
    docs: "src/cli/docs/docs.ts",
    server: "src/compose/server.ts",
  },
  platform: "node",
  tsconfig: "tsconfig.json",
  external: [
    // A native addon, which its loader finds among the packages.
    "libsql",
    // Loaded when somebody first needs them: a build in the same folder must not take them from a server that runs.
    /^@simplewebauthn\/server/,
    "@zxcvbn-ts/language-common",
  ],
  output: {
    dir: "dist",
    chunkFileNames: ({ name, facadeModuleId }) => `${facadeModuleId ? nameOf(facadeModuleId) : name}.js`,
    // By their names: a file that is loaded late may meet those of the version before.
    minifyInternalExports: false,
    sourcemap: true,
  },
} satisfies RolldownOptions;

/**
 * Of the file of a module that is imported late: Node.js looks for it even where it has loaded it, and a server that runs
 * while the next version is built in its place must find it.
 */
function nameOf(module: string): string {
  return module
    .replaceAll("\\", "/")
    .replace(/^.*\/node_modules\/|^.*\/src\//, "")
    .replace(/\.\w+$/, "")
    .replaceAll("/", "-");
}
