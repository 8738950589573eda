import { defineConfig } from "vite";

/** Builds what runs in a browser: hashed files and a manifest in dist/web, avatars and icon copied beside them. */
export default defineConfig({
  root: "web",
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
