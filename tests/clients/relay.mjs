// A TCP relay between a client and a server that fails when it is told to. It can also run by itself
// (`node relay.mjs URL`): it prints its own URL and takes one command a line.
import net from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export async function startRelay(target) {
  const { hostname, port } = new URL(target);
  const pairs = new Set();
  let isRefusing = false, isFrozen = false, refused = 0;
  const waiting = new Set();

  const server = net.createServer((near) => {
    if (isRefusing) {
      near.resetAndDestroy();
      refused++;
      for (const wake of waiting) wake();
      return;
    }
    const far = net.connect(Number(port), hostname);
    const pair = [near, far];
    pairs.add(pair);
    for (const socket of pair) {
      const other = socket === near ? far : near;
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => { other.destroy(); pairs.delete(pair); });
      socket.on('end', () => other.end());
      socket.on('data', (data) => { if (!other.destroyed && !other.write(data)) { socket.pause(); other.once('drain', () => { if (!isFrozen) socket.resume(); }); } });
      if (isFrozen) socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const relay = {
    url: `http://127.0.0.1:${server.address().port}`,
    // Every connection breaks at once, as a cable does that is pulled: neither side says goodbye.
    cut() { for (const [near, far] of [...pairs]) { near.resetAndDestroy(); far.resetAndDestroy(); } },
    // From now on nobody gets in; `refusals` tells how many have tried.
    refuse() { isRefusing = true; },
    // Connections stay open and nothing passes.
    freeze() { isFrozen = true; for (const pair of pairs) for (const socket of pair) socket.pause(); },
    resume() {
      [isRefusing, isFrozen] = [false, false];
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    async refusals(count) {
      while (refused < count) await new Promise((resolve) => waiting.add(function wake() { waiting.delete(wake); resolve(); }));
    },
    async stop() {
      relay.cut();
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
    await relay[command](Number(argument));
    console.log(command);
  }
  process.exit(0);
}
