// What of SCF's event runtime matters here, for one instance: it loads a handler, gives it one event after the other,
// takes an answer for given when the event loop is empty, and stands still between two events. Started with the folder
// and the handler; reads events as lines on standard input and tells what happens as lines on descriptor 3, and what was
// loaded by then.
const { readSync, writeSync } = require("node:fs");
const { join, relative } = require("node:path");

const [, , folder, handler] = process.argv;
const [file, name] = handler.split(".");
const { [name]: handle } = require(join(folder, file));
const tell = (said) => writeSync(3, `${JSON.stringify(said)}\n`);
let isRunning = false;

const loaded = () => Object.keys(require.cache).map((path) => relative(folder, path));
tell({ loaded: loaded() });

/** Nothing is left to do: with an answer still owed, the platform would end the instance in the middle of it. */
process.on("beforeExit", () => {
  if (isRunning) {
    tell({ endedMidAnswer: true });
    process.exit(1);
  }
  tell({ drained: true });
  const line = readLine();
  if (line === undefined) process.exit(0);
  void invoke(JSON.parse(line));
});

async function invoke({ event, context }) {
  isRunning = true;
  try {
    const answer = await handle(event, context);
    tell({ answer, context, loaded: loaded() });
  } catch (error) {
    tell({ thrown: String(error) });
  }
  isRunning = false;
  // Node.js says that the loop is empty only once it was not.
  setImmediate(() => {});
}

/** Blocks the whole process, event loop and all, as the platform does. */
function readLine() {
  let line = "";
  const byte = Buffer.alloc(1);
  for (;;) {
    if (readSync(0, byte) === 0) return undefined;
    if (byte[0] === 10) return Buffer.from(line, "latin1").toString();
    line += byte.toString("latin1");
  }
}
