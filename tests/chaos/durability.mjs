// The server is killed under load again and again; what was acknowledged is in the database, once and in its place.
import { startServer } from '../clients/server.mjs';
import { stored } from './database.mjs';
import { Ledger } from './ledger.mjs';
import { group, names, Person, settings, together } from './people.mjs';
import { random, sleep, until } from './random.mjs';
import { storedOnce } from './verdicts.mjs';

export const short = { kills: 3, senders: 4, flights: 8, most: 500 };
export const long = { ...short, kills: 200 };

// Every sender has `flights` messages on their way at once; a kill comes `most` milliseconds after the last start at
// the latest, while the server is still starting too.
export async function kill(database, { seed, kills, senders, flights, most }, report) {
  const chance = random(seed), server = await startServer({ ...settings, ...database.settings }), ledger = new Ledger();
  database.at(server.dataDir);
  const users = names('sender', senders), people = users.map((user) => new Person(server.url, user, ledger, { hears: false }));
  const starts = [], damage = [];
  try {
    const rooms = await Promise.all([group(server, users, 'one'), group(server, users, 'two')]);
    await together(people, (person) => person.start());
    let isOver = false, count = 0;
    const writing = together(people, (person) => together(Array.from({ length: flights }), async () => {
      while (!isOver) await person.send(chance.of(rooms), `w-${count++}.`);
    }));
    for (let n = 0; n < kills; n++) {
      const before = ledger.acknowledged.size;
      await sleep(chance.between(10, most));
      // Some kills find nobody back yet; every third one waits for load.
      if (n % 3 === 0) await until(() => ledger.acknowledged.size > before + 20, 10_000);
      ledger.breaks('kill -9');
      await server.kill();
      damage.push(...await database.damage());
      const began = performance.now();
      await server.startAgain();
      if (!await until(async () => (await fetch(`${server.url}/readyz`)).ok, 10_000)) throw new Error('the server is not ready 10 s after its start');
      starts.push(performance.now() - began);
    }
    isOver = true;
    await writing;
    starts.sort((a, b) => a - b);
    report.say(`${database.kind}: ${ledger.acknowledged.size} acknowledged over ${kills} kills; ready after ${starts[starts.length >> 1].toFixed(0)} ms (median), ${starts.at(-1).toFixed(0)} ms at most`);
    report.add(storedOnce(ledger, await stored(database)));
    report.add({ promise: 'the database is whole after each kill', counted: kills, broken: damage });
  } finally {
    await together(people, (person) => person.stop());
    await server.stop();
    await database.drop();
  }
}
