// The page in Chromium: two people on one server, a reload, a restart, a phone and the dark.
// Screenshots go to a temporary folder whose name is printed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { badge, enter as enterOn, message, myId, myToken, open as openIn, say, shown, start, status } from './page.mjs';

let server, browser, shots;
before(async () => {
  [server, browser] = [await startServer(), await launch()];
  shots = fs.mkdtempSync(path.join(os.tmpdir(), 'hubwire-shots-'));
  console.log(`screenshots: ${shots}`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (t, options, url = server.url) => openIn(t, browser, url, options);

async function enter(t, name, options) {
  const page = await open(t, options);
  await enterOn(page, name);
  return page;
}

const shot = (page, name) => page.screenshot({ path: path.join(shots, `${name}.png`) });

test('two people chat, see typing, and each message once', async (t) => {
  const ann = await enter(t, 'Ann Lee'), bob = await enter(t, 'Bob Ray');
  await start(ann, await myId(bob));
  await say(ann, 'Hello, Bob!');

  const row = bob.locator('#conversations .row', { hasText: 'Ann Lee' });
  await row.waitFor();
  await bob.locator('.count', { hasText: '1' }).waitFor();
  await shot(bob, 'unread');
  await row.click();
  await message(bob, 'Hello, Bob!').waitFor();
  await bob.locator('.count', { hasText: '1' }).waitFor({ state: 'detached' });

  await bob.getByLabel('Message', { exact: true }).pressSequentially('Hi Ann, <b>how</b> are you?');
  await ann.locator('#typing', { hasText: 'Bob Ray is typing' }).waitFor();
  await shot(ann, 'typing');
  await bob.keyboard.press('Enter');
  await message(ann, 'Hi Ann, <b>how</b> are you?').waitFor();
  await ann.locator('#typing:empty').waitFor({ state: 'attached' });
  assert.equal(await ann.locator('.bubble b').count(), 0, 'text is text');

  for (const page of [ann, bob]) {
    assert.equal(await page.locator('#messages .message').count(), 2);
    assert.equal(await page.locator('#messages .message.mine.sent').count(), 1);
  }
});

test('a reload shows the history, each message once, and scrolling up the rest', async (t) => {
  const ann = await enter(t, 'Ann Old'), bob = await enter(t, 'Bob Old');
  await start(ann, await myId(bob));
  for (let i = 1; i <= 45; i++) await say(ann, `line ${i}.`);
  await bob.locator('#conversations .row').click();
  await ann.reload();
  await badge(ann, 'online');
  await message(ann, 'line 45.').waitFor();
  assert.equal(await message(ann, 'line 5.').count(), 0, 'the newest page only');
  await say(bob, 'seen');
  await message(ann, 'seen').waitFor();
  await ann.locator('#scroller').hover();
  while (await message(ann, 'line 1.').count() === 0) await ann.mouse.wheel(0, -2000);
  await ann.locator('#earlier', { hasText: 'This is where it began.' }).waitFor();
  const texts = await shown(ann);
  assert.deepEqual(texts, [...Array.from({ length: 45 }, (_, i) => `line ${i + 1}.`), 'seen']);
});

test('a server that stops and comes back is found again', async (t) => {
  const ann = await enter(t, 'Ann Away'), bob = await enter(t, 'Bob Away');
  await start(ann, await myId(bob));
  await say(ann, 'before');
  await bob.locator('#conversations .row').click();
  await message(bob, 'before').waitFor();

  await server.terminate();
  await Promise.all([badge(ann, 'reconnecting'), badge(bob, 'reconnecting')]);
  assert.equal(await ann.locator('#badge').textContent(), 'reconnecting');
  await ann.getByLabel('Message', { exact: true }).fill('while away');
  await ann.keyboard.press('Enter');
  await ann.locator('.message.mine.waiting', { hasText: 'while away' }).waitFor();
  await shot(ann, 'reconnecting');

  await server.startAgain();
  // More than a page is said before the windows are back, or while they are coming back.
  const conversationId = await bob.evaluate(() => location.hash.slice(1));
  const token = await myToken(bob);
  const meanwhile = Array.from({ length: 40 }, (_, i) => `meanwhile ${i + 1}.`);
  for (const content of meanwhile) {
    const answer = await fetch(`${server.url}/api/Chat/messages`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ conversationId, content }) });
    assert.equal(answer.status, 200);
  }
  await Promise.all([badge(ann, 'online'), badge(bob, 'online')]);
  await ann.locator('.message.mine.sent', { hasText: 'while away' }).waitFor();
  await message(bob, 'while away').waitFor();
  await say(bob, 'after');
  await message(ann, 'after').waitFor();
  for (const page of [ann, bob]) {
    await message(page, 'meanwhile 40.').waitFor();
    const texts = await shown(page);
    assert.deepEqual(texts.filter((text) => text !== 'while away'), ['before', ...meanwhile, 'after'], 'all in order, each once');
    assert.equal(texts.filter((text) => text === 'while away').length, 1);
  }
});

test('a group has all its members', async (t) => {
  const ann = await enter(t, 'Ann Group'), bob = await enter(t, 'Bob Group'), carol = await enter(t, 'Carol Group');
  await start(ann, `${await myId(bob)}, ${await myId(carol)}`, 'Weekend');
  await say(ann, 'Who is in?');
  for (const page of [bob, carol]) {
    await page.locator('#conversations .row', { hasText: 'Weekend' }).click();
    await message(page, 'Who is in?').waitFor();
    assert.equal(await page.locator('.author').first().textContent(), 'Ann Group');
  }
});

test('on a phone one pane at a time, and in the dark', async (t) => {
  const phone = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme: 'dark' };
  const ann = await enter(t, 'Ann Phone', phone), bob = await enter(t, 'Bob Desk', { colorScheme: 'dark' });
  await start(bob, await myId(ann));
  await say(bob, 'Are you on the train?');
  await ann.locator('#conversations .row').waitFor();
  await shot(ann, 'phone-list');
  await ann.locator('#conversations .row').click();
  await message(ann, 'Are you on the train?').waitFor();
  assert.equal(await ann.locator('#sidebar').isVisible(), false);
  await say(ann, 'Yes, with one hand.');
  await message(bob, 'with one hand').waitFor();
  await shot(ann, 'phone-chat');
  await shot(bob, 'dark');
  const width = await ann.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `nothing is wider than the phone, but the page is ${width} wide`);
  await ann.getByRole('button', { name: 'Back to conversations' }).click();
  // The browser tells the page of the changed address a moment later.
  await ann.locator('#sidebar').waitFor({ state: 'visible' });
});

test('a server with a key of its own gives no tokens: the page asks for one', async (t) => {
  const other = await startServer({ HUBWIRE_JWT_SECRET: 'a secret of thirty-two characters' });
  t.after(() => other.stop());
  const page = await open(t, {}, other.url);
  await page.getByLabel('Your name').fill('Ann Lee');
  await page.getByRole('button', { name: 'Start chatting' }).click();
  await page.getByLabel('Token').fill('nonsense');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#sign-in-problem:not(:empty)').waitFor();
  await page.getByLabel('Token').fill(await other.token('ann', 'Ann Lee'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await badge(page, 'online');
  assert.equal(await myId(page), 'ann');
});
