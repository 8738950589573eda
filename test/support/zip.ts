import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inflateRawSync } from "node:zlib";

/** A file in a ZIP archive. */
export interface ZipEntry {
  readonly path: string;
  /** Unix permissions. */
  readonly mode: number;
  readonly content: Buffer;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;

/** Reads an archive by its central directory (APPNOTE 4.3.12), permissions included. */
export function readZip(zip: Buffer): ZipEntry[] {
  const end = zip.length - 22;
  if (zip.readUInt32LE(end) !== END) throw new Error("this is no archive, or it has a comment");
  const entries: ZipEntry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let count = zip.readUInt16LE(end + 10); count > 0; count -= 1) {
    if (zip.readUInt32LE(at) !== CENTRAL) throw new Error("the directory is broken");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      zip.readUInt16LE(at + offset),
    );
    const path = zip.toString("utf8", at + 46, at + 46 + nameLength!);
    entries.push({ path, mode: (zip.readUInt32LE(at + 38) >>> 16) & 0o7777, content: contentOf(zip, at) });
    at += 46 + nameLength! + extraLength! + commentLength!;
  }
  return entries;
}

function contentOf(zip: Buffer, at: number): Buffer {
  const isStored = zip.readUInt16LE(at + 10) === 0;
  const size = zip.readUInt32LE(at + 20);
  const header = zip.readUInt32LE(at + 42);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const packed = zip.subarray(start, start + size);
  return isStored ? packed : inflateRawSync(packed);
}

/** Unpacks an archive, with its permissions, into a folder that nobody may write to afterwards. */
export function unzip(zip: Buffer, folder: string): void {
  const folders = new Set<string>([folder]);
  for (const { path, mode, content } of readZip(zip)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    for (let each = dirname(target); each !== folder; each = dirname(each)) folders.add(each);
    writeFileSync(target, content);
    chmodSync(target, mode & 0o555);
  }
  for (const each of folders) chmodSync(each, 0o555);
}
