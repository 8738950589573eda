import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, posix } from "node:path";

export interface AssetFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly immutable: boolean;
}

export interface LoadedAssets {
  readonly script: string;
  readonly style: string;
  readonly read: (path: string) => AssetFile | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * Reads what the build made for browsers into memory, once, so that no request's path ever reaches the disk.
 *
 * @param folder the build's `web` folder
 */
export function loadAssets(folder: string): LoadedAssets {
  const manifestPath = join(folder, ".vite", "manifest.json");
  if (!existsSync(manifestPath)) throw new Error("The pages are not built. Run `npm run build` first.");
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Record<string, { file: string }>;
  const built = (source: string) => {
    const entry = manifest[source];
    if (!entry) throw new Error(`The build has no ${source}. Run \`npm run build\` again.`);
    return `/${entry.file}`;
  };
  const files = new Map(filesBelow(folder, "/"));
  return { script: built("sign-in.ts"), style: built("styles.css"), read: (path) => files.get(path) };
}

function filesBelow(folder: string, path: string): [string, AssetFile][] {
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
    const below = posix.join(path, entry.name);
    if (entry.isDirectory()) return filesBelow(folder, below);
    const type = TYPES[extname(entry.name)];
    if (!type) return [];
    const body = new Uint8Array(readFileSync(join(folder, below)));
    return [[below, { body, type, immutable: path.startsWith("/assets") }]] as [string, AssetFile][];
  });
}
