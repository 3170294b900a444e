// A server that stops, or is killed, and comes back on the same port finds its clients back by themselves.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startServer } from '../server.mjs';
import { Client, people, versions } from './support.mjs';

const policy = { nextRetryDelayInMilliseconds: () => 200 };

for (const [version, signalr] of Object.entries(versions)) describe(`@microsoft/signalr ${version}`, () => {
  const endings = [['killed', 'kill'], ['stopped', 'terminate']].flatMap(([how, end]) => [[how, end, false], [how, end, true]]);
  for (const [how, end, stateful] of endings) test(`clients${stateful ? ' with stateful reconnect' : ''} come back after the server was ${how}`, async (t) => {
    const server = await startServer();
    t.after(() => server.stop());
    const [ann, bob] = await people(server, 'ann', 'bob');
    const [a, b] = [await Client.connect(server, signalr, ann.token, { policy, stateful }), await Client.connect(server, signalr, bob.token, { policy, stateful })];
    t.after(() => Promise.all([a.stop(), b.stop()]));
    const before = await a.invoke('SendMessage', { recipientId: bob.id, content: 'before' });
    await b.hears('ReceiveMessage');

    await server[end]();
    await Promise.all([a.hears('reconnecting'), b.hears('reconnecting')]);
    await server.startAgain();
    await Promise.all([a.hears('reconnected'), b.hears('reconnected')]);

    const after = await a.invoke('SendMessage', { conversationId: before.conversationId, content: 'after' });
    assert.equal(after.seq, before.seq + 1);
    await b.hears('ReceiveMessage', (m) => m.id === after.id);
    const { messages } = await b.invoke('GetMessages', before.conversationId);
    assert.deepEqual(messages.map((m) => m.content), ['before', 'after']);
  });
});

test('a message acknowledged just before kill -9 is there afterwards', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const [ann, bob] = await people(server, 'ann', 'bob');
  const a = await Client.connect(server, versions[10], ann.token);
  const acknowledged = [];
  let conversationId;
  const sending = (async () => {
    for (let i = 0; ; i++) {
      const message = await a.invoke('SendMessage', { recipientId: bob.id, content: `m${i}`, clientMessageId: `k-${i}` });
      conversationId = message.conversationId;
      acknowledged.push(message.id);
      if (acknowledged.length === 20) server.kill();
    }
  })();
  await assert.rejects(sending);
  await a.stop();
  await server.startAgain();
  const page = await bob.rest('GET', `/conversations/${conversationId}/messages?limit=100`);
  const stored = page.data.messages.map((m) => m.id);
  assert.ok(acknowledged.length >= 20);
  for (const id of acknowledged) assert.ok(stored.includes(id), `${id} was acknowledged and is lost`);
  assert.deepEqual(page.data.messages.map((m) => m.seq), stored.map((_, i) => i + 1));
});
