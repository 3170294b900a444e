// Which way a client comes in: by the one it asked for, or by the next one when that fails.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMIT, PROTOCOLS, TRANSPORTS, build, connect, fails, versions } from './support.mjs';

// An HTTP client that remembers what it was asked for.
function recorder(signalr) {
  const seen = [];
  return {
    seen,
    client: new (class extends signalr.HttpClient {
      #real = new signalr.DefaultHttpClient({ log() {} });
      send(request) {
        seen.push(`${request.method} ${new URL(request.url).pathname.split('/').pop()}`);
        return this.#real.send(request);
      }
      getCookieString(url) { return this.#real.getCookieString(url); }
    })(),
  };
}

class BrokenWebSocket { constructor() { throw new Error('no sockets here'); } }
const ALL = ['WebSockets', 'ServerSentEvents', 'LongPolling'];
const has = (...names) => names.every((name) => TRANSPORTS.includes(name) || PROTOCOLS.includes(name));
const count = (seen, what) => seen.filter((one) => one === what).length;

for (const { version, signalr, msgpack } of versions) describe(`signalr ${version}`, { concurrency: 4 }, () => {
  const cell = (protocol, transport) => ({ signalr, msgpack, protocol, transport, isBinary: protocol === 'messagepack' });
  const when = (condition) => ({ timeout: LIMIT, skip: !condition });

  test('WebSockets come first, and nothing but the negotiation is a request', when(has('WebSockets')), async (t) => {
    const { seen, client } = recorder(signalr);
    const connection = await connect(cell('json', ALL), t, { options: { httpClient: client } });
    assert.equal(await connection.invoke('Echo', 'x'), 'x');
    assert.deepEqual(seen, ['POST negotiate']);
  });

  test('without WebSockets the client comes in by events, and negotiates anew', when(has('ServerSentEvents')), async (t) => {
    const { seen, client } = recorder(signalr);
    const connection = await connect(cell('json', ALL), t, { options: { httpClient: client, WebSocket: BrokenWebSocket } });
    assert.equal(await connection.invoke('Echo', 'x'), 'x');
    assert.equal(count(seen, 'POST negotiate'), 2);
    assert.equal(count(seen, 'GET conformance'), 0);
    assert.equal(count(seen, 'POST conformance'), 3, 'the handshake, the first ping and the call');
  });

  test('without WebSockets MessagePack comes in by polling, for events are text', when(has('LongPolling', 'messagepack')), async (t) => {
    const { seen, client } = recorder(signalr);
    const connection = await connect(cell('messagepack', ALL), t, { options: { httpClient: client, WebSocket: BrokenWebSocket } });
    assert.equal(await connection.invoke('Echo', 'x'), 'x');
    assert.ok(count(seen, 'GET conformance') > 1);
    await connection.stop();
    assert.equal(count(seen, 'DELETE conformance'), 1);
  });

  test('MessagePack by events alone is refused in clear words', when(true), async () => {
    // The protocol is the client's own affair here: what the server lists is enough to refuse.
    await fails(build(cell('messagepack', 'ServerSentEvents')).start(), /ServerSentEvents failed: Error: 'ServerSentEvents' does not support Binary\./);
  });

  test('a WebSocket needs no negotiation', when(has('WebSockets')), async (t) => {
    const { seen, client } = recorder(signalr);
    const connection = await connect(cell('json', 'WebSockets'), t, { options: { httpClient: client, skipNegotiation: true } });
    assert.equal(connection.connectionId, null);
    assert.equal(await connection.invoke('Echo', 'x'), 'x');
    assert.equal((await connection.invoke('ConnectionId')).length, 22);
    assert.deepEqual(seen, []);
  });

  for (const transport of TRANSPORTS) test(`a token opens the private hub by ${transport}`, when(true), async (t) => {
    const connection = await connect(cell('json', transport), t, { hub: '/private', token: 'user-ann' });
    assert.equal(await connection.invoke('NeedsUser'), 'ann');
  });

  test('polls do not stand still: a hundred calls by polling', when(has('LongPolling')), async (t) => {
    const connection = await connect(cell('json', 'LongPolling'), t);
    for (let i = 0; i < 100; i++) assert.equal(await connection.invoke('Add', i, 1), i + 1);
  });

  test('a client that stops polling says so with a DELETE', when(has('LongPolling')), async (t) => {
    const { seen, client } = recorder(signalr);
    const connection = await connect(cell('json', 'LongPolling'), t, { options: { httpClient: client } });
    await connection.stop();
    assert.equal(seen.at(-1), 'DELETE conformance');
  });
});
