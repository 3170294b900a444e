// The page of the descriptions in Chromium: everything is listed, a route and a hub can be tried, and it fits a phone.
// Screenshots go to a temporary folder whose name is printed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';

let server, browser, shots;
before(async () => {
  [server, browser] = [await startServer(), await launch()];
  shots = fs.mkdtempSync(path.join(os.tmpdir(), 'hubwire-docs-'));
  console.log(`screenshots: ${shots}`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

// A window of its own. Any complaint of the page's, but for refusals that a test asks for, fails the test.
async function open(t, { hash = '', refusals = 0, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  const complaints = [];
  let refused = 0;
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    if (/status of 4\d\d/.test(message.text()) && ++refused <= refusals) return;
    complaints.push(message.text());
  });
  page.on('request', (request) => { if (!request.url().replace(/^ws/, 'http').startsWith(server.url)) complaints.push(`asked ${request.url()}`); });
  t.after(() => assert.deepEqual(complaints, []));
  await page.goto(`${server.url}/docs${hash}`);
  await page.locator('#main h1').waitFor();
  return page;
}

const shot = (page, name) => page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: false });

async function signIn(page, name) {
  await page.locator('#who-now').click();
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Get a demo token' }).click();
  await page.locator('#who-now', { hasText: 'Signed in as' }).waitFor();
}

const ids = async (file, of) => of(await (await fetch(`${server.url}/${file}`)).json());

test('every route, method and event is listed, found by a word, and has an address of its own', async (t) => {
  const page = await open(t);
  const routes = await ids('openapi.json', ({ paths }) => Object.values(paths).flatMap(Object.values).map((operation) => `#rest/${operation.operationId}`));
  const hubs = await ids('asyncapi.json', ({ operations }) => Object.keys(operations).map((id) => `#hub/${id}`));
  const links = await page.locator('#list a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  assert.deepEqual([...links].sort(), [...routes, ...hubs].sort());
  await page.keyboard.press('/');
  await page.keyboard.type('typing');
  await page.locator('#list a', { hasText: 'UserTyping' }).waitFor();
  assert.ok(await page.locator('#list a').count() < 15);
  // Each can be shown, and says what it is.
  for (const link of links) {
    await page.evaluate((hash) => { location.hash = hash; }, link);
    await page.waitForFunction((hash) => document.querySelector('#main .anchor')?.getAttribute('href') === hash, link);
    assert.notEqual(await page.locator('#main h1').textContent(), '');
  }
});

test('a route is tried with a token, and without', async (t) => {
  const page = await open(t, { hash: '#rest/postMessages', refusals: 1 });
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.status.bad', { hasText: '401' }).waitFor();
  await signIn(page, 'Ann Lee');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.status.good', { hasText: '200' }).waitFor();
  assert.match(await page.locator('.output pre').textContent(), /"content": "Hello, Bob!"/);
  const curl = await page.getByLabel('The same with curl').textContent();
  assert.match(curl, /^curl -X POST 'http:\/\/127\.0\.0\.1:\d+\/api\/Chat\/messages' \\\n {2}-H "Authorization: Bearer \$TOKEN"/);
  assert.ok(!/eyJ/.test(curl), 'no token is shown');
  // Members unfold.
  await page.locator('section', { hasText: 'Answer 200' }).locator('details summary').first().click();
  await page.locator('.members code.name', { hasText: 'data' }).first().waitFor();
  await page.locator('.members summary', { hasText: 'data' }).first().click();
  await page.locator('.members code.name', { hasText: 'senderName' }).first().waitFor();
  await shot(page, 'route');
});

test('a method is called, its refusal shown, a stream read, and events come', async (t) => {
  const page = await open(t, { hash: '#hub/chat.invoke.SendMessage' });
  await signIn(page, 'Ann Hub');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.locator('.state', { hasText: 'is connected' }).waitFor();
  await page.getByRole('button', { name: 'Call' }).click();
  await page.locator('.status.good').waitFor();
  const message = JSON.parse(await page.locator('.output pre').textContent());
  assert.equal(message.content, 'Hello, Bob!');
  await page.locator('.log summary', { hasText: 'ReceiveMessage' }).first().waitFor();
  await shot(page, 'method');

  await page.goto(`${server.url}/docs#hub/chat.invoke.JoinConversation`);
  await page.getByRole('button', { name: 'Call' }).click();
  await page.locator('.status.bad', { hasText: 'not_found: ' }).waitFor();

  await page.goto(`${server.url}/docs#hub/chat.invoke.StreamHistory`);
  await page.getByLabel('conversationId').fill(message.conversationId);
  await page.getByRole('button', { name: 'Stream' }).click();
  await page.locator('.status.good', { hasText: 'after 1 items' }).waitFor();
});

test('whoever connects again before the first connection is there has one connection', async (t) => {
  const page = await open(t, { hash: '#hub/chat.invoke.SendMessage' }), sockets = new Set();
  page.on('websocket', (socket) => { sockets.add(socket); socket.on('close', () => sockets.delete(socket)); });
  await signIn(page, 'Ann Again');
  await page.getByRole('button', { name: 'Connect', exact: true }).evaluate((button) => { button.click(); button.click(); });
  await page.locator('.state', { hasText: 'is connected' }).waitFor();
  await page.getByRole('button', { name: 'Call' }).click();
  await page.locator('.log summary', { hasText: 'ReceiveMessage' }).first().waitFor();
  assert.equal(sockets.size, 1);
});

test('it fits a phone, in the light and in the dark, and needs no mouse', async (t) => {
  for (const colorScheme of ['light', 'dark']) {
    const phone = await open(t, { hash: '#rest/getMessages', viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme });
    for (const hash of ['#rest/getMessages', '#rest/putConversationsByIdParticipantsByUserId', '#hub/chat.invoke.SendMessage', '#hub/chat.on.ReceiveMessage', '#']) {
      await phone.evaluate((to) => { location.hash = to; }, hash);
      const width = await phone.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 390, `${hash} is ${width} wide`);
    }
    await phone.evaluate(() => { location.hash = '#rest/getMessages'; });
    await shot(phone, `phone-${colorScheme}`);
    await phone.locator('#contents > summary').click();
    await shot(phone, `phone-contents-${colorScheme}`);
    const desk = await open(t, { hash: '#hub/chat.invoke.SendMessage', colorScheme });
    await shot(desk, `desk-${colorScheme}`);
    await desk.goto(`${server.url}/docs`);
    await desk.locator('#main .lead').waitFor();
    await shot(desk, `overview-${colorScheme}`);
  }
  const page = await open(t);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('/');
  await page.keyboard.type('heartbeat');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('#main h1', { hasText: 'Say that one is here' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main', 'what was chosen is read next');
});
