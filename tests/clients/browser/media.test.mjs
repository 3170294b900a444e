// Pictures and files on the page: chosen, pasted or dropped, shown, sent with their progress, opened, refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { launch } from './chromium.mjs';
import { enter, myId, open, row, start } from './page.mjs';

let server, browser;
before(async () => { [server, browser] = await Promise.all([startServer(), launch()]); });
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function pair(t, name) {
  const [ann, bob] = await Promise.all(['Ann', 'Bob'].map(async (who) => { const page = await open(t, browser, server.url); await enter(page, `${who} ${name}`); return page; }));
  await start(ann, await myId(bob));
  return [ann, bob];
}

// A picture that Chromium draws. With noise it does not get small.
async function picture(page, { width = 320, height = 200, noise = false } = {}) {
  const base64 = await page.evaluate(async ([w, h, isNoisy]) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h }), context = canvas.getContext('2d');
    const sky = context.createLinearGradient(0, 0, w, h);
    sky.addColorStop(0, '#5b6cff');
    sky.addColorStop(1, '#12b5a6');
    context.fillStyle = sky;
    context.fillRect(0, 0, w, h);
    if (isNoisy) {
      const image = context.getImageData(0, 0, w, h);
      for (let at = 0; at < image.data.length; at += 65_536) crypto.getRandomValues(image.data.subarray(at, at + 65_536));
      context.putImageData(image, 0, 0);
    }
    return canvas.toDataURL('image/png').split(',')[1];
  }, [width, height, noise]);
  return Buffer.from(base64, 'base64');
}
const pdf = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

const attach = (page, ...files) => page.locator('#files').setInputFiles(files);
const send = (page) => page.getByRole('button', { name: 'Send', exact: true }).click();
const loaded = (page, selector) => page.waitForFunction((wanted) => { const image = document.querySelector(wanted); return image?.complete && image.naturalWidth > 0; }, selector);

test('a picture is shown before it is sent, then to both, and opens', async (t) => {
  const [ann, bob] = await pair(t, 'Photo');
  await attach(ann, { name: 'harbour.png', mimeType: 'image/png', buffer: await picture(ann) });
  await ann.locator('#tray li', { hasText: 'harbour.png' }).waitFor();
  await loaded(ann, '#tray img');
  await ann.getByLabel('Message', { exact: true }).fill('The harbour today');
  await send(ann);
  await ann.locator('#messages .message.mine.sent', { hasText: 'The harbour today' }).waitFor();
  assert.equal(await ann.locator('#tray').isVisible(), false);
  await row(bob, 'Ann Photo').click();
  for (const page of [ann, bob]) await loaded(page, '#messages button.picture img');
  await bob.getByRole('button', { name: 'Open harbour.png' }).click();
  await loaded(bob, '#viewer-image');
  await bob.keyboard.press('Escape');
  await bob.locator('#viewer').waitFor({ state: 'hidden' });
});

test('a file has its name and size, and several go together', async (t) => {
  const [ann, bob] = await pair(t, 'Paper');
  await attach(ann, { name: 'notes.pdf', mimeType: 'application/pdf', buffer: pdf }, { name: 'map.png', mimeType: 'image/png', buffer: await picture(ann) });
  await send(ann);
  await row(bob, 'Ann Paper').locator('.preview', { hasText: 'notes.pdf' }).waitFor();
  await row(bob, 'Ann Paper').click();
  const file = bob.locator('#messages a.file', { hasText: 'notes.pdf' });
  await file.filter({ hasText: `${pdf.length} bytes` }).waitFor();
  const answer = await bob.evaluate(async (href) => (await fetch(href)).status, await file.getAttribute('href'));
  assert.equal(answer, 200);
  await bob.reload();
  await loaded(bob, '#messages button.picture img');
  assert.equal(await bob.locator('#messages .message').count(), 1);
});

test('what is pasted or dropped is attached too, and may be taken away again', async (t) => {
  const [ann] = await pair(t, 'Paste');
  const hand = (type, target, name) => ann.evaluate(([event, selector, called]) => {
    const data = new DataTransfer();
    data.items.add(new File(['%PDF-1.4'], called, { type: 'application/pdf' }));
    document.querySelector(selector).dispatchEvent(event === 'paste' ? new ClipboardEvent(event, { clipboardData: data, bubbles: true, cancelable: true }) : new DragEvent(event, { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [type, target, name]);
  await hand('paste', '#text', 'pasted.pdf');
  await hand('dragover', '#messages', 'dropped.pdf');
  await ann.locator('#drop').waitFor();
  await hand('drop', '#messages', 'dropped.pdf');
  await ann.locator('#tray li').nth(1).waitFor();
  await ann.getByRole('button', { name: 'Remove pasted.pdf' }).click();
  assert.deepEqual(await ann.locator('#tray strong').allTextContents(), ['dropped.pdf']);
});

test('an upload shows how far it is, is cancelled, and says why it was refused', async (t) => {
  const [ann, bob] = await pair(t, 'Slow');
  const network = await ann.context().newCDPSession(ann);
  const speed = (uploadThroughput) => network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
  await network.send('Network.enable');
  await speed(60_000);
  await attach(ann, { name: 'noise.png', mimeType: 'image/png', buffer: await picture(ann, { width: 700, height: 500, noise: true }) });
  await send(ann);
  await ann.waitForFunction(() => Number(document.querySelector('#messages [role="progressbar"]')?.ariaValueNow) > 0);
  await ann.getByRole('button', { name: 'Cancel upload' }).click();
  await ann.locator('#messages .message').waitFor({ state: 'detached' });
  await speed(-1);
  await attach(ann, { name: 'odd.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('neither a picture nor a paper') });
  await send(ann);
  await ann.locator('#messages .message.failed .again', { hasText: /\w{4}/ }).waitFor();
  await ann.locator('#messages .message.failed').getByRole('button', { name: 'Delete' }).click();
  assert.equal(await bob.locator('#conversations .preview', { hasText: /noise|odd/ }).count(), 0);
});
