// A person with a connection of a given client version, who remembers what was heard.
import assert from 'node:assert/strict';
import * as signalr8 from 'signalr8';
import * as signalr9 from 'signalr9';
import * as signalr10 from 'signalr10';

export const versions = { 8: signalr8.default ?? signalr8, 9: signalr9.default ?? signalr9, 10: signalr10.default ?? signalr10 };

const EVENTS = ['ReceiveMessage', 'UserTyping', 'NewConversation', 'ConversationUpdated', 'MessageStatus', 'GetOnlineUsers', 'UserOnline'];
const DEADLINE = 15_000;

export class Client {
  heard = [];
  #waiting = new Set();

  // `signalr` is the module of one client version; `transport` by its name, `protocol` an instance.
  static async connect(server, signalr, token, { hub = '/hubs/chat', query = '', policy, transport, protocol, stateful } = {}) {
    const client = new Client();
    let builder = new signalr.HubConnectionBuilder()
      .withUrl(`${server.url}${hub}${query}`, { accessTokenFactory: () => token, transport: signalr.HttpTransportType[transport] })
      .configureLogging(signalr.LogLevel.None);
    if (protocol) builder = builder.withHubProtocol(protocol);
    if (policy) builder = builder.withAutomaticReconnect(policy);
    if (stateful) builder = builder.withStatefulReconnect();
    client.connection = builder.build();
    for (const name of EVENTS) client.connection.on(name, (...args) => client.#hear({ name, args }));
    client.connection.onreconnecting(() => client.#hear({ name: 'reconnecting', args: [true] }));
    client.connection.onreconnected(() => client.#hear({ name: 'reconnected', args: [true] }));
    await client.connection.start();
    return client;
  }

  #hear(event) {
    assert.ok(event.args.length <= 1, `${event.name} has one argument`);
    this.heard.push({ name: event.name, data: event.args[0] });
    for (const wake of this.#waiting) wake();
  }

  invoke(method, ...args) { return this.connection.invoke(method, ...args); }
  stop() { return this.connection.stop(); }

  all(name, matches = () => true) { return this.heard.filter((e) => e.name === name && matches(e.data)).map((e) => e.data); }

  // The first event of that name that matches, whether it has come already or comes later.
  async hears(name, matches = () => true) {
    const end = Date.now() + DEADLINE;
    for (;;) {
      const [found] = this.all(name, matches);
      if (found !== undefined) return found;
      if (Date.now() >= end) assert.fail(`${name} was not heard; heard: ${JSON.stringify(this.heard.map((e) => e.name))}`);
      await new Promise((resolve) => {
        const timer = setTimeout(done, end - Date.now());
        const waiting = this.#waiting;
        function done() { clearTimeout(timer); waiting.delete(done); resolve(); }
        waiting.add(done);
      });
    }
  }
}

// The REST half for one person.
export const rest = (server, token) => async (method, path, body, headers = {}) => {
  const response = await fetch(`${server.url}/api/Chat${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, ...(await response.json()) };
};

// Ann and Bob of this test alone: their ids carry the test's own suffix.
let count = 0;
export async function people(server, ...names) {
  const suffix = `${process.pid}-${++count}`;
  return Promise.all(names.map(async (name) => {
    const id = `${name}-${suffix}`, fullName = `${name[0].toUpperCase()}${name.slice(1)} ${suffix}`;
    const token = await server.token(id, fullName);
    return { id, fullName, token, rest: rest(server, token) };
  }));
}

// The text of a HubException as the client library shows it.
export const refusal = (method, code) => (error) => {
  assert.match(error.message, new RegExp(`invoking '${method}' on the server\\. HubException: ${code}: .+`));
  return true;
};
