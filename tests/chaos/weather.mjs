// Bad weather between a crowd and its server: everybody has a relay of their own, and now and then one of them cuts,
// freezes, slows down or leaves a connection half open.
import { startRelay } from '../clients/relay.mjs';
import { sleep } from './random.mjs';

const KINDS = ['cut', 'cut', 'freeze', 'near half-open', 'far half-open', 'slow'];

export class Weather {
  #isOver = false;
  #open = new Set();
  counts = {};

  static async over(server, count, ledgerOf) {
    const weather = new Weather();
    weather.ledgerOf = ledgerOf;
    weather.relays = await Promise.all(Array.from({ length: count }, () => startRelay(server.url)));
    return weather;
  }

  // Until it is told to end, something happens every `every` milliseconds on average to one of them. Whoever is
  // frozen is so for `freeze` milliseconds.
  async blow(random, { every, freeze }) {
    while (!this.#isOver) {
      await sleep(random.between(0, 2 * every));
      const index = random.between(0, this.relays.length - 1), kind = random.of(KINDS);
      if (!this.#isOver && !this.#open.has(index)) this.#strike(index, kind, random.between(20, 200), freeze);
    }
  }

  #strike(index, kind, slowness, freeze) {
    const relay = this.relays[index], { ledger, user } = this.ledgerOf(index);
    if (kind === 'slow') return relay.delay(slowness);
    ledger.breaks(kind, user);
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    if (kind === 'cut') relay.cut();
    else if (kind === 'near half-open') relay.halfOpen('near');
    else if (kind === 'far half-open') relay.halfOpen('far');
    else {
      relay.freeze();
      this.#open.add(index);
      setTimeout(() => { relay.resume(); ledger.mends(kind, user); this.#open.delete(index); }, freeze);
    }
  }

  clear() { this.#isOver = true; }
  stop() { this.clear(); return Promise.all(this.relays.map((relay) => relay.stop())); }
  get said() { return Object.entries(this.counts).map(([kind, count]) => `${count} ${kind}`).join(', '); }
}
