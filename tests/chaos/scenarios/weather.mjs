// A crowd talks through relays that cut, freeze, slow down and leave connections half open at random, while the
// server is killed now and then. Whoever is half open on the far side finds out by a time-out of their own.
import { startServer } from '../../clients/server.mjs';
import { Crowd } from '../crowd.mjs';
import { settings } from '../people.mjs';
import { random } from '../random.mjs';
import { inOrder, nothingInvented, nothingLost, repeatsAreExcused } from '../verdicts.mjs';
import { Weather } from '../weather.mjs';

export const short = { messages: 600, kills: 1, senders: 10, receivers: 20, rate: 100, every: 150, freeze: 4_000, patience: 6_000, wait: 25_000 };
// Patience 0: the library's own, 30 s. A freeze is longer.
export const long = { ...short, messages: 10_000, kills: 5, every: 250, freeze: 40_000, patience: 0, wait: 120_000 };

export async function run(options, report) {
  const chance = random(options.seed), server = await startServer({ ...settings, HUBWIRE_LIMITS_CONNECTIONS_PER_PERSON: '0' });
  let crowd, weather;
  try {
    weather = await Weather.over(server, options.senders + options.receivers, (index) => ({ ledger: crowd.ledger, user: crowd.people[index].user }));
    crowd = await Crowd.gather(server, options, (user, index) => weather.relays[index].url);
    weather.blow(random(options.seed + 1), options);
    const due = Array.from({ length: options.kills }, (_, index) => Math.floor((options.messages * (index + 0.5)) / options.kills));
    const took = await crowd.talkUnderKills(server, due, options, chance, () => weather.clear());
    const caughtUp = await crowd.catchUp(options.wait);
    report.say(`${options.messages} acknowledged in ${took} ms; ${weather.said}; ${crowd.drops} connections lost; everybody looked for ${caughtUp} ms`);
    for (const check of [nothingLost, inOrder, repeatsAreExcused, nothingInvented]) report.add(check(crowd.ledger));
  } finally {
    await crowd?.leave();
    await weather?.stop();
    await server.stop();
  }
}
