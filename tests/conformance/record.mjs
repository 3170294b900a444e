// node record.mjs --base http://127.0.0.1:5310 --out FILE [--only PREFIX] [--slow]
// Plays the scenarios to a server and writes down what a client saw.
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Log } from './wire.mjs';
import { scenarios } from './scenarios.mjs';

// Plays one scenario and returns its transcript; a scenario that throws or hangs says so in it.
export async function play([, run, opts = {}], base) {
  const log = new Log();
  const limit = opts.slow ? 90000 : 20000;
  let timer;
  const hung = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('scenario timed out')), limit); });
  try { await Promise.race([run(log, base), hung]); } catch (e) { log.add('!', 'error', String(e.message)); }
  clearTimeout(timer);
  return log.done();
}

// One line of the transcript a line of the file, so that a diff of two files can be read.
export const written = (result) => '{\n' + Object.entries(result).map(([name, lines]) => ` ${JSON.stringify(name)}: [\n` + lines.map((l) => '  ' + JSON.stringify(l)).join(',\n') + '\n ]').join(',\n') + '\n}\n';

async function main() {
  const arg = (n, d) => { const i = process.argv.indexOf('--' + n); return i < 0 ? d : process.argv[i + 1]; };
  const base = arg('base'), out = arg('out'), only = arg('only', ''), slow = process.argv.includes('--slow');
  const result = {};
  for (const scenario of scenarios) {
    const [name, , opts = {}] = scenario;
    if (!name.startsWith(only) || (opts.slow && !slow)) continue;
    const started = Date.now();
    result[name] = await play(scenario, base);
    process.stderr.write(`${name} ${Date.now() - started} ms\n`);
  }
  fs.writeFileSync(out, written(result));
  process.exit(0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
