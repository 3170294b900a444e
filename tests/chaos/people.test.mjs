// A person's real client against a hub that lies: what goes wrong on the wire arrives in the ledger as it was.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { test } from 'node:test';
import { Ledger } from './ledger.mjs';
import { Person } from './people.mjs';
import { until } from './random.mjs';
import { inOrder, nothingDeliveredEarly, nothingInvented, nothingLost, repeatsAreExcused } from './verdicts.mjs';

const { WebSocketServer } = createRequire(new URL('../clients/package.json', import.meta.url))('ws');
const message = (n, change = {}) => ({ id: `0000-${n}`, seq: n, conversationId: 'C', content: `m-${n}`, ...change });

// Speaks as much of the protocol as the client wants: `connections` are sockets after their handshakes, with `calls`,
// the invocations that came, and `say`.
async function connected(t) {
  const http = createServer((_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify({ connectionId: 'c', connectionToken: 't', negotiateVersion: 1, availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }] })));
  const connections = [];
  new WebSocketServer({ server: http }).on('connection', (socket) => {
    socket.calls = [];
    socket.write = (record) => socket.send(`${JSON.stringify(record)}\x1e`);
    socket.say = (target, argument) => socket.write({ type: 1, target, arguments: [argument] });
    socket.once('message', () => {
      socket.write({});
      socket.on('message', (data) => { for (const record of String(data).split('\x1e').filter(Boolean)) if (JSON.parse(record).type === 1) socket.calls.push(JSON.parse(record)); });
      connections.push(socket);
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const ledger = new Ledger(), bob = new Person(`http://127.0.0.1:${http.address().port}`, 'bob', ledger);
  await bob.start();
  t.after(async () => {
    await bob.stop();
    http.close();
    for (const socket of connections) socket.terminate();
  });
  const holds = async (what) => assert.ok(await until(what, 5_000), String(what));
  await holds(() => connections.length === 1);
  for (const n of [1, 2, 3]) {
    ledger.tries('ann', `m-${n}`, `m-${n}`);
    ledger.acknowledges(`m-${n}`, message(n));
  }
  const again = async () => {
    const { length } = connections;
    connections.at(-1).terminate();
    await holds(() => connections.length === length + 1);
    return connections.at(-1);
  };
  return { ledger, bob, hub: connections[0], again, holds, heard: (count) => holds(() => ledger.heard.get('bob').length === count) };
}

test('a Ping proves what came before it and nothing else', async (t) => {
  const { ledger, hub, again, heard } = await connected(t);
  hub.say('ReceiveMessage', message(1));
  hub.ping('nonce');
  hub.say('ReceiveMessage', message(2));
  await once(hub, 'pong');
  const next = await again();
  for (const n of [1, 2, 3]) next.say('ReceiveMessage', message(n));
  await heard(5);
  const { broken, note } = repeatsAreExcused(ledger);
  assert.equal(note, '2 repeats');
  assert.equal(broken.length, 1);
  assert.match(broken[0], /bob heard seq 1 again/);
  for (const check of [nothingLost, inOrder, nothingInvented]) assert.deepEqual(check(ledger).broken, []);
});

test('what is left out, turned round, doubled or made up is found', async (t) => {
  const { ledger, hub, heard } = await connected(t);
  for (const n of [3, 1, 1]) hub.say('ReceiveMessage', message(n));
  hub.say('ReceiveMessage', message(4));
  await heard(4);
  assert.match(nothingLost(ledger).broken.join(), /^bob never heard m-2 [^,]*, acknowledged [^,]*$/);
  assert.match(inOrder(ledger).broken.join(), /^bob heard seq 1 after 3/);
  assert.match(repeatsAreExcused(ledger).broken.join(), /^bob heard seq 1 twice on one connection$/);
  assert.match(nothingInvented(ledger).broken.join(), /^bob heard what nobody said: 00004$/);
});

test('a send is tried under its key until it is answered, and a refusal is kept', async (t) => {
  const { ledger, bob, hub, again, holds } = await connected(t);
  const sending = bob.send('C', 'm-4');
  await holds(() => hub.calls.length === 1);
  assert.ok(!ledger.acknowledged.has('00004'));
  const next = await again();
  await holds(() => next.calls.length === 1);
  assert.deepEqual(next.calls[0].arguments, hub.calls[0].arguments);
  assert.equal(next.calls[0].arguments[0].clientMessageId, 'm-4');
  next.write({ type: 3, invocationId: next.calls[0].invocationId, result: message(4) });
  await sending;
  assert.equal(ledger.acknowledged.get('00004').key, 'm-4');

  const refused = bob.send('C', 'm-5');
  await holds(() => next.calls.length === 2);
  next.write({ type: 3, invocationId: next.calls[1].invocationId, error: "An unexpected error occurred invoking 'SendMessage' on the server. HubException: not_found: No." });
  await refused;
  assert.equal(ledger.oddities.length, 1);
});

test('what is told as delivered is kept with its time', async (t) => {
  const { ledger, hub, holds } = await connected(t);
  const data = { messageId: '0000-2', status: 'delivered', timestamp: new Date(1_000).toISOString() };
  hub.say('MessageStatus', { type: 'message.delivered', data });
  await holds(() => ledger.statuses.length === 1);
  assert.deepEqual(nothingDeliveredEarly(ledger, new Map([['00002', 1_000]])).broken, []);
  assert.equal(nothingDeliveredEarly(ledger, new Map([['00002', 1_001]])).broken.length, 1);
});
