// A TCP relay between a client and a server that fails when it is told to. It can also run by itself
// (`node relay.mjs URL`): it prints its own URL and takes one command a line.
import net from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export async function startRelay(target) {
  let aim = new URL(target);
  const pairs = new Set(), orphans = new Set();
  // Bytes from the client go up, bytes from the server go down.
  const isHeld = { up: false, down: false };
  let isRefusing = false, refused = 0, delay = 0;
  const waiting = new Set();

  const server = net.createServer((near) => {
    if (isRefusing) {
      near.resetAndDestroy();
      refused++;
      for (const wake of waiting) wake();
      return;
    }
    const far = net.connect(Number(aim.port), aim.hostname);
    const pair = { near, far };
    pairs.add(pair);
    for (const [socket, other, way] of [[near, far, 'up'], [far, near, 'down']]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => { if (pairs.delete(pair)) other.destroy(); orphans.delete(socket); });
      const pass = (data) => {
        if (other.destroyed || !pairs.has(pair)) return;
        if (data === null) other.end();
        else if (!other.write(data)) {
          socket.pause();
          other.once('drain', () => { if (!isHeld[way]) socket.resume(); });
        }
      };
      // What is late waits in line: whichever timer fires lets the first of them pass, so that nothing overtakes.
      const late = [];
      const take = (data) => {
        if (!delay && !late.length) return pass(data);
        late.push(data);
        setTimeout(() => pass(late.shift()), delay);
      };
      socket.on('data', take);
      socket.on('end', () => take(null));
      if (isHeld[way]) socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const hold = (way, held) => {
    isHeld[way] = held;
    for (const { near, far } of pairs) (way === 'up' ? near : far)[held ? 'pause' : 'resume']();
  };
  const relay = {
    url: `http://127.0.0.1:${server.address().port}`,
    // Every connection breaks at once, as a cable does that is pulled: neither side says goodbye.
    cut() { for (const { near, far } of [...pairs]) { near.resetAndDestroy(); far.resetAndDestroy(); } },
    // From now on nobody gets in; `refusals` tells how many have tried.
    refuse() { isRefusing = true; },
    // Connections stay open and nothing passes; or nothing in one direction, `up` or `down`.
    freeze() { relay.hold('up'); relay.hold('down'); },
    hold(way) { hold(way, true); },
    resume() {
      isRefusing = false;
      hold('up', false);
      hold('down', false);
    },
    // One side is reset, the other learns nothing: its connection stays open and silent for as long as it likes.
    // `near` is reset as by a client that lost its network, `far` as by a server behind a middlebox that forgot.
    halfOpen(side) {
      for (const pair of [...pairs]) {
        pairs.delete(pair);
        const [reset, left] = side === 'near' ? [pair.near, pair.far] : [pair.far, pair.near];
        reset.resetAndDestroy();
        orphans.add(left);
        left.resume();
      }
    },
    // Every byte takes so many milliseconds longer, both ways.
    delay(milliseconds) { delay = milliseconds; },
    // New connections go to another server.
    aim(url) { aim = new URL(url); },
    get connections() { return pairs.size; },
    async refusals(count) {
      while (refused < count) await new Promise((resolve) => waiting.add(function wake() { waiting.delete(wake); resolve(); }));
    },
    async stop() {
      relay.cut();
      for (const socket of orphans) socket.destroy();
      server.close();
    },
  };
  return relay;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const relay = await startRelay(process.argv[2]);
  console.log(relay.url);
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, argument] = line.trim().split(' ');
    await relay[command](Number.isNaN(Number(argument)) ? argument : Number(argument));
    console.log(command);
  }
  process.exit(0);
}
