// Two servers on one PostgreSQL with half of a crowd on each; one is killed for good, and the relays lead its clients
// to the other, as a load balancer does.
import { startRelay } from '../../clients/relay.mjs';
import { startServer } from '../../clients/server.mjs';
import { Crowd } from '../crowd.mjs';
import { postgres, stored } from '../database.mjs';
import { settings } from '../people.mjs';
import { random } from '../random.mjs';
import { inOrder, nothingInvented, nothingLost, repeatsAreExcused, storedOnce } from '../verdicts.mjs';

export const short = { messages: 400, senders: 6, receivers: 8, rate: 100, patience: 0, wait: 20_000 };
export const long = { ...short, messages: 10_000, senders: 10, receivers: 20, rate: 200, wait: 60_000 };

export async function run(options, report) {
  const chance = random(options.seed), database = await postgres(), servers = [], relays = [];
  let crowd;
  try {
    for (let n = 0; n < 2; n++) servers.push(await startServer({ ...settings, ...database.settings }));
    for (const server of servers) relays.push(await startRelay(server.url));
    crowd = await Crowd.gather(servers[1], options, (user, index) => relays[index % 2].url);
    let isDead = false;
    const fail = async () => {
      isDead = true;
      for (const person of crowd.people.filter((_, index) => index % 2 === 0)) crowd.ledger.breaks('kill -9 of the first server', person.user);
      relays[0].aim(servers[1].url);
      await servers[0].kill();
    };
    let failing;
    const took = await crowd.talk(options, chance, (count) => { if (!isDead && count >= options.messages / 2) failing = fail(); });
    await failing;
    const caughtUp = await crowd.catchUp(options.wait);
    report.say(`${options.messages} acknowledged in ${took} ms; ${crowd.drops} connections lost; everybody looked for ${caughtUp} ms`);
    for (const check of [nothingLost, inOrder, repeatsAreExcused, nothingInvented]) report.add(check(crowd.ledger));
    report.add(storedOnce(crowd.ledger, await stored(database)));
  } finally {
    await crowd?.leave();
    await Promise.all([...relays, ...servers].map((one) => one.stop()));
    await database.drop();
  }
}
