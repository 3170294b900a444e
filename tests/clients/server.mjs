// Starts the built server for a test, on a port of its own with a data folder of its own, and stops it.
// The binary: HUBWIRE_BINARY, else the debug build in the cargo target directory.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url));
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HUBWIRE_')));
export const binary = process.env.HUBWIRE_BINARY ?? path.join(target, 'debug/hubwire');

// None outlives the process that started it, however that ends by itself.
const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

// `settings` are environment variables, and the only ones of the server's. The limit on messages is off unless a
// test sets it.
export async function startServer(settings = {}) {
  if (!fs.existsSync(binary)) throw new Error(`${binary} is not there: build it with cargo build, or name another with HUBWIRE_BINARY`);
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'hubwire-test-'));
  const env = { ...clean, HUBWIRE_DATA_DIR: dataDir, HUBWIRE_LIMITS_MESSAGES_PER_MINUTE: '0', ...settings };
  let child, log = '', isEnding = false;

  async function run(listen) {
    child = spawn(binary, ['--listen', listen], { env, cwd: dataDir, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.on('data', (data) => { log = (log + data).slice(-20_000); });
    isEnding = false;
    const one = child;
    running.add(one);
    one.once('exit', () => running.delete(one));
    child.once('exit', (code, signal) => { if (!isEnding) console.error(`the server ended by itself (code ${code}, signal ${signal}); its log:\n${log}`); });
    const ended = once(child, 'exit').then(([code]) => { throw new Error(`the server ended with ${code} before it listened:\n${log}`); });
    ended.catch(() => {});
    const listening = new Promise((resolve) => createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^Now listening on: (\S+)$/.exec(line);
      if (found) resolve(found[1]);
    }));
    return Promise.race([listening, ended]);
  }

  async function end(signal) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    isEnding = true;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  const url = await run('127.0.0.1:0');
  return {
    url,
    dataDir,
    get pid() { return child.pid; },
    log: () => log,
    kill: () => end('SIGKILL'),
    // As an operator stops it: it tells its clients, and is gone within ten seconds.
    terminate: () => end('SIGTERM'),
    // On the same port, with the same data.
    startAgain: () => run(new URL(url).host),
    async stop() {
      await end('SIGKILL');
      fs.rmSync(dataDir, { recursive: true, force: true });
    },
    // What `hubwire token` prints for a person.
    async token(user, name) {
      const { stdout } = await promisify(execFile)(binary, ['token', '--user', user, ...(name ? ['--name', name] : [])], { env, cwd: dataDir });
      return stdout.trim();
    },
  };
}
