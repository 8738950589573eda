import { readFile } from "node:fs/promises";

const MOST_BYTES = 5 * 1024 * 1024;
const JPG = Buffer.from([0xff, 0xd8, 0xff]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

/** A picture as base64 without the `data:` prefix, as an API takes it. Rejects with a sentence that names the file. */
export async function readImage(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) throw new Error(`${path} cannot be read`);
  if (![JPG, PNG].some((mark) => bytes.subarray(0, mark.length).equals(mark))) {
    throw new Error(`${path} is neither a JPG nor a PNG`);
  }
  if (bytes.length > MOST_BYTES) throw new Error(`${path} is larger than 5 MB`);
  return bytes.toString("base64");
}
