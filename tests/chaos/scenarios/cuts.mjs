// A receiver's connection is cut between the server's write and the client's Pong, or before the bytes arrived at
// all; it stays away for a while. Nothing of that may be told as delivered before it can be back.
import { startRelay } from '../../clients/relay.mjs';
import { startServer } from '../../clients/server.mjs';
import { Crowd } from '../crowd.mjs';
import { plain } from '../ledger.mjs';
import { settings } from '../people.mjs';
import { random, sleep, until } from '../random.mjs';
import { allAre, inOrder, nothingDeliveredEarly, nothingInvented, nothingLost, repeatsAreExcused } from '../verdicts.mjs';

// `away`: how long at most it stays away after a cut; every tenth time over a second, since moves are merged so long.
export const short = { cuts: 30, away: 100, wait: 5_000 };
export const long = { ...short, cuts: 1_000, wait: 30_000 };

export async function run({ seed, cuts, away, wait }, report) {
  const chance = random(seed), server = await startServer(settings), relay = await startRelay(server.url);
  let crowd;
  try {
    crowd = await Crowd.gather(server, { senders: 1, receivers: 1, groups: 1 }, (user) => (user.startsWith('receiver') ? relay.url : server.url));
    const [ann, bob] = crowd.people, { ledger } = crowd;
    const isConnected = () => bob.connection.state === 'Connected' && relay.connections > 0;
    const earliest = new Map();
    let unheard = 0;
    for (let n = 0; n < cuts; n++) {
      if (!await until(isConnected, wait)) throw new Error(`the receiver did not come back after cut ${n}`);
      const way = chance.of(['up', 'up', 'down']), count = ledger.heard.get(bob.user).length;
      relay.hold(way);
      const message = await ann.send(crowd.groups[0], `c-${n}.`);
      // What the client said no longer reaches the server: it heard, and its Pong stays here.
      if (way === 'up' && !await until(() => ledger.heard.get(bob.user).slice(count).some(({ id }) => id === plain(message.id)), 1_000)) unheard++;
      await sleep(chance.between(0, 40));
      relay.refuse();
      ledger.breaks('cut', bob.user);
      relay.cut();
      await sleep(n % 10 === 9 ? 1_200 : chance.between(0, away));
      earliest.set(plain(message.id), Date.now());
      relay.resume();
    }
    const caughtUp = await crowd.catchUp(wait);
    const all = [...earliest.keys()];
    await until(() => allAre(ledger, 'delivered', all).broken.length === 0, 3_000);
    report.say(`${cuts} cuts, ${unheard} held-back messages not heard before theirs; looked for ${caughtUp} ms`);
    report.add(nothingDeliveredEarly(ledger, earliest));
    report.add(allAre(ledger, 'delivered', all));
    for (const check of [nothingLost, inOrder, repeatsAreExcused, nothingInvented]) report.add(check(ledger));
  } finally {
    await crowd?.leave();
    await relay.stop();
    await server.stop();
  }
}
