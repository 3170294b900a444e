// A receiver's process is stopped as a phone stops an app: what is sent meanwhile is not delivered before it goes on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startServer } from '../../clients/server.mjs';
import { Ledger, plain } from '../ledger.mjs';
import { api, Person, settings } from '../people.mjs';
import { sleep, until } from '../random.mjs';
import { allAre, nothingDeliveredEarly, nothingInvented } from '../verdicts.mjs';

// `pause`: how long it stays stopped after the last send; moves are merged for a second.
export const short = { messages: 100, rounds: 1, pause: 1_500, within: 2_000 };
export const long = { ...short, rounds: 20, pause: 10_000 };

export async function run({ messages, rounds, pause, within }, report) {
  const server = await startServer(settings), ledger = new Ledger();
  const ann = new Person(server.url, 'ann', ledger);
  const bob = spawn(process.execPath, [fileURLToPath(new URL('../listener.mjs', import.meta.url)), server.url, 'bob'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: bob.stdout }), heard = new Set();
  lines.on('line', (line) => heard.add(plain(line)));
  try {
    await Promise.all([ann.start(), once(lines, 'line')]);
    const { id } = await api(server, 'ann')('POST', '/conversations/direct/bob');
    for (let round = 0; round < rounds; round++) {
      bob.kill('SIGSTOP');
      ledger.breaks('SIGSTOP', 'bob');
      const sent = [];
      for (let n = 0; n < messages; n++) sent.push(plain((await ann.send(id, `r-${round}-${n}.`)).id));
      await sleep(pause);
      const resumed = Date.now();
      ledger.mends('SIGSTOP', 'bob');
      bob.kill('SIGCONT');
      const told = () => new Set(ledger.statuses.filter((one) => one.status === 'delivered').map((one) => one.id));
      await until(() => { const all = told(); return sent.every((one) => all.has(one)); }, within + 1_000);
      report.say(`stopped for ${resumed - ledger.faults.at(-1).at} ms; ${told().size} told as delivered`);
      report.add(allAre(ledger, 'sent', sent, resumed));
      report.add(nothingDeliveredEarly(ledger, new Map(sent.map((one) => [one, resumed]))));
      report.add(allAre(ledger, 'delivered', sent, resumed + within));
      report.add({ promise: 'the receiver heard them', counted: sent.length, broken: sent.filter((one) => !heard.has(one)) });
    }
    report.add(nothingInvented(ledger));
  } finally {
    bob.kill('SIGKILL');
    await ann.stop();
    await server.stop();
  }
}
