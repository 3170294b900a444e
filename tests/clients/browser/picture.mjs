// node browser/picture.mjs
// Draws the README's picture of the page, docs/page.webp: a desk in the light and a phone in the dark.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { enter, message, myId, myToken, rest, row, start, status, use } from './page.mjs';

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
const ann = await person('Ann Lee', desk), bob = await person('Bob Ray', phone), carol = await person('Carol Sand', desk), dave = await person('Dave Moor', desk);

const say = (who, conversationId, content, more) => who.api('POST', '/messages', { conversationId, content, ...more });
const direct = async (who, other) => (await who.api('POST', `/conversations/direct/${other.id}`)).id;

const carolAnn = await direct(carol, ann), daveAnn = await direct(dave, ann), bobAnn = await direct(bob, ann);
await say(carol, carolAnn, 'The photos from Sunday are in the album now.');
await say(dave, daveAnn, 'Are you coming to the workshop?');
await say(ann, daveAnn, 'I would not miss it!');
await say(bob, bobAnn, 'Train at 7:40, platform 2.');
await start(ann.page, `${bob.id}, ${carol.id}, ${dave.id}`, 'Weekend hike');
const group = await ann.page.evaluate(() => location.hash.slice(1));
await say(ann, group, 'Who is in for the hike on Saturday?');
await say(bob, group, 'Me! I bring the map and something warm to drink.');
await say(carol, group, 'Count me in, if the weather holds.');
const soup = await say(carol, group, 'Otherwise: soup at my place?');
await say(dave, group, 'Soup sounds even better than the hike.', { parentMessageId: soup.id });
await say(ann, group, 'Then we do both: up the hill first, soup at seven.');
const last = await say(bob, group, 'Deal. @carol-sand, I take care of the bread.');

for (const { page } of [bob, carol, dave]) {
  await row(page, 'Weekend hike').click();
  await message(page, 'care of the bread').waitFor();
  await page.evaluate(() => document.getElementById('to-end').click());
}
await status(ann.page, 'Then we do both', 'read');
await bob.page.reload(); // what was new is so no longer
await ann.api('POST', `/messages/${soup.id}/reactions`, { emoji: '🍲' });
for (const who of [ann, bob, dave]) await who.api('POST', `/messages/${soup.id}/reactions`, { emoji: '❤️' });
await carol.api('POST', `/messages/${last.id}/reactions`, { emoji: '🙏' });
await use(ann.page, 'Who is in', 'More actions', 'Pin');
await carol.page.getByLabel('Message', { exact: true }).pressSequentially('Lovely');
for (const { page } of [ann, bob]) {
  await page.locator('#typing', { hasText: 'Carol Sand is typing' }).waitFor();
  await page.locator('#pinned').waitFor();
}
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
