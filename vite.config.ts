import { utimesSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** `npm run dev`: Node.js watches the server's own files, and the server reads the pages' when it starts. */
const restartsServer: Plugin = {
  name: "restarts-server",
  writeBundle() {
    const now = new Date();
    if (this.meta.watchMode) utimesSync("dist/cli.js", now, now);
  },
};

/** Builds what runs in a browser: hashed files and a manifest in dist/web, avatars and icon copied beside them. */
export default defineConfig({
  root: "web",
  plugins: [restartsServer],
  publicDir: "public",
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    manifest: true,
    target: ["chrome87", "safari14", "firefox90"],
    // The pages' policy allows no data: URIs.
    assetsInlineLimit: 0,
    modulePreload: false,
    rollupOptions: { input: { "sign-in": "web/sign-in.ts", styles: "web/styles.css" } },
  },
});
