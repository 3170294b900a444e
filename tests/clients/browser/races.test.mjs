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
