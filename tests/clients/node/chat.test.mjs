// Two people talk: every promise for each supported client version, and for the newest by each transport.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from '../server.mjs';
import { Client, people, refusal, versions } from './support.mjs';

const MESSAGE = ['id', 'messageId', 'seq', 'conversationId', 'chatId', 'senderId', 'senderName', 'sender', 'recipientId', 'content', 'type', 'media',
  'attachments', 'parentMessageId', 'replyTo', 'metadata', 'status', 'isEdited', 'isDeleted', 'isPinned', 'reactionSummary', 'replyCount', 'mentions',
  'createdAt', 'sentAt', 'editedAt', 'deliveredAt', 'readAt'];
const CONVERSATION = ['id', 'conversationId', 'chatId', 'type', 'name', 'description', 'avatar', 'participants', 'lastMessage', 'unreadCount', 'isMuted',
  'isArchived', 'isPinned', 'createdAt', 'updatedAt'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const holds = (value, members) => { for (const member of members) assert.ok(member in value, `${member} is missing in ${JSON.stringify(value)}`); };

const NEWEST = '10';
const CELLS = Object.entries(versions).flatMap(([version, signalr]) =>
  (version === NEWEST ? ['WebSockets', 'ServerSentEvents', 'LongPolling'] : ['WebSockets']).map((transport) => ({ version, signalr, transport })));

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

for (const { version, signalr, transport } of CELLS) describe(`@microsoft/signalr ${version}, ${transport}`, () => {
  // Connections of people made for one test; stopped with it.
  async function meet(t, ...names) {
    const met = await people(server, ...names);
    const connect = async (person, options) => {
      const client = await Client.connect(server, signalr, person.token, { transport, ...options });
      t.after(() => client.stop());
      return client;
    };
    return { met, connect };
  }

  test('a first message makes the conversation and reaches the other', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const [a, b] = [await connect(ann), await connect(bob)];
    const answer = await a.invoke('SendMessage', { recipientId: bob.id, content: 'Hello, Bob!' });
    holds(answer, MESSAGE);
    const message = await b.hears('ReceiveMessage');
    holds(message, MESSAGE);
    assert.equal(message.id, answer.id);
    assert.equal(message.messageId, message.id);
    assert.equal(message.chatId, message.conversationId);
    assert.equal(message.seq, 1);
    assert.equal(message.content, 'Hello, Bob!');
    assert.equal(message.type, 'text');
    assert.equal(message.senderId, ann.id);
    assert.equal(message.senderName, ann.fullName);
    assert.equal(message.sender.id, ann.id);
    assert.equal(message.recipientId, bob.id);
    assert.equal(message.status, 'sent');
    assert.deepEqual(message.metadata, {});
    assert.deepEqual(message.attachments, []);
    assert.match(message.createdAt, TIME);

    const conversation = await b.hears('NewConversation');
    holds(conversation, CONVERSATION);
    assert.equal(conversation.conversationId, message.conversationId);
    assert.equal(conversation.type, 'direct');
    assert.deepEqual(conversation.participants.map((p) => p.userId).sort(), [ann.id, bob.id].sort());
    await a.hears('NewConversation', (c) => c.conversationId === message.conversationId);
  });

  test('the sender\'s connections hear it with clientMessageId, the other without', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const [a, a2, b] = [await connect(ann), await connect(ann), await connect(bob)];
    const answer = await a.invoke('SendMessage', { recipientId: bob.id, content: 'one', clientMessageId: 'c-1' });
    assert.equal(answer.clientMessageId, 'c-1');
    assert.equal((await a.hears('ReceiveMessage')).clientMessageId, 'c-1');
    assert.equal((await a2.hears('ReceiveMessage')).clientMessageId, 'c-1');
    assert.ok(!('clientMessageId' in await b.hears('ReceiveMessage')));
    assert.ok(!('tempId' in await b.hears('ReceiveMessage')));
  });

  test('MessageStatus tells the author that it is stored', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const [a, b] = [await connect(ann), await connect(bob)];
    const answer = await a.invoke('SendMessage', { recipientId: bob.id, content: 'kept?', clientMessageId: 'c-2' });
    const status = await a.hears('MessageStatus', (s) => s.type === 'message.sent');
    assert.equal(status.data.messageId, answer.id);
    assert.equal(status.data.conversationId, answer.conversationId);
    assert.equal(status.data.clientMessageId, 'c-2');
    assert.equal(status.data.status, 'sent');
    assert.match(status.data.timestamp, TIME);
    await b.hears('ReceiveMessage');
    assert.equal(b.all('MessageStatus').length, 0);
  });

  test('a repeat returns the stored message and sends nothing; other content is refused', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const [a, b] = [await connect(ann), await connect(bob)];
    const draft = { recipientId: bob.id, content: 'once', clientMessageId: 'same' };
    const first = await a.invoke('SendMessage', draft);
    const second = await a.invoke('SendMessage', draft);
    assert.equal(second.id, first.id);
    await assert.rejects(a.invoke('SendMessage', { ...draft, content: 'something else' }), refusal('SendMessage', 'idempotency_mismatch'));
    const last = await a.invoke('SendMessage', { conversationId: first.conversationId, content: 'last' });
    await b.hears('ReceiveMessage', (m) => m.id === last.id);
    assert.deepEqual(b.all('ReceiveMessage').map((m) => m.seq), [1, 2]);
  });

  test('typing is heard by the others only and stops by itself', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const [a, a2, b] = [await connect(ann), await connect(ann), await connect(bob)];
    const { conversationId } = await a.invoke('SendMessage', { recipientId: bob.id, content: 'hi' });
    await b.hears('ReceiveMessage');
    await a.invoke('SendTypingIndicator', conversationId, true);
    const typing = await b.hears('UserTyping', (e) => e.isTyping);
    assert.equal(typing.conversationId, conversationId);
    assert.equal(typing.chatId, conversationId);
    assert.equal(typing.userId, ann.id);
    assert.equal(typing.userName, ann.fullName);
    assert.match(typing.timestamp, TIME);
    await b.hears('UserTyping', (e) => !e.isTyping); // ten seconds later, by the server
    assert.equal(a.all('UserTyping').length + a2.all('UserTyping').length, 0);
  });

  test('sending ends typing', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const [a, b] = [await connect(ann), await connect(bob)];
    const { conversationId } = await a.invoke('SendMessage', { recipientId: bob.id, content: 'hi' });
    await a.invoke('SendTypingIndicator', conversationId, true);
    await b.hears('UserTyping', (e) => e.isTyping);
    const sent = Date.now();
    await a.invoke('SendMessage', { conversationId, content: 'there' });
    await b.hears('UserTyping', (e) => !e.isTyping);
    assert.ok(Date.now() - sent < 5000, 'the stop came with the message, not with the time-out');
  });

  test('joining narrows to what is joined; the rest is told by ConversationUpdated', async (t) => {
    const { met: [ann, bob, cat], connect } = await meet(t, 'ann', 'bob', 'cat');
    const [a, b, c] = [await connect(ann), await connect(bob), await connect(cat)];
    const fromBob = await b.invoke('SendMessage', { recipientId: ann.id, content: 'from bob' });
    const fromCat = await c.invoke('SendMessage', { recipientId: ann.id, content: 'from cat' });
    await a.hears('ReceiveMessage', (m) => m.id === fromBob.id);
    await a.hears('ReceiveMessage', (m) => m.id === fromCat.id);

    const joined = await a.invoke('JoinConversation', fromBob.conversationId);
    holds(joined, CONVERSATION);
    assert.equal(joined.conversationId, fromBob.conversationId);
    const unheard = await c.invoke('SendMessage', { conversationId: fromCat.conversationId, content: 'not for this view' });
    const heard = await b.invoke('SendMessage', { conversationId: fromBob.conversationId, content: 'for this view' });
    await a.hears('ReceiveMessage', (m) => m.id === heard.id);
    const updated = await a.hears('ConversationUpdated', (u) => u.conversationId === fromCat.conversationId);
    holds(updated, ['conversationId', 'reason', 'lastMessage', 'unreadCount', 'updatedAt']);
    assert.equal(updated.lastMessage.id, unheard.id);
    assert.equal(a.all('ReceiveMessage', (m) => m.id === unheard.id).length, 0);

    // Leaving ends the view and does not restore everything.
    await a.invoke('LeaveConversation', fromBob.conversationId);
    const late = await b.invoke('SendMessage', { conversationId: fromBob.conversationId, content: 'after leaving' });
    await a.hears('ConversationUpdated', (u) => u.lastMessage?.id === late.id);
    assert.equal(a.all('ReceiveMessage', (m) => m.id === late.id).length, 0);
  });

  test('deliver=all keeps everything whatever is joined', async (t) => {
    const { met: [ann, bob, cat], connect } = await meet(t, 'ann', 'bob', 'cat');
    const [a, b, c] = [await connect(ann, { query: '?deliver=all' }), await connect(bob), await connect(cat)];
    const { conversationId } = await b.invoke('SendMessage', { recipientId: ann.id, content: 'one' });
    await a.invoke('JoinConversation', conversationId);
    const other = await c.invoke('SendMessage', { recipientId: ann.id, content: 'two' });
    await a.hears('ReceiveMessage', (m) => m.id === other.id);
  });

  test('a group reaches all its members', async (t) => {
    const { met: [ann, bob, cat], connect } = await meet(t, 'ann', 'bob', 'cat');
    const [a, b, c] = [await connect(ann), await connect(bob), await connect(cat)];
    const group = await a.invoke('CreateGroup', { name: 'Weekend', memberIds: [bob.id, cat.id] });
    assert.equal(group.name, 'Weekend');
    assert.equal(group.id, group.conversationId);
    for (const client of [b, c]) {
      const conversation = await client.hears('NewConversation');
      assert.equal(conversation.conversationId, group.conversationId);
      assert.equal(conversation.type, 'group');
      assert.equal(conversation.participants.length, 3);
    }
    const sent = await b.invoke('SendMessage', { conversationId: group.conversationId, content: 'who is in?' });
    assert.equal(sent.recipientId, null);
    for (const client of [a, b, c]) assert.equal((await client.hears('ReceiveMessage')).id, sent.id);
  });

  test('history pages back from the newest and forward from a message', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const a = await connect(ann);
    const { conversationId } = await a.invoke('SendMessage', { recipientId: bob.id, content: 'm1' });
    for (let i = 2; i <= 7; i++) await a.invoke('SendMessage', { conversationId, content: `m${i}` });
    const newest = await a.invoke('GetMessages', conversationId, { limit: 3 });
    assert.deepEqual(newest.messages.map((m) => m.content), ['m5', 'm6', 'm7']);
    assert.equal(newest.conversationId, conversationId);
    assert.equal(newest.pagination.hasMore, true);
    holds(newest.pagination, ['page', 'limit', 'total', 'totalPages', 'hasMore', 'nextCursor', 'prevCursor']);
    assert.equal(newest.pagination.total, 7);
    const before = await a.invoke('GetMessages', conversationId, { before: newest.messages[0].id, limit: 3 });
    assert.deepEqual(before.messages.map((m) => m.content), ['m2', 'm3', 'm4']);
    const first = await a.invoke('GetMessages', conversationId, { before: before.messages[0].id, limit: 3 });
    assert.deepEqual(first.messages.map((m) => m.content), ['m1']);
    assert.equal(first.pagination.hasMore, false);
    const forward = await a.invoke('GetMessages', conversationId, { after: first.messages[0].id, limit: 2 });
    assert.deepEqual(forward.messages.map((m) => m.content), ['m2', 'm3']);
    assert.equal(forward.pagination.hasMore, true);
    const whole = await a.invoke('GetMessages', conversationId);
    assert.deepEqual(whole.messages.map((m) => m.seq), [1, 2, 3, 4, 5, 6, 7]);
  });

  test('the list of conversations has the latest first', async (t) => {
    const { met: [ann, bob, cat], connect } = await meet(t, 'ann', 'bob', 'cat');
    const [a, b] = [await connect(ann), await connect(bob)];
    const withBob = await a.invoke('SendMessage', { recipientId: bob.id, content: 'one' });
    const withCat = await a.invoke('SendMessage', { recipientId: cat.id, content: 'two' });
    const list = await a.invoke('GetConversations');
    const ids = (answer) => conversationsOf(answer).map((c) => c.conversationId);
    assert.deepEqual(ids(list), [withCat.conversationId, withBob.conversationId]);
    holds(conversationsOf(list)[0], CONVERSATION);
    assert.equal(conversationsOf(list)[0].lastMessage.content, 'two');
    await b.invoke('SendMessage', { conversationId: withBob.conversationId, content: 'three' });
    const again = await a.invoke('GetConversations', { take: 1 });
    assert.deepEqual(ids(again), [withBob.conversationId]);
    assert.equal(conversationsOf(again)[0].unreadCount, 1);
  });

  test('method names ignore case and a trailing Async', async (t) => {
    const { met: [ann, bob], connect } = await meet(t, 'ann', 'bob');
    const a = await connect(ann);
    assert.equal((await a.invoke('sendmessage', { recipientId: bob.id, content: 'small' })).content, 'small');
    assert.equal((await a.invoke('SendMessageAsync', { recipientId: bob.id, content: 'async' })).content, 'async');
    assert.equal((await a.invoke('SendMessage', bob.id, 'positional')).content, 'positional');
  });
});

const conversationsOf = (answer) => (Array.isArray(answer) ? answer : answer.conversations ?? answer.data);
