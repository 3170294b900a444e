// REST and the hub are two doors to one room; a token may come in a header or, as browsers do, in the query.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import WebSocket from 'ws';
import { startServer } from '../server.mjs';
import { Client, people, versions } from './support.mjs';

const RS = '\x1e';

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

for (const [version, signalr] of Object.entries(versions)) describe(`@microsoft/signalr ${version}`, () => {
  test('what is sent by REST arrives on the hub', async (t) => {
    const [ann, bob] = await people(server, 'ann', 'bob');
    const b = await Client.connect(server, signalr, bob.token);
    t.after(() => b.stop());
    const answer = await ann.rest('POST', '/messages', { recipientId: bob.id, content: 'by REST', clientMessageId: 'r-1' });
    assert.equal(answer.status, 200);
    assert.equal(answer.success, true);
    assert.equal(answer.data.clientMessageId, 'r-1');
    const heard = await b.hears('ReceiveMessage');
    assert.equal(heard.id, answer.data.id);
    assert.equal(heard.content, 'by REST');
  });

  test('what is sent on the hub is read by REST', async (t) => {
    const [ann, bob] = await people(server, 'ann', 'bob');
    const a = await Client.connect(server, signalr, ann.token);
    t.after(() => a.stop());
    const sent = await a.invoke('SendMessage', { recipientId: bob.id, content: 'by hub' });
    const page = await bob.rest('GET', `/messages?chatId=${sent.conversationId}`);
    assert.deepEqual(page.data.messages.map((m) => m.id), [sent.id]);
    const { data: [conversation] } = await bob.rest('GET', '/conversations');
    assert.equal(conversation.conversationId, sent.conversationId);
    assert.equal(conversation.lastMessage.id, sent.id);
    assert.equal(conversation.unreadCount, 1);
  });

  test('hub first, REST as fallback: one message under one key', async (t) => {
    const [ann, bob] = await people(server, 'ann', 'bob');
    const [a, b] = [await Client.connect(server, signalr, ann.token), await Client.connect(server, signalr, bob.token)];
    t.after(() => Promise.all([a.stop(), b.stop()]));
    const draft = { recipientId: bob.id, content: 'twice', clientMessageId: 'f-1' };
    const sent = await a.invoke('SendMessage', draft);
    const again = await ann.rest('POST', '/messages', draft);
    assert.equal(again.status, 200);
    assert.equal(again.data.id, sent.id);
    const last = await a.invoke('SendMessage', { recipientId: bob.id, content: 'last' });
    await b.hears('ReceiveMessage', (m) => m.id === last.id);
    assert.equal(b.all('ReceiveMessage').length, 2);
  });
});

// A browser cannot set headers on a WebSocket: the token of negotiate comes in the query of the socket.
test('a token in the query opens the socket, and none does not', async () => {
  const [ann] = await people(server, 'ann');
  const negotiated = await (await fetch(`${server.url}/hubs/chat/negotiate?negotiateVersion=1`, { method: 'POST', headers: { authorization: `Bearer ${ann.token}` } })).json();
  assert.deepEqual(negotiated.availableTransports.map((transport) => transport.transport).includes('WebSockets'), true);
  const address = `${server.url.replace('http', 'ws')}/hubs/chat?id=${negotiated.connectionToken}`;
  const without = new WebSocket(address);
  const status = await new Promise((resolve) => { without.on('unexpected-response', (_, response) => { resolve(response.statusCode); without.terminate(); }); without.on('error', () => {}); });
  assert.equal(status, 401);
  const socket = new WebSocket(`${address}&access_token=${encodeURIComponent(ann.token)}`);
  const first = await new Promise((resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify({ protocol: 'json', version: 1 }) + RS));
    socket.on('message', (data) => resolve(data.toString()));
    socket.on('error', reject);
  });
  assert.equal(first, '{}' + RS);
  socket.close();
  assert.ok(!server.log().includes(ann.token), 'no token in any log');
});
