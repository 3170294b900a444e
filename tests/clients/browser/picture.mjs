// node browser/picture.mjs
// Draws the README's picture of the page, docs/page.webp: a desk in the light and a phone in the dark.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { enter, message, myId, myToken, rest, row, status, use } from './page.mjs';

const target = fileURLToPath(new URL('../../../docs/page.webp', import.meta.url));
const HEIGHT = 700, DESK = 960, PHONE = 360, GAP = 16, SHARPNESS = 1.5;
const [server, browser] = await Promise.all([startServer(), launch('--font-render-hinting=none')]);

async function person(name, options) {
  const context = await browser.newContext({ locale: 'en-GB', deviceScaleFactor: SHARPNESS, ...options }), page = await context.newPage();
  await page.goto(server.url);
  await enter(page, name);
  return { page, id: await myId(page), api: rest(server.url, await myToken(page)) };
}
const desk = { viewport: { width: DESK, height: HEIGHT } }, phone = { viewport: { width: PHONE, height: HEIGHT }, isMobile: true, hasTouch: true, colorScheme: 'dark' };
const ann = await person('Ann Lee', desk), bob = await person('Bob Ray', phone);

const say = (who, conversationId, content, more) => who.api('POST', '/messages', { conversationId, content, ...more });
const group = async (name) => (await ann.api('POST', '/groups', { name, memberIds: [bob.id] })).id;

await say(bob, await group('Book club'), 'The second half is even better.');
const garden = await group('Kitchen garden');
await say(bob, garden, 'Shall I water the tomatoes?');
await say(ann, garden, 'Please! I am back on Monday.');
await say(bob, (await bob.api('POST', `/conversations/direct/${ann.id}`)).id, 'Train at 7:40, platform 2.');
const hike = await group('Weekend hike');
await say(ann, hike, 'Who is in for the hike on Saturday?');
await say(bob, hike, 'Me! I bring the map and something warm to drink.');
await say(bob, hike, 'If the weather holds.');
const soup = await say(bob, hike, 'Otherwise: soup at my place?');
await say(ann, hike, 'Soup sounds even better than the hike.', { parentMessageId: soup.id });
await say(ann, hike, 'Then we do both: up the hill first, soup at seven.');
const last = await say(bob, hike, 'Deal. @ann-lee, you take care of the bread.');

for (const { page } of [ann, bob]) {
  await row(page, 'Weekend hike').click();
  await message(page, 'care of the bread').waitFor();
  await page.evaluate(() => document.getElementById('to-end').click());
}
await status(ann.page, 'Then we do both', 'read');
await Promise.all([ann.page.reload(), bob.page.reload()]); // what was new is so no longer
await ann.api('POST', `/messages/${soup.id}/reactions`, { emoji: '🍲' });
for (const who of [ann, bob]) await who.api('POST', `/messages/${soup.id}/reactions`, { emoji: '❤️' });
await ann.api('POST', `/messages/${last.id}/reactions`, { emoji: '🙏' });
await use(ann.page, 'Who is in', 'More actions', 'Pin');
await bob.page.locator('#pinned').waitFor();
await bob.page.getByLabel('Message', { exact: true }).pressSequentially('And I');
await ann.page.locator('#typing', { hasText: 'Bob Ray is typing' }).waitFor();
await bob.page.evaluate(() => { document.getElementById('to-end').click(); document.activeElement.blur(); });
await ann.page.mouse.move(DESK / 4, HEIGHT - 20);
await ann.page.evaluate(() => { document.getElementById('to-end').click(); document.activeElement.blur(); });
await ann.page.locator('#to-end').waitFor({ state: 'hidden' });
const shots = [await ann.page.screenshot(), await bob.page.screenshot()];

// Beside each other, as one small file.
const table = await browser.newPage();
const picture = await table.evaluate(async ([images, sizes, height, gap]) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: sizes[0] + gap + sizes[1], height }), context = canvas.getContext('2d');
  let left = 0;
  for (const [i, image] of images.entries()) {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${image}`)).blob());
    context.save();
    context.beginPath();
    context.roundRect(left, 0, sizes[i], height, 18);
    context.clip();
    context.drawImage(bitmap, left, 0);
    context.restore();
    left += sizes[i] + gap;
  }
  return canvas.toDataURL('image/webp', 0.86).split(',')[1];
}, [shots.map((shot) => shot.toString('base64')), [DESK * SHARPNESS, PHONE * SHARPNESS], HEIGHT * SHARPNESS, GAP * SHARPNESS]);
fs.mkdirSync(path.dirname(target), { recursive: true });
fs.writeFileSync(target, Buffer.from(picture, 'base64'));
console.log(`${target}: ${fs.statSync(target).size} bytes`);
await browser.close();
await server.stop();
