#!/usr/bin/env node
import { buildIfStale } from "../scripts/build-if-stale.js";

if (await buildIfStale()) await import("../dist/cli.js");
else process.exitCode = 1;
