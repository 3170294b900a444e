// The chat by every transport and protocol: the same words, spelled as each protocol spells them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MessagePackHubProtocol as MessagePack8 } from 'msgpack8';
import { MessagePackHubProtocol as MessagePack9 } from 'msgpack9';
import { MessagePackHubProtocol as MessagePack10 } from 'msgpack10';
import { startServer } from '../server.mjs';
import { Client, people, versions } from './support.mjs';

const MESSAGEPACK = { 8: MessagePack8, 9: MessagePack9, 10: MessagePack10 };
const CELLS = Object.keys(versions).flatMap((version) => [
  ['WebSockets', 'json'], ['WebSockets', 'messagepack'], ['ServerSentEvents', 'json'], ['LongPolling', 'json'], ['LongPolling', 'messagepack'],
].map(([transport, protocol]) => ({ version, transport, protocol })));

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

for (const { version, transport, protocol } of CELLS) describe(`@microsoft/signalr ${version}, ${transport}, ${protocol}`, () => {
  const isBinary = protocol === 'messagepack';
  // A member as the protocol names it: MessagePack has the names of .NET's classes.
  const member = (object, name) => object[isBinary ? name[0].toUpperCase() + name.slice(1) : name];
  const spelled = (object) => Object.fromEntries(Object.entries(object).map(([name, value]) => [isBinary ? name[0].toUpperCase() + name.slice(1) : name, value]));
  const connect = async (t, person, options = {}) => {
    const client = await Client.connect(server, versions[version], person.token, { transport, protocol: isBinary ? new MESSAGEPACK[version]() : undefined, ...options });
    t.after(() => client.stop());
    return client;
  };

  test('a message is sent, heard and read again, and its time is a time', async (t) => {
    const [ann, bob] = await people(server, 'ann', 'bob');
    const a = await connect(t, ann), b = await connect(t, bob);
    const answer = await a.invoke('SendMessage', spelled({ recipientId: bob.id, content: 'héllo' }));
    const heard = await b.hears('ReceiveMessage');
    for (const message of [answer, heard]) {
      assert.equal(member(message, 'content'), 'héllo');
      assert.equal(member(message, 'senderId'), ann.id);
      assert.equal(member(message, 'type'), 'text');
      assert.equal(member(member(message, 'sender'), 'fullName'), ann.fullName);
      const at = member(message, 'createdAt');
      assert.ok(isBinary ? at instanceof Date : /Z$/.test(at), String(at));
      assert.ok(Math.abs(new Date(at) - Date.now()) < 60_000);
      assert.equal(member(message, 'readAt'), null);
    }
    assert.equal(member(heard, 'id'), member(answer, 'id'));
    const page = await b.invoke('GetMessages', member(heard, 'conversationId'), spelled({ limit: 10 }));
    assert.deepEqual(member(page, 'messages').map((message) => member(message, 'content')), ['héllo']);
    assert.equal(member((await b.invoke('GetConversations'))[0], 'type'), 'direct');
  });

  test('objects may be spelled in camelCase, and a refusal says why', async (t) => {
    const [ann, bob] = await people(server, 'ann', 'bob');
    const a = await connect(t, ann);
    const answer = await a.invoke('SendMessage', { recipientId: bob.id, content: 'camel', clientMessageId: 'c1' });
    assert.equal(member(answer, 'clientMessageId'), 'c1');
    await assert.rejects(a.invoke('SendMessage', { recipientId: bob.id, content: '' }), /validation_failed: /);
  });

  test('who comes online is told to those who know them', async (t) => {
    const [ann, bob] = await people(server, 'ann', 'bob');
    await (await connect(t, ann)).invoke('SendMessage', spelled({ recipientId: bob.id, content: 'hi' }));
    const watching = await connect(t, ann, { hub: '/hubs/chat-online' });
    await connect(t, bob, { hub: '/hubs/chat-online' });
    assert.equal(await watching.hears('UserOnline'), bob.id);
    assert.deepEqual(await watching.invoke('GetOnlineUsers'), [bob.id]);
  });
});
