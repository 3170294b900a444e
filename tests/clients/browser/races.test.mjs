// What happens between two answers, twice, or while an answer is on its way: the page shows all of it, once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startRelay } from '../relay.mjs';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { badge, enter, message, myToken, open, rest, row, say, shown, start } from './page.mjs';

const LIST = '**/api/Chat/conversations?*';
let server, browser;
before(async () => { [server, browser] = await Promise.all([startServer(), launch()]); });
after(async () => {
  await browser?.close();
  await server?.stop();
});

// Somebody who uses no page.
const person = async (id, name) => rest(server.url, await server.token(id, name));

// A window whose connections can be broken.
async function relayed(t, name) {
  const relay = await startRelay(server.url);
  t.after(() => relay.stop());
  const page = await open(t, browser, relay.url);
  await enter(page, name);
  return { page, relay };
}

// The next answer to a request comes after `meanwhile` and as `change` makes it.
const late = (page, url, meanwhile, change = (answer) => answer) => page.route(url, async (route) => {
  const response = await route.fetch(), answer = await response.json();
  await meanwhile();
  await route.fulfill({ response, json: change(answer) });
}, { times: 1 });

const hubs = (page) => {
  const opened = [];
  page.on('websocket', (socket) => opened.push(socket.url()));
  return opened;
};

test('who asks twice to come in comes in once', async (t) => {
  const page = await open(t, browser, server.url), opened = hubs(page), asked = [];
  page.on('request', (request) => { if (request.url().endsWith('/demo/token')) asked.push(request.url()); });
  await page.getByLabel('Your name').fill('Ann Twice');
  await page.evaluate(() => { for (let i = 0; i < 2; i++) document.getElementById('name-form').requestSubmit(); });
  await badge(page, 'online');
  await start(page, 'bob-twice');
  await say(page, 'once');
  assert.deepEqual([asked.length, opened.length], [1, 1]);
});

test('an address that means nothing leads to the list, over one connection', async (t) => {
  const page = await open(t, browser, server.url);
  await enter(page, 'Ann Lost');
  const opened = hubs(page);
  await page.goto(`${server.url}/#%`);
  await page.reload();
  await badge(page, 'online');
  await start(page, 'bob-lost');
  await say(page, 'here I am');
  assert.equal(opened.length, 1);
});

test('what is said between the first list and the connection is shown', async (t) => {
  const bob = await person('bob-between', 'Bob Between'), page = await open(t, browser, server.url);
  await late(page, LIST, () => bob('POST', '/messages', { recipientId: 'ann-between', content: 'mind the gap' }));
  await enter(page, 'Ann Between');
  await row(page, 'Bob Between').locator('.preview', { hasText: 'mind the gap' }).waitFor();
});

test('a page that comes to a conversation by its address shows where the unread begin', async (t) => {
  const bob = await person('bob-there', 'Bob There');
  const { conversationId } = await bob('POST', '/messages', { recipientId: 'ann-there', content: 'one' });
  await bob('POST', '/messages', { conversationId, content: 'two' });
  const page = await open(t, browser, `${server.url}/#${conversationId}`);
  await enter(page, 'Ann There');
  await page.locator('#messages .divider + .message', { hasText: 'one' }).waitFor();
  assert.deepEqual(await shown(page), ['one', 'two']);
});

test('a conversation that a list does not know yet, or lost between two pages, stays', async (t) => {
  const { page, relay } = await relayed(t, 'Ann Lists');
  const [bob, carol, dave] = await Promise.all(['Bob', 'Carol', 'Dave'].map((name) => person(`${name.toLowerCase()}-lists`, `${name} Lists`)));
  for (const send of [bob, carol]) await send('POST', '/messages', { recipientId: 'ann-lists', content: 'first' });
  await row(page, 'Bob Lists').waitFor();
  await row(page, 'Carol Lists').waitFor();
  await late(page, LIST, async () => {
    await badge(page, 'online');
    await dave('POST', '/messages', { recipientId: 'ann-lists', content: 'just now' });
    await row(page, 'Dave Lists').waitFor();
  }, ({ data, ...answer }) => ({ ...answer, data: data.filter(({ lastMessage }) => lastMessage.senderName !== 'Carol Lists') }));
  const asked = page.waitForResponse(LIST);
  relay.cut();
  await asked;
  // Whatever the answer changes has changed when the next message is there.
  await bob('POST', '/messages', { recipientId: 'ann-lists', content: 'second' });
  await row(page, 'Bob Lists').locator('.preview', { hasText: 'second' }).waitFor();
  assert.deepEqual(await page.locator('#conversations strong').allTextContents(), ['Bob Lists', 'Dave Lists', 'Carol Lists']);
});

test('a message that waits goes when the connection is back, although a list fails, and the list is asked for again', async (t) => {
  const { page, relay } = await relayed(t, 'Ann Waits');
  await start(page, 'bob-waits');
  await say(page, 'before');
  await page.route(LIST, (route) => route.fulfill({ status: 503, json: { error: 'not now', code: 'unavailable' } }), { times: 1 });
  relay.refuse();
  relay.cut();
  await badge(page, 'reconnecting');
  await page.getByLabel('Message', { exact: true }).fill('while away');
  await page.keyboard.press('Enter');
  await page.locator('.message.mine.waiting', { hasText: 'while away' }).waitFor();
  const again = page.waitForResponse((response) => response.url().includes('/conversations?') && response.ok());
  relay.resume();
  await page.locator('.message.mine.sent', { hasText: 'while away' }).waitFor();
  await again;
  assert.deepEqual(await shown(page), ['before', 'while away']);
});

// A store with one conversation, and its history with a server that answers when it is told to.
async function parts(t) {
  const page = await open(t, browser, server.url);
  await page.evaluate(async () => {
    const [{ createStore }, { historyOf }] = await Promise.all([import('/client/store.js'), import('/client/history.js')]);
    const message = (seq, more) => ({ id: `m${seq}`, seq, conversationId: 'c', senderId: 'bob', content: `text ${seq}`, status: 'sent', isDeleted: false, editedAt: null, ...more });
    const store = createStore({ id: 'ann' }), answers = [];
    store.putConversation({ conversationId: 'c', participants: [], lastMessage: message(90), unreadCount: 0 });
    store.open('c');
    const hub = { isOnline: () => true, messages: (id, range) => new Promise((resolve) => answers.push((...seqs) => resolve({ messages: seqs.map((seq) => message(seq)), pagination: { hasMore: range.after === undefined } }))) };
    const history = historyOf(store, { message: async (id) => message(Number(id.slice(1))) }, hub), conversation = store.get('c');
    window.parts = { store, history, conversation, answers, message, seqs: () => store.timeline(conversation).map((entry) => entry.message.seq) };
  });
  return page;
}

test('a page that was asked for before all was forgotten is not put in afterwards', async (t) => {
  const page = await parts(t);
  const seqs = await page.evaluate(async () => {
    const { history, conversation, answers, seqs } = window.parts;
    const first = history.newest(conversation);
    answers.shift()(89, 90);
    await first;
    const earlier = history.earlier(conversation), around = history.around(conversation, 'm5'), [, before, after] = answers;
    before(4);
    after(6, 7);
    await around;
    answers[0](87, 88);
    await earlier;
    return [seqs(), conversation.hasLater];
  });
  assert.deepEqual(seqs, [[4, 5, 6, 7], true], 'without a hole, and with what comes after');
});

test('an answer older than an edit or a deletion does not bring back what was there', async (t) => {
  const page = await parts(t);
  const texts = await page.evaluate(() => {
    const { store, conversation, message } = window.parts, edited = { content: 'new', isEdited: true, editedAt: '2026-01-01T00:00:00.000Z' };
    for (const seq of [89, 90]) store.putMessage(message(seq));
    store.openThread(message(89));
    store.patchMessage('c', 'm89', () => edited);
    store.patchMessage('c', 'm90', () => ({ content: '', isDeleted: true }));
    for (const seq of [89, 90]) store.putMessage(message(seq, { status: 'read' }));
    store.putConversation({ ...conversation.details, lastMessage: message(90) });
    const shown = [...store.timeline(conversation), ...store.thread().entries.values()].map((entry) => entry.message);
    return [...shown, conversation.details.lastMessage].map(({ content, status }) => `${content} ${status}`);
  });
  assert.deepEqual(texts, ['new read', ' read', 'new read', ' sent']);
});

test('what may be done with messages is there after the message it stood at has gone', async (t) => {
  const ann = await person('ann-far', 'Ann Far'), bob = await person('bob-far', 'Bob Far');
  const { id: first, conversationId } = await bob('POST', '/messages', { recipientId: 'ann-far', content: 'the first of all' });
  await bob('POST', `/messages/${first}/pin`);
  for (let i = 1; i <= 70; i++) await ann('POST', '/messages', { conversationId, content: `line ${i}.` });
  const page = await open(t, browser, server.url);
  await enter(page, 'Ann Far');
  await row(page, 'Bob Far').click();
  await message(page, 'line 70.').hover();
  await message(page, 'line 70.').locator('#tools').waitFor();
  await page.locator('#pinned:visible').dispatchEvent('click');
  await message(page, 'line 70.').waitFor({ state: 'detached' });
  await message(page, 'the first of all').hover();
  await message(page, 'the first of all').getByRole('button', { name: 'Reply' }).click();
  await page.locator('#context-title', { hasText: 'Reply to Bob Far' }).waitFor();
});
