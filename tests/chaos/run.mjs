// Plays scenarios: `node tests/chaos/run.mjs [--long] [--seed N] [--profile NAME] [--OPTION N …] SCENARIO…`.
// Without a name it lists them. `--profile` takes that build instead of the debug one (HUBWIRE_BINARY any other);
// every number of a scenario's can be set by its name, such as --kills 100.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('scenarios', import.meta.url));
const known = fs.readdirSync(folder).filter((name) => name.endsWith('.mjs')).map((name) => name.slice(0, -4));
const SHOWN = 10;

const wanted = [], given = {};
let isLong = false;
const words = process.argv.slice(2);
while (words.length) {
  const word = words.shift();
  if (word === '--long') isLong = true;
  else if (word === '--profile') process.env.HUBWIRE_BINARY = path.join(process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url)), words.shift(), 'hubwire');
  else if (word.startsWith('--')) given[word.slice(2)] = Number(words.shift());
  else wanted.push(word);
}
const strangers = wanted.filter((name) => !known.includes(name));
if (!wanted.length || strangers.length) {
  console.log(`${strangers.length ? `no scenario ${strangers.join(', ')}; ` : ''}there are: ${known.join(', ')}`);
  process.exit(2);
}

let passed = 0, failed = 0;
const report = {
  say: (line) => console.log(`  ${line}`),
  add({ promise, counted, broken, note }) {
    if (broken.length) failed++; else passed++;
    console.log(`  ${broken.length ? '✖' : '✔'} ${promise} (${counted} checked${note ? `, ${note}` : ''}${broken.length ? `, ${broken.length} BROKEN` : ''})`);
    for (const line of broken.slice(0, SHOWN)) console.log(`      ${line}`);
    if (broken.length > SHOWN) console.log(`      and ${broken.length - SHOWN} more`);
  },
};

for (const name of wanted) {
  const scenario = await import(`./scenarios/${name}.mjs`), began = Date.now();
  // Who hangs fails after so many minutes.
  const defaults = { minutes: isLong ? 60 : 3, seed: Math.floor(Math.random() * 2 ** 31), ...scenario[isLong ? 'long' : 'short'] };
  const unknown = Object.keys(given).filter((option) => !(option in defaults));
  if (unknown.length) { console.log(`${name} has no ${unknown.join(', ')}; it has: ${Object.keys(defaults).join(', ')}`); process.exit(2); }
  const options = { ...defaults, ...given };
  console.log(`${name}: ${Object.entries(options).map(([option, value]) => `--${option} ${value}`).join(' ')}`);
  const before = passed + failed;
  try {
    const limit = new Promise((_, reject) => { setTimeout(reject, options.minutes * 60_000, new Error(`it still ran after ${options.minutes} minutes`)).unref(); });
    await Promise.race([scenario.run(options, report), limit]);
    if (passed + failed === before) throw new Error('nothing was checked');
  } catch (error) {
    failed++;
    console.log(`  ✖ ${name} did not come to its end: ${error.stack}`);
  }
  console.log(`  ${Date.now() - began} ms`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
