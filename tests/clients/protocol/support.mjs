// The matrix: every version of the client, each transport, each protocol. A promise is played in every cell.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startConformance } from '../conformance.mjs';
import * as signalr8 from 'signalr8';
import * as signalr9 from 'signalr9';
import * as signalr10 from 'signalr10';
import * as msgpack8 from 'msgpack8';
import * as msgpack9 from 'msgpack9';
import * as msgpack10 from 'msgpack10';

const plain = (module) => module.default ?? module;
const CLIENTS = {
  8: { signalr: plain(signalr8), msgpack: plain(msgpack8) },
  9: { signalr: plain(signalr9), msgpack: plain(msgpack9) },
  10: { signalr: plain(signalr10), msgpack: plain(msgpack10) },
};
// CONFORMANCE_PROTOCOLS and CONFORMANCE_TRANSPORTS leave out what a foreign server does not speak.
const among = (name, all) => (process.env[name] ? all.filter((one) => process.env[name].split(',').includes(one)) : all);
export const TRANSPORTS = among('CONFORMANCE_TRANSPORTS', ['WebSockets', 'ServerSentEvents', 'LongPolling']);
export const PROTOCOLS = among('CONFORMANCE_PROTOCOLS', ['json', 'messagepack']);

export const LIMIT = 20_000;

export const cells = Object.entries(CLIENTS).flatMap(([version, client]) =>
  TRANSPORTS.flatMap((transport) => PROTOCOLS.map((protocol) => ({
    ...client, transport, protocol, isBinary: protocol === 'messagepack', version,
    name: `signalr ${version}, ${transport}, ${protocol}`,
    // For groups and users: cells play at the same time on one server.
    own: (text) => `${text} ${version} ${transport} ${protocol} ${process.pid}`,
  }))),
).filter(({ transport, isBinary }) => !(transport === 'ServerSentEvents' && isBinary)); // events are text

// Event streams cannot be binary; that cell is played by transports.test.mjs alone.
export const versions = Object.entries(CLIENTS).map(([version, client]) => ({ version, ...client }));

export let url;
let server;
before(async () => { server = await startConformance(); url = server.url; });
after(async () => { await server?.stop(); });

// promise('echo comes back', async (cell, t) => …): once in every cell that `where` lets through.
const promises = [];
export const promise = (name, play, where = () => true) => promises.push({ name, play, where });
export function playAll() {
  for (const cell of cells) {
    const here = promises.filter(({ where }) => where(cell));
    if (here.length) describe(cell.name, { concurrency: 4 }, () => {
      for (const { name, play } of here) test(name, { timeout: LIMIT }, (t) => play(cell, t));
    });
  }
}

export function build(cell, { hub = '/conformance', at = url, token, protocol = cell.protocol, transport = cell.transport, reconnect, stateful, options = {} } = {}) {
  const { signalr, msgpack } = cell;
  const names = [transport].flat();
  let builder = new signalr.HubConnectionBuilder()
    .withUrl(at + hub, {
      transport: names.reduce((sum, name) => sum | signalr.HttpTransportType[name], 0),
      ...(token ? { accessTokenFactory: () => token } : {}),
      ...options,
    })
    .configureLogging(signalr.LogLevel.None);
  if (protocol === 'messagepack') builder = builder.withHubProtocol(new msgpack.MessagePackHubProtocol());
  if (reconnect) builder = builder.withAutomaticReconnect({ nextRetryDelayInMilliseconds: reconnect === true ? () => 20 : reconnect });
  if (stateful) builder = builder.withStatefulReconnect(stateful === true ? undefined : stateful);
  return builder.build();
}

// A started connection that remembers what was said to it, and is stopped when the test ends.
export async function connect(cell, t, options = {}) {
  const connection = build(cell, options);
  const heard = listen(connection, 'said');
  await connection.start();
  t.after(() => connection.stop());
  return Object.assign(connection, { heard });
}

// What a client heard under a name, in order; `until(count)` waits for that many.
export function listen(connection, name) {
  const heard = [], waiting = new Set();
  connection.on(name, (...args) => {
    heard.push(args.length === 1 ? args[0] : args);
    for (const wake of [...waiting]) wake();
  });
  return Object.defineProperty(heard, 'until', {
    async value(count) {
      while (heard.length < count) await new Promise((resolve) => waiting.add(function wake() { waiting.delete(wake); resolve(); }));
      return heard;
    },
  });
}

// The next time the client says so: once(connection, 'onreconnected') is what the callback was given.
export const once = (connection, event) => new Promise((resolve) => connection[event]((value) => resolve(value)));

// A stream's items, and the error that ended it if one did.
export const collect = (stream) => new Promise((resolve) => {
  const items = [];
  stream.subscribe({
    next: (item) => items.push(item),
    complete: () => resolve({ items }),
    error: (error) => resolve({ items, error: error.message }),
  });
});

export const fails = (call, message) => assert.rejects(call, (error) => {
  if (message instanceof RegExp) assert.match(error.message, message);
  else assert.equal(error.message, message);
  return true;
});
