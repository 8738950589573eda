import { once } from "node:events";
import type { Server } from "node:http";
import type { Config } from "../../config.ts";

/** Resolves once the server listens. Rejects with a sentence that says why it cannot. */
export async function listen(server: Server, { port, host }: Config["server"]): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new Error(`cannot listen on port ${port} of ${host}: ${WHY_NOT[code] ?? code}`, { cause });
  }
}

const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program does; stop it, or set PORT to another port",
  EADDRNOTAVAIL: "HOST is no address of this machine",
  EACCES: "this user may not; set PORT to one above 1023",
};
