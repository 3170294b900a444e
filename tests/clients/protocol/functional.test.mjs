// What Microsoft's own functional tests of the JavaScript client expect of a server, played with version 10.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { LIMIT, TRANSPORTS, collect, connect, fails, listen, once, promise, playAll, url, versions } from './support.mjs';

const client = versions.find(({ version }) => version === '10');
const { signalr } = client;
const require = createRequire(import.meta.url);
// A connection beneath any hub: the package has it, though not at its front door.
const { HttpConnection } = require(path.join(path.dirname(require.resolve('signalr10/package.json')), 'dist/cjs/HttpConnection.js'));

const HUB = '/testhub';
const inTen = ({ version }) => version === '10';
const hub = (cell, t, options) => connect(cell, t, { hub: HUB, ...options });
const plays = (name, play, where = () => true) => promise(name, play, (cell) => inTen(cell) && where(cell));
const detailed = (target, error) => `An unexpected error occurred invoking '${target}' on the server. InvalidOperationException: ${error}`;

plays('echo, in both directions', async (cell, t) => {
  const connection = await hub(cell, t), heard = listen(connection, 'Message');
  assert.equal(await connection.invoke('Echo', '你好，世界！'), '你好，世界！');
  assert.equal(await connection.invoke('InvokeWithString', 'asdf'), null);
  assert.deepEqual(await heard.until(1), ['asdf']);
});

plays('the server knows how the client came in, and who it is', async (cell, t) => {
  const connection = await hub(cell, t);
  assert.equal(await connection.invoke('GetActiveTransportName'), cell.transport);
  assert.equal(await connection.invoke('GetCallerConnectionId'), connection.connectionId);
});

plays('without WebSockets on offer the client comes in another way', async (cell, t) => {
  const connection = await hub(cell, t, { hub: '/testhub-nowebsockets', transport: ['WebSockets', 'ServerSentEvents', 'LongPolling'] });
  assert.equal(await connection.invoke('GetActiveTransportName'), cell.isBinary ? 'LongPolling' : 'ServerSentEvents');
  assert.equal(await connection.invoke('Echo', 'x'), 'x');
}, ({ transport }) => transport === 'LongPolling');

plays('streams: three items, none, and one that never ends', async (cell, t) => {
  const connection = await hub(cell, t), cancelled = listen(connection, 'StreamCanceled');
  assert.deepEqual(await collect(connection.stream('Stream')), { items: ['a', 'b', 'c'] });
  assert.deepEqual(await collect(connection.stream('EmptyStream')), { items: [] });
  const subscription = connection.stream('InfiniteStream').subscribe({ next() {}, complete() {}, error() {} });
  assert.equal(await connection.invoke('Echo', 'beside'), 'beside');
  subscription.dispose();
  await cancelled.until(1);
  assert.equal(await connection.invoke('Echo', 'on'), 'on');
});

plays('an upload becomes one text', async (cell, t) => {
  const connection = await hub(cell, t), subject = new signalr.Subject();
  const result = connection.invoke('StreamingConcat', subject);
  for (const part of ['Hello ', 'world', '!']) subject.next(part);
  subject.complete();
  assert.equal(await result, 'Hello world!');
});

plays('errors are told in full', async (cell, t) => {
  const connection = await hub(cell, t);
  await fails(connection.invoke('ThrowException', 'An error occurred.'), detailed('ThrowException', 'An error occurred.'));
  const { error } = await collect(connection.stream('StreamThrowException', 'An error occurred.'));
  assert.equal(error, detailed('StreamThrowException', 'An error occurred.'));
  await fails(connection.invoke('Stream'), "The client attempted to invoke the streaming 'Stream' method with a non-streaming invocation.");
  assert.equal((await collect(connection.stream('Echo', 'x'))).error, "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.");
  await fails(connection.invoke('Echo', 1, 2), "Failed to invoke 'Echo' due to an error on the server. InvalidDataException: Invocation provides 2 argument(s) but target expects 1.");
});

plays('objects keep the names of their members', async (cell, t) => {
  const connection = await hub(cell, t), heard = listen(connection, 'CustomObject');
  await connection.invoke('SendCustomObject', { Name: 'test', Value: 42 });
  assert.deepEqual(await heard.until(1), [{ Name: 'test', Value: 42 }]);
});

plays('objects with bytes, times and GUIDs come back as they went, and as the server makes them', async (cell, t) => {
  const connection = await hub(cell, t);
  const complex = (string, numbers, bytes, guid, time) => ({
    String: string,
    IntArray: numbers,
    ByteArray: cell.isBinary ? new Uint8Array(bytes) : Buffer.from(bytes).toString('base64'),
    Guid: guid,
    DateTime: cell.isBinary ? new Date(time) : time,
  });
  const given = complex('Hello, world!', [1, 2, 3, 4, 5], [0xa1, 0xb2, 0xc3], '00010203-0405-0607-0706-050403020100', '2002-04-01T10:20:15Z');
  assert.deepEqual(await connection.invoke('EchoComplexObject', given), given);
  const made = complex('hello world', [1, 2, 3], [1, 2, 3], '00010203-0405-0607-0706-050403020100', '2000-01-01T00:00:00Z');
  const back = await connection.invoke('SendComplexObject');
  assert.deepEqual(back, made);
  assert.deepEqual(Object.keys(back), Object.keys(made));
});

plays('headers and cookies of the connection reach the hub', async (cell, t) => {
  const connection = await hub(cell, t, { options: { headers: { 'X-Own': 'mine', 'User-Agent': 'custom agent' } } });
  assert.equal(await connection.invoke('GetHeader', 'X-Own'), 'mine');
  assert.equal(await connection.invoke('GetHeader', 'User-Agent'), 'custom agent');
  assert.equal(await connection.invoke('GetHeader', 'X-Nobody'), null);
  assert.equal(await connection.invoke('GetCookie', 'testCookie'), 'testValue');
  assert.equal(await connection.invoke('GetCookie', 'testCookie2'), 'testValue2');
  assert.equal(await connection.invoke('GetCookie', 'expiredCookie'), null);
});

plays('what is posted says what it is', async (cell, t) => {
  const connection = await hub(cell, t);
  assert.ok([null, 'application/octet-stream', 'text/plain;charset=UTF-8'].includes(await connection.invoke('GetContentTypeHeader')));
});

plays('the server asks one client from outside any hub', async (cell, t) => {
  const connection = await hub(cell, t);
  const asked = async () => (await fetch(`${url}/clientresult/${connection.connectionId}`)).text();
  assert.equal(await asked(), "Client didn't provide a result.");
  let answer = () => 10;
  connection.on('Result', () => answer());
  assert.equal(await asked(), '10');
  answer = async () => 11;
  assert.equal(await asked(), '11');
  answer = () => { throw new Error('from callback'); };
  assert.equal(await asked(), 'Error: from callback');
});

plays('a token made by the server opens the hub that needs one', async (cell, t) => {
  const token = await (await fetch(`${url}/generateJwtToken`)).text();
  const connection = await hub(cell, t, { hub: '/authorizedhub', token });
  assert.equal(await connection.invoke('Echo', 'x'), 'x');
  await fails(connect(cell, t, { hub: '/authorizedhub' }), "Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'");
  const [head, body] = token.split('.');
  await fails(connect(cell, t, { hub: '/authorizedhub', token: `${head}.${body}.forged` }), "Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'");
});

plays('a redirect in the negotiation is followed, and counted', async (cell, t) => {
  const connection = await hub(cell, t, { hub: `/redirect?numRedirects=0&baseUrl=${encodeURIComponent(url)}` });
  const first = await connection.invoke('GetNumRedirects');
  assert.ok(Number.isInteger(first) && first > 0);
  assert.equal(await connection.invoke('Echo', 'x'), 'x');
  await connection.stop();
  await connection.start();
  assert.ok(await connection.invoke('GetNumRedirects') > first);
});

plays('a negotiation that is refused says what the server said', async (cell, t) => {
  await fails(connect(cell, t, { hub: '/bad-negotiate' }), "Failed to complete negotiation with the server: Error: Some response from server: Status code '400'");
});

plays('stop and start: the same client as somebody new', async (cell, t) => {
  const connection = await hub(cell, t), id = connection.connectionId, closed = once(connection, 'onclose');
  await connection.stop();
  assert.equal(await closed, undefined);
  await connection.start();
  assert.notEqual(await connection.invoke('GetCallerConnectionId'), id);
});

playAll();

describe('a connection beneath any hub', { concurrency: 4 }, () => {
  const { HttpTransportType, TransferFormat, LogLevel } = signalr;
  const ways = [...TRANSPORTS.map((transport) => ['/echo', transport]), ['/echoredirect', 'LongPolling']]; // a socket follows no redirect
  for (const [at, transport] of ways) test(`${at} returns each chunk by ${transport}`, { timeout: LIMIT }, async () => {
    const connection = new HttpConnection(url + at, { transport: HttpTransportType[transport], logger: LogLevel.None });
    const received = new Promise((resolve, reject) => { connection.onreceive = resolve; connection.onclose = reject; });
    const closed = new Promise((resolve) => { const before = connection.onclose; connection.onclose = (error) => { before?.(error); resolve(error); }; });
    await connection.start(TransferFormat.Text);
    await connection.send('Hello world');
    assert.equal(await received, 'Hello world');
    await connection.stop();
    assert.equal(await closed, undefined);
  });

  test('a WebSocket that closes without a code is answered with 1000', { timeout: LIMIT }, async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/echo`);
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.close();
    assert.equal(await closed, 1000);
  });

  test('every negotiation hands out the cookies', { timeout: LIMIT }, async () => {
    for (const at of ['/testhub', '/echo', '/nothere']) {
      const cookies = (await fetch(`${url}${at}/negotiate?negotiateVersion=1`, { method: 'POST' })).headers.getSetCookie();
      assert.ok(cookies.includes('testCookie=testValue; path=/'), at);
      assert.ok(cookies.includes('testCookie2=testValue2; path=/'), at);
      assert.ok(cookies.some((cookie) => cookie.startsWith('expiredCookie=doesntmatter;') && /expires=/i.test(cookie)), at);
    }
  });
});
