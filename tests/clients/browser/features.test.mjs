// What a person expects of a chat, each shown once by two or three people on the page in Chromium.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { badge, enter, message, myId, myToken, open, rest, row, say, shown, start, status, use } from './page.mjs';

let server, browser;
before(async () => { [server, browser] = await Promise.all([startServer(), launch()]); });
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function person(t, name, options, url = server.url) {
  const page = await open(t, browser, url, options);
  await enter(page, name);
  return page;
}

// Two who talk with each other; the second has not opened the conversation.
async function pair(t, one, other) {
  const [ann, bob] = await Promise.all([person(t, `Ann ${one}`), person(t, other ?? `Bob ${one}`)]);
  await start(ann, await myId(bob));
  return [ann, bob];
}

async function trio(t, name) {
  const [ann, bob, carol] = await Promise.all(['Ann', 'Bob', 'Carol'].map((who) => person(t, `${who} ${name}`)));
  await start(ann, `${await myId(bob)}, ${await myId(carol)}`, `The ${name}`);
  await say(ann, 'Who is in?');
  await row(bob, `The ${name}`).click();
  await message(bob, 'Who is in?').waitFor();
  return [ann, bob, carol];
}

test('a message is delivered, counted until it is seen, and read', async (t) => {
  const [ann, bob] = await pair(t, 'Ticks');
  await say(ann, 'one');
  await say(ann, 'two');
  await status(ann, 'two', 'delivered');
  await row(bob, 'Ann Ticks').locator('.count', { hasText: '2' }).waitFor();
  await bob.waitForFunction(() => document.title === '(2) Hubwire');
  await row(bob, 'Ann Ticks').click();
  await bob.locator('#messages .divider + .message', { hasText: 'one' }).waitFor();
  await Promise.all(['one', 'two'].map((text) => status(ann, text, 'read')));
  await bob.waitForFunction(() => document.title === 'Hubwire');
  assert.equal(await row(bob, 'Ann Ticks').locator('.count:not(:empty)').count(), 0);
});

test('an answer shows what it answers and makes a thread', async (t) => {
  const [ann, bob] = await pair(t, 'Threads');
  await say(ann, 'Tea or coffee?');
  await row(bob, 'Ann Threads').click();
  await use(bob, 'Tea or coffee?', 'Reply');
  await say(bob, 'Tea, please');
  const answer = message(ann, 'Tea, please');
  await answer.locator('.quote', { hasText: 'You' }).waitFor();
  await answer.locator('.quote').click();
  await ann.locator('#messages .message.found', { hasText: 'Tea or coffee?' }).waitFor();
  await ann.getByRole('button', { name: '1 reply' }).click();
  await ann.locator('#thread .message', { hasText: 'Tea, please' }).waitFor();
  await ann.getByLabel('Reply in thread').fill('With milk?');
  await ann.keyboard.press('Enter');
  await bob.getByRole('button', { name: '2 replies' }).waitFor();
  assert.deepEqual(await ann.locator('#thread-messages .text').allTextContents(), ['Tea or coffee?', 'Tea, please', 'With milk?']);
  await ann.keyboard.press('Escape');
  await ann.locator('#side').waitFor({ state: 'hidden' });
});

test('reactions come and go, and say whose they are', async (t) => {
  const [ann, bob] = await pair(t, 'Smiles');
  await say(ann, 'We won!');
  await row(bob, 'Ann Smiles').click();
  await use(bob, 'We won!', 'Add reaction', '🎉');
  const chip = (page) => message(page, 'We won!').locator('.chip');
  await chip(ann).filter({ hasText: '🎉1' }).click();
  await chip(bob).filter({ hasText: '🎉2' }).waitFor();
  await bob.locator('.chip[title="You, Ann Smiles"][aria-pressed="true"]').waitFor();
  await bob.reload();
  await bob.locator('.chip[title="Bob Smiles, You"], .chip[title="You, Ann Smiles"]').waitFor();
  await chip(bob).click();
  await ann.locator('.chip[title="You"]', { hasText: '🎉1' }).waitFor();
});

test('messages are changed and deleted by who wrote them, and drafts are kept', async (t) => {
  const [ann, bob] = await pair(t, 'Pencil');
  const box = ann.getByLabel('Message', { exact: true });
  await say(ann, 'Meet at noon');
  await row(bob, 'Ann Pencil').click();
  await box.press('ArrowUp');
  assert.equal(await box.inputValue(), 'Meet at noon');
  await box.fill('Meet at one');
  await box.press('Enter');
  await message(bob, 'Meet at one').locator('.edited', { hasText: 'edited' }).waitFor();
  assert.equal(await message(bob, 'Meet at noon').count(), 0);
  await box.fill('not yet');
  await box.press('Shift+Enter');
  await ann.reload();
  await ann.waitForFunction(() => document.getElementById('text').value === 'not yet\n');
  await row(ann, 'Bob Pencil').waitFor();
  await use(ann, 'Meet at one', 'More actions', 'Delete …');
  await ann.locator('#ask').getByRole('button', { name: 'Delete' }).click();
  for (const page of [ann, bob]) await message(page, 'Message deleted').waitFor();
  await message(bob, 'Message deleted').hover();
  assert.equal(await bob.locator('#tools').isVisible(), false, 'nothing is done with what is gone');
});

test('what is refused says so, is tried again, and stands there once', async (t) => {
  const slow = await startServer({ HUBWIRE_LIMITS_MESSAGES_PER_MINUTE: '20', HUBWIRE_LIMITS_BURST: '1' });
  t.after(() => slow.stop());
  const [ann, bob] = await Promise.all(['Ann Fast', 'Bob Fast'].map((name) => person(t, name, {}, slow.url)));
  await start(ann, await myId(bob));
  const box = ann.getByLabel('Message', { exact: true });
  for (const text of ['first', 'second', 'third']) { await box.fill(text); await box.press('Enter'); }
  const failed = ann.locator('#messages .message.failed');
  await failed.nth(1).waitFor();
  assert.match(await failed.first().locator('.again').textContent(), /limit/);
  await failed.last().getByRole('button', { name: 'Delete' }).click();
  while (await failed.count()) { await failed.first().getByRole('button', { name: 'Try again' }).click({ timeout: 1_000 }).catch(() => {}); await ann.locator('#messages .message.sending').waitFor({ state: 'detached' }); await ann.waitForTimeout(100); }
  await row(bob, 'Ann Fast').click();
  await message(bob, 'second').waitFor();
  for (const page of [ann, bob]) assert.deepEqual(await shown(page), ['first', 'second']);
});

test('history loads as one scrolls, and what is far back is reached from a search', async (t) => {
  const send = rest(server.url, await server.token('ann-long', 'Ann Long'));
  const { id: conversationId } = await send('POST', '/conversations/direct/bob-long');
  for (let i = 1; i <= 170; i++) await send('POST', '/messages', { conversationId, content: i === 3 ? 'the needle is here' : `line ${i}.` });
  const bob = await person(t, 'Bob Long'), ann = await person(t, 'Ann Long');
  await row(ann, 'Bob Long').click();
  await row(bob, 'Ann Long').click();
  // Unread ones begin where the eye is, and stay unread until the end is seen.
  await bob.locator('.divider').waitFor();
  await bob.locator('#to-end-count', { hasText: '100' }).waitFor();
  await row(bob, 'Ann Long').locator('.count', { hasText: '99+' }).waitFor();
  const end = bob.getByRole('button', { name: 'Jump to the newest message' });
  await end.click();
  await message(bob, 'line 170.').waitFor();
  await status(ann, 'line 170.', 'read');
  // What is loaded above moves nothing.
  const top = (text) => bob.evaluate((wanted) => [...document.querySelectorAll('#messages .message')].find((node) => node.textContent.includes(wanted)).getBoundingClientRect().top, text);
  const first = (await shown(bob))[0];
  await bob.evaluate(() => { document.getElementById('scroller').scrollTop = 40; });
  const before = await top(first);
  await bob.waitForFunction((text) => document.querySelector('#messages .text').textContent !== text, first);
  assert.ok(Math.abs(await top(first) - before) < 60, 'the place is kept');
  // Far back, without everything between.
  await bob.getByRole('button', { name: 'Search in this conversation' }).click();
  await bob.getByLabel('Search messages').fill('needle');
  await bob.locator('#search-results mark', { hasText: 'needle' }).waitFor();
  await bob.locator('#search-results .row').click();
  await bob.locator('#messages .message.found', { hasText: 'the needle is here' }).waitFor();
  await say(ann, 'news');
  await bob.locator('#to-end-count', { hasText: '1' }).waitFor();
  await end.click();
  await message(bob, 'news').waitFor();
  assert.deepEqual((await shown(bob)).slice(-2), ['line 170.', 'news']);
});

test('a group is renamed, grows, has roles, and is left', async (t) => {
  const [ann, bob, carol] = await trio(t, 'Hikers');
  const dave = await person(t, 'Dave Hikers');
  await ann.getByRole('button', { name: 'Details' }).click();
  const details = ann.locator('#details'), member = (page, name) => page.locator('#details .row', { hasText: name });
  await details.getByText('Edit name and description').click();
  await details.getByLabel('Name').fill('Hikers of Sunday');
  await details.getByRole('button', { name: 'Save' }).click();
  await row(bob, 'Hikers of Sunday').waitFor();
  await details.getByRole('button', { name: 'Add people' }).click();
  await ann.getByLabel('Whom?').fill('Dave Hik');
  await ann.locator('#suggestions .row', { hasText: 'Dave Hikers' }).click();
  await ann.getByRole('button', { name: 'Add', exact: true }).click();
  await row(dave, 'Hikers of Sunday').waitFor();
  await member(ann, 'Bob').click();
  await ann.getByRole('menuitem', { name: 'Make an admin' }).click();
  await member(ann, 'Bob').locator('.role', { hasText: 'admin' }).waitFor();
  await member(ann, 'Carol').click();
  await ann.getByRole('menuitem', { name: 'Remove from group' }).click();
  await row(carol, 'Hikers of Sunday').waitFor({ state: 'detached' });
  // The admin may delete what others said; the member may not.
  await use(bob, 'Who is in?', 'More actions', 'Delete …');
  await bob.locator('#ask').getByRole('button', { name: 'Delete' }).click();
  await message(ann, 'Message deleted').waitFor();
  await member(ann, 'Bob').click();
  await ann.getByRole('menuitem', { name: 'Make the owner' }).click();
  await ann.locator('#ask').getByRole('button', { name: 'Make the owner' }).click();
  await member(ann, 'Bob').locator('.role', { hasText: 'owner' }).waitFor();
  await details.getByRole('button', { name: 'Leave group' }).click();
  await ann.locator('#ask').getByRole('button', { name: 'Leave' }).click();
  await row(ann, 'Hikers of Sunday').waitFor({ state: 'detached' });
  await bob.getByRole('button', { name: 'Details' }).click();
  await bob.locator('#details h3', { hasText: '2 members' }).waitFor();
});

test('a group sees who has read, what is pinned and what was forwarded', async (t) => {
  const [ann, bob, carol] = await trio(t, 'Readers');
  await use(ann, 'Who is in?', 'More actions', 'Who has read it');
  await ann.locator('#receipts-title', { hasText: 'Read by 1 of 2' }).waitFor();
  await ann.locator('#receipts .row', { hasText: 'Bob Readers' }).waitFor();
  await ann.locator('#receipts').getByRole('button', { name: 'Close' }).click();
  await row(carol, 'The Readers').click();
  await status(ann, 'Who is in?', 'read');
  await use(ann, 'Who is in?', 'More actions', 'Pin');
  await bob.locator('#pinned', { hasText: 'Who is in?' }).waitFor();
  await start(ann, await myId(bob));
  await row(ann, 'The Readers').click();
  await use(ann, 'Who is in?', 'More actions', 'Forward …');
  await ann.locator('#suggestions .row', { hasText: 'Bob Readers' }).click();
  await row(bob, 'Ann Readers').click();
  await bob.locator('#messages .forwarded', { hasText: 'Forwarded from Ann Readers' }).waitFor();
});

test('conversations are found, pinned, muted and archived', async (t) => {
  const [ann, bob] = await pair(t, 'Lists');
  const carol = await person(t, 'Carol Lists');
  await say(ann, 'a word about penguins');
  const find = ann.getByLabel('Search conversations, people and messages');
  await find.fill('Carol Li');
  await ann.locator('#found .row', { hasText: 'Carol Lists' }).click();
  await ann.locator('#peer-name', { hasText: 'Carol Lists' }).waitFor();
  await say(ann, 'Hello, Carol');
  await find.fill('penguin');
  await ann.locator('#found mark', { hasText: 'penguin' }).waitFor();
  await ann.locator('#found .row').click();
  await ann.locator('#messages .message.found', { hasText: 'penguins' }).waitFor();
  const titles = () => ann.locator('#conversations strong').allTextContents();
  assert.deepEqual(await titles(), ['Carol Lists', 'Bob Lists']);
  const choose = async (item) => { await ann.locator('#open-menu').click(); await ann.getByRole('menuitem', { name: item }).click(); };
  await choose('Pin to top');
  await row(ann, 'Bob Lists').locator('.marks.pinned').waitFor();
  assert.deepEqual(await titles(), ['Bob Lists', 'Carol Lists']);
  await choose('Mute');
  await row(ann, 'Bob Lists').locator('.marks.muted').waitFor();
  await row(ann, 'Carol Lists').click();
  await row(bob, 'Ann Lists').click();
  await say(bob, 'psst');
  await row(ann, 'Bob Lists').locator('.count', { hasText: '1' }).waitFor();
  assert.equal(await ann.title(), 'Hubwire', 'the muted do not count');
  await choose('Archive');
  await row(ann, 'Carol Lists').waitFor({ state: 'detached' });
  await ann.getByRole('button', { name: 'Archived (1)' }).click();
  await row(ann, 'Carol Lists').waitFor();
  await carol.close();
});

test('presence shows what somebody chose, and that they came', async (t) => {
  const [ann, bob] = await pair(t, 'Here');
  const line = (text) => ann.locator('#peer-line', { hasText: text }).waitFor();
  await line('online');
  await bob.locator('#me').click();
  await bob.getByRole('menuitemradio', { name: 'Do not disturb' }).click();
  await line('do not disturb');
  await ann.locator('#conversations .avatar[data-presence="dnd"]').waitFor();
  await bob.locator('#me').click();
  await bob.getByRole('menuitemradio', { name: 'Appear offline' }).click();
  await line(/last seen|offline/);
  await badge(bob, 'online');
});
