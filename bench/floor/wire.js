import { createServer } from "node:http";

/** Where the floors find what they need; every process gets the same words. */
export const { DATABASE_URL, REDIS_URL, PORT } = process.env;

/**
 * A bare server: a route is `"POST /path"`, and answers `{status, body, headers?}` to the request's JSON and itself.
 * It says over IPC that it listens, and ends when its parent does.
 */
export function serve(routes) {
  const server = createServer(async (request, response) => {
    try {
      const [path, query] = request.url.split("?");
      const route = routes[`${request.method} ${path}`];
      const input = query === undefined ? await readJson(request) : new URLSearchParams(query);
      answer(response, route ? await route(input, request) : { status: 404, body: {} });
    } catch (error) {
      console.error(error);
      answer(response, { status: 500, body: {} });
    }
  });
  server.listen(Number(PORT), "127.0.0.1", () => process.send?.({}));
  process.once("disconnect", () => process.exit());
}

async function readJson(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : {};
}

function answer(response, { status, body, headers }) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
