// The server is killed and comes back on the same address, again and again, while a crowd talks.
import { startServer } from '../../clients/server.mjs';
import { Crowd } from '../crowd.mjs';
import { settings } from '../people.mjs';
import { random } from '../random.mjs';
import { inOrder, nothingInvented, nothingLost, repeatsAreExcused } from '../verdicts.mjs';

export const short = { messages: 600, kills: 2, senders: 10, receivers: 20, rate: 200, patience: 0, wait: 15_000 };
export const long = { ...short, messages: 10_000, kills: 30, wait: 60_000 };

export async function run(options, report) {
  const chance = random(options.seed), server = await startServer(settings);
  let crowd;
  try {
    crowd = await Crowd.gather(server, options);
    // One kill in each of as many equal parts, where chance has it.
    const part = options.messages / options.kills;
    const due = Array.from({ length: options.kills }, (_, index) => Math.floor(part * (index + 0.1 + 0.8 * chance.next())));
    const took = await crowd.talkUnderKills(server, due, options, chance);
    const caughtUp = await crowd.catchUp(options.wait);
    report.say(`${options.messages} acknowledged in ${took} ms over ${crowd.ledger.faults.length} kills; ${crowd.drops} connections lost; everybody looked for ${caughtUp} ms`);
    for (const check of [nothingLost, inOrder, repeatsAreExcused, nothingInvented]) report.add(check(crowd.ledger));
  } finally {
    await crowd?.leave();
    await server.stop();
  }
}
