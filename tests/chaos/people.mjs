// People with a plain client each: a connection that reconnects by itself for ever and knows nothing of syncing.
// What their handlers see goes into the ledger. Their sockets tell when they answer a Ping, which nothing else can.
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { rest, versions } from '../clients/node/support.mjs';
import { sleep } from './random.mjs';

const WebSocket = createRequire(new URL('../clients/package.json', import.meta.url))('ws');
const signalr = versions[10];
const SECRET = 'a secret for the chaos tests alone, of more than 32 bytes';
const RETRY = 100;
// Milliseconds until a socket is open.
const OPENING = 30_000;

// Servers that are to believe these tokens are started with these settings.
export const settings = { HUBWIRE_JWT_SECRET: SECRET };

// Each device has its `sid`.
export function token(user, sid = user) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, name: user, sid, iat: now, exp: now + 86_400 })}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

export const api = (server, user) => async (...request) => {
  const { status, data, error } = await rest(server, token(user))(...request);
  if (status !== 200) throw new Error(`${request.slice(0, 2).join(' ')}: ${status} ${error}`);
  return data;
};

export class Person {
  #socket = 0;
  #isLeaving = false;
  drops = 0;

  // `url` may be a relay's. `patience` is the client's own server time-out in milliseconds, with Pings three times
  // as often, and that of its requests; without it they are the library's, 100 s for a request. `retry`: milliseconds before each try to connect again.
  constructor(url, user, ledger, { patience, retry = RETRY, hears = true, onHeard } = {}) {
    Object.assign(this, { user, ledger, retry });
    const person = this;
    class Socket extends WebSocket {
      // Browsers give up on a socket that does not open; the package does so when it is told to.
      constructor(address, protocols, options) {
        super(address, protocols, { ...options, handshakeTimeout: patience || OPENING });
        const number = ++person.#socket;
        this.number = number;
        if (!hears) return;
        ledger.opens(user, number);
        // One that is being closed hears Pings and answers none.
        this.on('ping', () => { if (this.readyState === WebSocket.OPEN) ledger.proves(user, number); });
      }
    }
    this.connection = new signalr.HubConnectionBuilder()
      .withUrl(`${url}/hubs/chat`, { accessTokenFactory: () => token(user), WebSocket: Socket, ...(patience && { timeout: patience }) })
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => retry })
      .configureLogging(signalr.LogLevel.None)
      .build();
    if (patience) Object.assign(this.connection, { serverTimeoutInMilliseconds: patience, keepAliveIntervalInMilliseconds: patience / 3 });
    if (hears) {
      ledger.receives(user);
      this.connection.on('ReceiveMessage', (message) => { ledger.hears(user, this.#noteCarrier(), message); onHeard?.(message); });
      this.connection.onreconnected(() => this.#noteCarrier());
    }
    this.connection.on('MessageStatus', (status) => ledger.tells(user, status));
    this.connection.onreconnecting(() => { this.drops++; });
    // The library gives up when a Close tells it to. Nobody here is to be told so.
    this.connection.onclose((error) => {
      if (this.#isLeaving) return;
      ledger.oddities.push(`the connection of ${user} ended for good: ${error}`);
      this.start();
    });
  }

  // The number of the socket that carries the connection. Whoever does not get one open falls back to another transport,
  // which has the connection's id, and proves nothing that can be seen from here.
  #noteCarrier() {
    const number = this.connection.connection.transport?._webSocket?.number;
    if (number === undefined) this.ledger.fallsBack(this.user);
    return number ?? this.connection.connectionId;
  }

  // The library retries only what has been connected once.
  async start() {
    while (!this.#isLeaving) {
      try { return await this.connection.start(); } catch { await sleep(this.retry); }
    }
  }

  // Sends under a key of the sender's own until it is acknowledged, over as many connections as that takes.
  async send(conversationId, key, content = key) {
    this.ledger.tries(this.user, key, content);
    while (!this.#isLeaving) {
      try {
        const message = await this.connection.invoke('SendMessage', { conversationId, content, clientMessageId: key });
        this.ledger.acknowledges(key, message);
        return message;
      } catch (error) {
        // A refusal in a server's last moment, or an answer of nobody: both are tried again.
        if (/HubException/.test(error.message) && !/unavailable|rate_limited/.test(error.message)) return this.ledger.refuses(key, error.message);
        await sleep(this.retry / 2);
      }
    }
    return undefined;
  }

  async stop() {
    this.#isLeaving = true;
    await Promise.race([this.connection.stop(), sleep(1_000)]);
  }
}

// A group of all of `users`, made by the first of them.
export async function group(server, users, name = 'group') {
  const { id } = await api(server, users[0])('POST', '/groups', { name, memberIds: users.slice(1) });
  return id;
}

export const names = (what, count) => Array.from({ length: count }, (_, index) => `${what}-${index + 1}`);
export const together = (people, what) => Promise.all(people.map(what));
