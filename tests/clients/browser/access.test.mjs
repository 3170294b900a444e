// The page for everybody: axe finds nothing serious in light and dark, the keyboard alone is enough, and a phone shows
// one thing at a time.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { badge, enter, message, myId, open, row, say, start, use } from './page.mjs';

const axe = fs.readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');
let server, browser;
before(async () => { [server, browser] = await Promise.all([startServer(), launch()]); });
after(async () => {
  await browser?.close();
  await server?.stop();
});

// What axe has against the page as it is now; all but colours is the same in the dark.
async function isAccessible(page, state, isDark) {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], ...(runOnly && { runOnly }) });
    return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`);
  }, isDark && ['color-contrast']);
  assert.deepEqual(found, [], state);
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious in the ${colorScheme}`, async (t) => {
    const ann = await open(t, browser, server.url, { colorScheme, reducedMotion: 'reduce' }), bob = await open(t, browser, server.url);
    const isFine = (state) => isAccessible(ann, state, colorScheme === 'dark');
    await isFine('signing in');
    await enter(ann, `Ann ${colorScheme}`);
    await enter(bob, `Bob ${colorScheme}`);
    await isFine('nothing there');
    await ann.getByRole('button', { name: 'New conversation' }).click();
    await ann.getByLabel('With whom?').fill(`Bob ${colorScheme}`);
    await ann.locator('#suggestions .row', { hasText: `Bob ${colorScheme}` }).click();
    await ann.locator('#chosen li').waitFor();
    await isFine('a new conversation');
    await ann.getByRole('button', { name: 'Cancel' }).click();
    await start(ann, `${await myId(bob)}, carol`, `Group ${colorScheme}`);
    await say(ann, 'Is everybody there?');
    await row(bob, 'Group').click();
    await use(bob, 'everybody', 'Reply');
    await say(bob, 'Yes, @ann');
    await use(bob, 'everybody', 'Add reaction', '👍');
    await message(ann, 'everybody').locator('.chip').click();
    await use(ann, 'everybody', 'More actions', 'Pin');
    await ann.locator('#pinned').waitFor();
    await start(bob, await myId(ann));
    await say(bob, 'And a word between us');
    await row(ann, `Bob ${colorScheme}`).locator('.count', { hasText: '1' }).waitFor();
    await message(ann, 'everybody').hover();
    await isFine('a conversation');
    await message(ann, 'everybody').getByRole('button', { name: 'More actions' }).click();
    await isFine('a menu');
    await ann.keyboard.press('Escape');
    await ann.getByRole('button', { name: '1 reply' }).click();
    await isFine('a thread');
    await ann.locator('#open-details').click();
    await ann.locator('#details .row').first().waitFor();
    await isFine('the details');
    await ann.locator('#open-search').click();
    await ann.getByLabel('Search messages').fill('everybody');
    await ann.locator('#search-results mark').waitFor();
    await isFine('a search');
    await ann.keyboard.press('Escape');
    await row(ann, `Bob ${colorScheme}`).click();
    await ann.locator('#messages .divider').waitFor();
    await isFine('what was unread');
  });
}

test('the keyboard alone signs in, opens, sends, reacts and answers', async (t) => {
  const ann = await open(t, browser, server.url), bob = await open(t, browser, server.url), { keyboard } = ann;
  await enter(bob, 'Bob Keys');
  await keyboard.type('Ann Keys');
  await keyboard.press('Enter');
  await badge(ann, 'online');
  await start(bob, await myId(ann));
  await say(bob, 'Can you hear me?');
  await row(ann, 'Bob Keys').waitFor();

  const focused = (selector) => ann.waitForFunction((wanted) => document.activeElement.matches(wanted), selector);
  // As somebody who walks through with Tab until they are there.
  async function tabTo(selector, key = 'Tab') {
    for (let i = 0; i < 30; i++) {
      await keyboard.press(key);
      if (await ann.evaluate((wanted) => document.activeElement.matches(wanted), selector)) {
        assert.notEqual(await ann.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none', `${selector} shows that it has the focus`);
        return;
      }
    }
    assert.fail(`Tab leads to ${selector}`);
  }
  await tabTo('#conversations .row');
  await keyboard.press('Enter');
  await focused('#text');
  await keyboard.type('Loud and');
  await keyboard.press('Shift+Enter');
  await keyboard.type('clear');
  await keyboard.press('Enter');
  await message(bob, 'Loud and\nclear').waitFor();
  // From the newest message up to the one before, and to what may be done with it.
  await tabTo('#messages .message', 'Shift+Tab');
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await focused('#tool-react');
  await keyboard.press('Enter');
  await focused('#menu button');
  await keyboard.press('ArrowRight');
  await keyboard.press('Enter');
  await message(bob, 'Can you hear me?').locator('.chip', { hasText: '❤️1' }).waitFor();
  await focused('#tool-react');
  await keyboard.press('Tab');
  await focused('#tool-reply');
  await keyboard.press('Enter');
  await focused('#text');
  await keyboard.press('Escape');
  await ann.locator('#context').waitFor({ state: 'hidden' });
});

test('what others say is announced, once, and history is not', async (t) => {
  const [ann, bob] = await Promise.all(['Ann', 'Bob'].map(async (name) => { const page = await open(t, browser, server.url); await enter(page, `${name} Voice`); return page; }));
  await start(bob, await myId(ann));
  await say(bob, 'said before');
  await row(ann, 'Bob Voice').click();
  await message(ann, 'said before').waitFor();
  assert.equal(await ann.locator('#announcer').textContent(), '');
  await say(bob, 'said now');
  await ann.locator('#announcer', { hasText: 'Bob Voice: said now' }).waitFor({ state: 'attached' });
});

test('a phone shows the list, the conversation or what stands beside it, and nothing wider', async (t) => {
  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
  const ann = await open(t, browser, server.url, phone), bob = await open(t, browser, server.url);
  await enter(ann, 'Ann Pocket');
  await enter(bob, 'Bob Desk');
  await start(bob, `${await myId(ann)}, carol`, 'A group with a name that is longer than a phone is wide, by far');
  await say(bob, `A word without an end: ${'x'.repeat(300)}`);
  const fits = async (what) => assert.ok(await ann.evaluate(() => document.documentElement.scrollWidth) <= 390, `${what} is as wide as the phone`);
  await row(ann, 'A group').waitFor();
  await fits('the list');
  await row(ann, 'A group').tap();
  await message(ann, 'without an end').waitFor();
  assert.equal(await ann.locator('#sidebar').isVisible(), false);
  await message(ann, 'without an end').tap();
  await ann.locator('#tool-react').waitFor();
  await fits('the conversation');
  await ann.locator('#tool-react').tap();
  await ann.getByRole('menuitem', { name: 'fire' }).tap();
  await message(bob, 'without an end').locator('.chip', { hasText: '🔥1' }).waitFor();
  await ann.locator('#peer').tap();
  await ann.locator('#details .row').first().waitFor();
  await fits('the group');
  await ann.locator('#side-close').tap();
  await ann.getByRole('button', { name: 'Back to conversations' }).tap();
  await ann.locator('#sidebar').waitFor({ state: 'visible' });
  assert.equal(await ann.locator('#pane').isVisible(), false);
});
