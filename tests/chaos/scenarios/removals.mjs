// Somebody is removed from a group and added again, over and over, while others talk in it as fast as they can: the
// log says what came after which removal, and none of that may be heard. With `cuts` in a hundred the connection is cut
// at a removal, so that what came before it is still to be told to somebody who is no member any more. After `each`
// removals it goes on in another group.
import { startRelay } from '../../clients/relay.mjs';
import { startServer } from '../../clients/server.mjs';
import { Crowd } from '../crowd.mjs';
import { logged, sqlite } from '../database.mjs';
import { api, settings } from '../people.mjs';
import { random, sleep, until } from '../random.mjs';
import { inOrder, nothingAfterRemoval, nothingInvented, repeatsAreExcused } from '../verdicts.mjs';

export const short = { removals: 100, senders: 4, cuts: 0, each: 500, wait: 5_000 };
export const long = { ...short, removals: 10_000, wait: 30_000 };

export async function run({ seed, removals, senders, cuts, each, wait }, report) {
  const chance = random(seed), database = sqlite(), server = await startServer(settings), relay = await startRelay(server.url);
  database.at(server.dataDir);
  let crowd;
  try {
    crowd = await Crowd.gather(server, { senders, receivers: 1, groups: Math.ceil(removals / each) }, (user) => (user.startsWith('receiver') ? relay.url : server.url));
    const { ledger, groups } = crowd, { user } = crowd.people.at(-1), owner = api(server, crowd.people[0].user);
    let isOver = false, count = 0, room = groups[0];
    const talking = Promise.all(crowd.senders.map(async (sender) => {
      while (!isOver) { await sender.send(room, `m-${count++}.`); await sleep(chance.between(0, 5)); }
    }));
    for (let n = 0; n < removals; n++) {
      room = groups[Math.floor(n / each)];
      await sleep(chance.between(0, 10));
      if (chance.next() * 100 < cuts) { ledger.breaks('cut', user); relay.cut(); }
      await owner('DELETE', `/groups/${room}/participants/${user}`);
      await sleep(chance.between(0, 10));
      await owner('POST', `/groups/${room}/participants`, { memberIds: [user] });
    }
    isOver = true;
    await talking;
    // The last one is said to a member: whoever heard it has nothing before it still to come.
    const last = await crowd.senders[0].send(room, 'last.');
    const isHeard = await until(() => ledger.heard.get(user).some(({ content }) => content === last.content), wait);
    report.say(`${ledger.acknowledged.size} messages; the last one ${isHeard ? 'was heard' : 'was NOT heard'}`);
    report.add(nothingAfterRemoval(ledger, user, await logged(database, user)));
    for (const check of [inOrder, repeatsAreExcused, nothingInvented]) report.add(check(ledger));
  } finally {
    await crowd?.leave();
    await relay.stop();
    await server.stop();
  }
}
