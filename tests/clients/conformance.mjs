// The conformance server for a test: CONFORMANCE_URL names one that runs already; otherwise the built one
// (CONFORMANCE_BINARY, else the debug build in the cargo target directory) is started on a port of its own.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const binary = process.env.CONFORMANCE_BINARY ?? path.join(target, 'debug/examples/conformance');

export async function startConformance() {
  if (process.env.CONFORMANCE_URL) return { url: process.env.CONFORMANCE_URL, async stop() {} };
  if (!fs.existsSync(binary)) throw new Error(`${binary} is not there: build it with cargo build --example conformance`);
  const child = spawn(binary, ['--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code, signal]) => { throw new Error(`${binary} ended (code ${code}, signal ${signal}) before it listened`); });
  ended.catch(() => {});
  const listening = new Promise((resolve) => createInterface({ input: child.stdout }).on('line', (line) => {
    const found = /^Now listening on: (\S+)$/.exec(line);
    if (found) resolve(found[1]);
  }));
  const url = await Promise.race([listening, ended]);
  return {
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
