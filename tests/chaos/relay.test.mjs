// The relay does what the scenarios rely on: a fault that does not happen proves nothing.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { startRelay } from '../clients/relay.mjs';

// Unlike `once`, no matter what error comes first.
const closed = (socket) => new Promise((resolve) => { socket.once('close', resolve); });

// A server that sends back what it gets, with `name` before the first of it; the relay; a client, and both ends.
async function connected(t) {
  const arrived = [];
  const serve = async (name) => {
    const server = net.createServer((socket) => {
      arrived.push(socket);
      socket.on('error', () => {});
      socket.write(name);
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => { server.close(); for (const socket of arrived) socket.destroy(); });
    return `http://127.0.0.1:${server.address().port}`;
  };
  const relay = await startRelay(await serve('one '));
  t.after(() => relay.stop());
  const connect = async () => {
    const client = net.connect(Number(new URL(relay.url).port), '127.0.0.1');
    client.setEncoding('utf8').on('error', () => {});
    t.after(() => client.destroy());
    let text = '';
    client.on('data', (data) => { text += data; });
    client.said = async (wanted) => { while (!text.includes(wanted)) await once(client, 'data'); return text; };
    client.text = () => text;
    await client.said(' ');
    return client;
  };
  return { relay, serve, connect, client: await connect(), arrived };
}

test('bytes pass both ways, slow ones too and in their order', async (t) => {
  const { relay, client } = await connected(t);
  client.write('a');
  assert.equal(await client.said('a'), 'one a');
  relay.delay(20);
  const began = Date.now();
  client.write('b');
  await client.said('b');
  assert.ok(Date.now() - began >= 39, 'both ways are longer');
  // However the delay changes, nothing overtakes.
  const lines = Array.from({ length: 300 }, (_, line) => `${line}.`);
  for (const line of lines) {
    relay.delay((line.length * Number.parseInt(line, 10)) % 4);
    client.write(line);
    await new Promise(setImmediate);
  }
  assert.equal(await client.said('299.'), `one ab${lines.join('')}`);
});

test('what is held back in one direction comes when it is let go, and never after a cut', async (t) => {
  const { relay, client, arrived } = await connected(t);
  relay.hold('up');
  client.write('held');
  arrived[0].write('down ');
  assert.equal(await client.said('down '), 'one down ');
  relay.resume();
  await client.said('held');
  relay.hold('down');
  client.write('lost');
  await once(arrived[0], 'data');
  relay.cut();
  await closed(client);
  assert.equal(client.text(), 'one down held');
});

test('a connection that is half open is gone for one side only', async (t) => {
  for (const [side, gone, left] of [['near', 'client', 'server'], ['far', 'server', 'client']]) {
    const { relay, client, arrived } = await connected(t);
    const ends = { client, server: arrived[0] };
    relay.halfOpen(side);
    await closed(ends[gone]);
    assert.equal(relay.connections, 0);
    // The other writes into the void, and is told nothing.
    ends[left].write('hello');
    await new Promise((resolve) => ends[left].write('?', resolve));
    assert.ok(!ends[left].destroyed && ends[left].readable);
  }
});

test('new connections go where it aims', async (t) => {
  const { relay, serve, connect } = await connected(t);
  relay.aim(await serve('two '));
  assert.equal((await connect()).text(), 'two ');
});
