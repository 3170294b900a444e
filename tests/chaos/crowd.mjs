// A crowd: senders at a rate that they share, receivers who only hear, and groups that all of them belong to.
import { Ledger } from './ledger.mjs';
import { group, names, Person, together } from './people.mjs';
import { sleep, until } from './random.mjs';

export class Crowd {
  ledger = new Ledger();
  people = [];
  acknowledged = 0;

  // `door(user, index)` is the address that somebody comes in by. Senders are back at once and receivers in their own
  // time, up to a second later: what is said meanwhile would be lost if nothing were told again.
  static async gather(server, { senders, receivers, groups = 3, patience }, door = () => server.url) {
    const crowd = new Crowd();
    const users = [...names('sender', senders), ...names('receiver', receivers)];
    crowd.people = users.map((user, index) => new Person(door(user, index), user, crowd.ledger, { patience, retry: index < senders ? 50 : 200 + ((index * 137) % 1_000) }));
    crowd.senders = crowd.people.slice(0, senders);
    crowd.groups = [];
    for (let index = 0; index < groups; index++) crowd.groups.push(await group(server, users, `group ${index + 1}`));
    await together(crowd.people, (person) => person.start());
    return crowd;
  }

  // Sends `messages` in all, `rate` a second; each sender waits for its answer before it says the next thing.
  // `onAnswer(count)` is called after each acknowledgement.
  async talk({ messages, rate }, random, onAnswer = () => {}) {
    const began = Date.now();
    let next = 0;
    await together(this.senders, async (sender) => {
      for (;;) {
        const number = next++;
        if (number >= messages) return;
        await sleep(began + (number * 1_000) / rate - Date.now());
        await sender.send(random.of(this.groups), `m-${number}.`, `m-${number}. ${'x'.repeat(random.between(1, 200))}`);
        onAnswer(++this.acknowledged);
      }
    });
    return Date.now() - began;
  }

  // The same while the server is killed and started again at once, each time that so many were acknowledged (`due`, in
  // order). `onSaid()` is called when all is said, which may be before the server is back.
  async talkUnderKills(server, due, options, random, onSaid = () => {}) {
    let killing = Promise.resolve();
    const kill = async () => {
      this.ledger.breaks('kill -9');
      await server.kill();
      await server.startAgain();
    };
    const took = await this.talk(options, random, (count) => { if (count >= due[0]) { due.shift(); killing = killing.then(kill); } });
    onSaid();
    await killing;
    return took;
  }

  // Until everybody has everything; the ledger says afterwards who has not.
  async catchUp(milliseconds) {
    const began = Date.now();
    let missing = [...this.ledger.heard.keys()];
    await until(() => { missing = missing.filter((receiver) => !this.ledger.hasAll(receiver)); return !missing.length; }, milliseconds);
    return Date.now() - began;
  }

  get drops() { return this.people.reduce((sum, person) => sum + person.drops, 0); }
  leave() { return together(this.people, (person) => person.stop()); }
}
