// What is wrong is said, and where the connection can live it does.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from '../server.mjs';
import { Client, people, refusal, versions } from './support.mjs';

const NOWHERE = '018f0000-0000-7000-8000-000000000000';

let server;
before(async () => { server = await startServer({ HUBWIRE_LIMITS_MESSAGES_PER_MINUTE: '30', HUBWIRE_LIMITS_BURST: '2' }); });
after(() => server.stop());

for (const [version, signalr] of Object.entries(versions)) describe(`@microsoft/signalr ${version}`, () => {
  async function annIn(t) {
    const [ann, bob] = await people(server, 'ann', 'bob');
    const client = await Client.connect(server, signalr, ann.token);
    t.after(() => client.stop());
    return { ann, bob, client };
  }

  test('errors are a code and a sentence, and the connection goes on', async (t) => {
    const { ann, bob, client } = await annIn(t);
    await assert.rejects(client.invoke('JoinConversation', NOWHERE), refusal('JoinConversation', 'not_found'));
    await assert.rejects(client.invoke('GetMessages', 'not an id'), refusal('GetMessages', 'not_found'));
    await assert.rejects(client.invoke('SendMessage', { conversationId: NOWHERE, content: 'x' }), refusal('SendMessage', 'not_found'));
    await assert.rejects(client.invoke('SendMessage', { recipientId: bob.id, content: '   ' }), refusal('SendMessage', 'validation_failed'));
    await assert.rejects(client.invoke('SendMessage', { recipientId: bob.id, content: 'x', type: 'carrier-pigeon' }), refusal('SendMessage', 'validation_failed'));
    await assert.rejects(client.invoke('SendMessage', { recipientId: bob.id, content: 'x'.repeat(10_001) }), refusal('SendMessage', '(validation_failed|too_large)'));
    await assert.rejects(client.invoke('SendMessage', { content: 'to nobody' }), refusal('SendMessage', 'validation_failed'));
    assert.equal((await client.invoke('SendMessage', { recipientId: bob.id, content: 'still here' })).senderId, ann.id);
  });

  test('a stranger finds nothing', async (t) => {
    const { bob, client } = await annIn(t);
    const [dan] = await people(server, 'dan');
    const stranger = await Client.connect(server, signalr, dan.token);
    t.after(() => stranger.stop());
    const { conversationId } = await client.invoke('SendMessage', { recipientId: bob.id, content: 'private' });
    for (const call of [['JoinConversation', conversationId], ['GetMessages', conversationId], ['SendTypingIndicator', conversationId, true], ['SendMessage', { conversationId, content: 'x' }]])
      await assert.rejects(stranger.invoke(...call), refusal(call[0], 'not_found'));
  });

  test('an unknown method and wrong arguments are refused and the connection kept', async (t) => {
    const { bob, client } = await annIn(t);
    await assert.rejects(client.invoke('NoSuchMethod'), /Method does not exist\./);
    await assert.rejects(client.invoke('AddMember', 'only one'), /Failed to invoke 'AddMember' due to an error on the server\./);
    await assert.rejects(client.invoke('SendMessage'), /Failed to invoke 'SendMessage' due to an error on the server\./);
    await assert.rejects(client.invoke('SendTypingIndicator', {}, 'neither'), refusal('SendTypingIndicator', 'validation_failed'));
    await assert.rejects(client.invoke('SendMessage', 5), refusal('SendMessage', 'validation_failed'));
    assert.equal((await client.invoke('SendMessage', { recipientId: bob.id, content: 'still here' })).seq, 1);
  });

  test('too many messages are refused with rate_limited', async (t) => {
    const { bob, client } = await annIn(t);
    const sending = async () => { for (let i = 0; i < 60; i++) await client.invoke('SendMessage', { recipientId: bob.id, content: `m${i}` }); };
    await assert.rejects(sending(), refusal('SendMessage', 'rate_limited'));
    assert.ok(await client.invoke('GetConversations'));
  });

  test('a bad token is a 401 at negotiate', async () => {
    const [ann] = await people(server, 'ann');
    const [head, claims, signature] = ann.token.split('.');
    const forged = `${head}.${claims}.${signature.split('').reverse().join('')}`;
    for (const token of ['nonsense', '', forged]) await assert.rejects(Client.connect(server, signalr, token), /401/);
  });

  test('somebody else\'s userId is a 403, one\'s own is fine', async (t) => {
    const [ann, bob] = await people(server, 'ann', 'bob');
    await assert.rejects(Client.connect(server, signalr, ann.token, { query: `?userId=${bob.id}` }), /403/);
    for (const query of [`?userId=${ann.id}`, '?userId=', '?userId=undefined', '?userId=null']) {
      const client = await Client.connect(server, signalr, ann.token, { query });
      t.after(() => client.stop());
    }
  });
});
