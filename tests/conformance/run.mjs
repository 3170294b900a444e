// node run.mjs [--binary PATH | --url URL] [--only PREFIX]
// Plays the scenarios named in played.json to the conformance server and compares each with its golden
// transcript. A scenario listed in differences.json must differ, and exactly as listed.
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
const played = read('played.json');
const differences = read('differences.json');
const byName = new Map(scenarios.map((s) => [s[0], s]));

// The lists are checked before a server is started: a name nobody knows would test nothing.
function checkLists() {
  for (const name of played) if (!byName.has(name) || !(name in golden)) throw new Error(`played.json names an unknown scenario: ${name}`);
  if (new Set(played).size !== played.length) throw new Error('played.json names a scenario twice');
  for (const [name, { reason, transcript }] of Object.entries(differences)) {
    if (!played.includes(name)) throw new Error(`differences.json lists a scenario that is not played: ${name}`);
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
  const names = played.filter((name) => name.startsWith(only));
  const target = process.env.CARGO_TARGET_DIR ?? path.join(here, '../../target');
  const server = arg('url') ? { url: arg('url'), stop() {} } : await start(arg('binary', path.join(target, 'debug/examples/conformance')));
  let ok = 0, bad = 0;
  const judge = (name, transcript) => {
    const wrong = verdict(name, transcript);
    if (wrong) { bad++; console.log(`${name}: ${wrong}`); } else ok++;
  };
  try {
    // What waits for the server's timers runs beside the rest; the rest runs one by one, since
    // scenarios share group and user names.
    const isSlow = (name) => byName.get(name)[2]?.slow;
    const slow = names.filter(isSlow).map(async (name) => judge(name, await play(byName.get(name), server.url)));
    for (const name of names.filter((n) => !isSlow(n))) judge(name, await play(byName.get(name), server.url));
    await Promise.all(slow);
  } finally { server.stop(); }
  console.log(`${ok} passed, ${bad} failed`);
  process.exit(bad || !ok ? 1 : 0);
}

await main();
