// node compare.mjs REFERENCE.json OTHER.json [--partial]: scenarios whose transcripts differ
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const sorted = (v) => Array.isArray(v) ? v.map(sorted) : v && typeof v === 'object' ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v;
// The fourth element of a line is the text as it was sent; meaning is compared, not spelling.
const same = (x, y) => JSON.stringify(sorted(x?.slice(0, 3))) === JSON.stringify(sorted(y?.slice(0, 3)));
// Lines of different clients have no order among themselves.
const byClient = (lines) => { const groups = new Map(); for (const l of lines ?? []) { const who = l[0].slice(0, -1); groups.set(who, [...(groups.get(who) ?? []), l]); } return [...groups].sort(([p], [q]) => (p < q ? -1 : 1)).flatMap(([, g]) => g); };

// A stream of events is written down when its last one has come, on a line of its own: the answer to the POST that
// caused it overtakes it or not. It stands behind the answers beside it.
const isStream = ([way, what, { ended } = {}]) => way === '<' && what === 'http' && ended === 'left open';
const isAnswer = ([way, what]) => way === '<' && what === 'http';
function settled(lines) {
  const rest = [];
  let streams = [];
  for (const line of lines) {
    if (isStream(line)) { streams.push(line); continue; }
    if (!isAnswer(line)) { rest.push(...streams); streams = []; }
    rest.push(line);
  }
  return [...rest, ...streams];
}

// Two transcripts of one scenario: `differing` holds [line, reference, other], `respelled` counts
// messages of equal meaning whose text differs.
export function compare(reference, other) {
  const x = settled(byClient(reference)), y = settled(byClient(other));
  const differing = [];
  let respelled = 0;
  for (let i = 0; i < Math.max(x.length, y.length); i++)
    if (!same(x[i], y[i])) differing.push([i, x[i], y[i]]); else if (x[i][3] !== y[i][3]) respelled++;
  return { differing, respelled };
}

export const shown = (differing) => differing.slice(0, 4).map(([i, p, q]) => `   ${i} reference ${JSON.stringify(p)?.slice(0, 400)}\n   ${i} other     ${JSON.stringify(q)?.slice(0, 400)}`).join('\n');

function main() {
  const [a, b] = process.argv.slice(2, 4).map((f) => JSON.parse(fs.readFileSync(f)));
  const partial = process.argv.includes('--partial');
  let ok = 0, bad = 0, spelled = 0;
  for (const name of Object.keys(a)) {
    if (partial && !(name in b)) continue;
    const { differing, respelled } = compare(a[name], b[name]);
    spelled += respelled;
    if (!differing.length) { ok++; continue; }
    bad++;
    console.log(`${name}\n${shown(differing)}`);
  }
  if (spelled) console.log(`${spelled} messages equal in meaning are spelled otherwise`);
  console.log(`${ok} passed, ${bad} failed`);
  process.exit(bad ? 1 : 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
