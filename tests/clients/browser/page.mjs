// What people do on the page, and what they look for.
import assert from 'node:assert/strict';

export const badge = (page, state, timeout = 30_000) => page.locator(`#badge[data-state="${state}"]`).waitFor({ state: 'attached', timeout });
export const myId = (page) => page.locator('#me-id').textContent();
export const myToken = (page) => page.evaluate(() => sessionStorage.getItem('hubwire.token'));
export const shown = (page) => page.locator('#messages .text').allTextContents();
export const message = (page, text) => page.locator('#messages .message', { has: page.locator('.text', { hasText: text }) });
export const row = (page, title) => page.locator('#conversations .row', { has: page.locator('strong', { hasText: title }) });

export async function enter(page, name) {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Start chatting' }).click();
  await badge(page, 'online');
}

// A window of its own at the address. What the page complains about, or asks of anybody but the server, fails the test.
export async function open(t, browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? String(error)));
  page.on('console', (message) => { if (/Content Security Policy|Refused to/.test(message.text())) complaints.push(message.text()); });
  page.on('request', (request) => { if (!/^((https?|wss?):\/\/127\.0\.0\.1:|blob:http:\/\/127\.0\.0\.1:)/.test(request.url())) complaints.push(`asked ${request.url()}`); });
  t.after(() => assert.deepEqual(complaints, []));
  await page.goto(url);
  return page;
}

export async function start(page, people, group) {
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByLabel('With whom?').fill(people);
  if (group) await page.getByLabel('Name of the group').fill(group);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.locator('#new-dialog').waitFor({ state: 'hidden' });
  await page.locator('#composer').waitFor();
}

export async function say(page, text) {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
  await page.locator('#messages .message.mine.sent', { hasText: text }).last().waitFor();
}

// Something of the bar that comes to a message under the pointer; `item` of the menu behind it.
export async function use(page, text, tool, item) {
  await message(page, text).hover();
  await message(page, text).getByRole('button', { name: tool }).click();
  if (item) await page.locator('#menu').getByText(item, { exact: true }).click();
}

// The status that one's own message shows.
export const status = (page, text, is) => message(page, text).locator(`.tick[data-status="${is}"]`).waitFor();

// REST as the person of a token.
export const rest = (url, token) => async (method, path, body) => {
  const answer = await fetch(`${url}/api/Chat${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  const { data, error } = await answer.json();
  assert.equal(answer.status, 200, `${method} ${path}: ${error}`);
  return data;
};
