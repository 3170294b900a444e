// node run.mjs [--binary PATH | --url URL] [--only PREFIX]
// Plays every scenario of the golden transcripts to the conformance server and compares what a client saw.
// A scenario listed in differences.json must differ, and exactly as listed.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { scenarios } from './scenarios.mjs';
import { play } from './record.mjs';
import { compare, shown } from './compare.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const read = (file) => JSON.parse(fs.readFileSync(path.join(here, file)));
const arg = (name, fallback) => { const i = process.argv.indexOf('--' + name); return i < 0 ? fallback : process.argv[i + 1]; };

const golden = read('aspnetcore-10.json');
const differences = read('differences.json');
// Most of a scenario is waiting, but some of it is a matter of a tenth of a second: few enough to keep their time.
const SIDE_BY_SIDE = 6;
const byName = new Map(scenarios.map((s) => [s[0], s]));

// The lists are checked before a server is started: a name nobody knows would test nothing.
function checkLists() {
  for (const name of Object.keys(golden)) if (!byName.has(name)) throw new Error(`nobody knows how to play: ${name}`);
  for (const name of byName.keys()) if (!(name in golden)) throw new Error(`there is no golden transcript of: ${name}`);
  for (const [name, { reason, transcript }] of Object.entries(differences)) {
    if (!(name in golden)) throw new Error(`differences.json lists an unknown scenario: ${name}`);
    if (!reason) throw new Error(`differences.json gives no reason for: ${name}`);
    if (!compare(golden[name], transcript).differing.length) throw new Error(`differences.json lists what is no difference: ${name}`);
  }
}

async function start(binary) {
  const child = spawn(binary, ['--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit').then(([code]) => { throw new Error(`${binary} ended with ${code} before it listened`); });
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise((resolve) => lines.on('line', (line) => { const m = /Now listening on: (\S+)/.exec(line); if (m) resolve(m[1]); }));
  const url = await Promise.race([listening, gone]);
  gone.catch(() => {});
  return { url, stop: () => child.kill('SIGTERM') };
}

// Null when the scenario went as it should, else what is wrong with it.
function verdict(name, transcript) {
  const { differing } = compare(golden[name], transcript);
  const listed = differences[name];
  if (!listed) return differing.length ? `differs\n${shown(differing)}` : null;
  if (!differing.length) return `the listed difference has disappeared (${listed.reason})`;
  const otherwise = compare(listed.transcript, transcript).differing;
  return otherwise.length ? `differs otherwise than listed\n${shown(otherwise)}` : null;
}

async function main() {
  checkLists();
  const only = arg('only', '');
  const names = Object.keys(golden).filter((name) => name.startsWith(only));
  const target = process.env.CARGO_TARGET_DIR ?? path.join(here, '../../target');
  const server = arg('url') ? { url: arg('url'), stop() {} } : await start(arg('binary', path.join(target, 'debug/examples/conformance')));
  let ok = 0, bad = 0;
  const judge = async (name) => {
    const wrong = verdict(name, await play(byName.get(name), server.url));
    if (wrong) { bad++; console.log(`${name}: ${wrong}`); } else ok++;
  };
  const side = async (count, waiting) => Promise.all(Array.from({ length: count }, async () => { while (waiting.length) await judge(waiting.shift()); }));
  try {
    // What waits for the server's timers runs beside the rest. Those about groups and users come last and one by one:
    // they would hear of each other, and of whoever else is signed in under the same name.
    const isSlow = (name) => byName.get(name)[2]?.slow, isShared = (name) => name.startsWith('group/');
    const slow = Promise.all(names.filter(isSlow).map(judge));
    await side(SIDE_BY_SIDE, names.filter((name) => !isSlow(name) && !isShared(name)));
    await side(1, names.filter(isShared));
    await slow;
  } finally { server.stop(); }
  console.log(`${ok} passed, ${bad} failed`);
  process.exit(bad || !ok ? 1 : 0);
}

await main();
