// The line of a page breaks: with automatic reconnect it comes back as somebody new, with stateful reconnect as
// the one it was, and nothing is lost, doubled or out of order. The page breaks its line itself, so nothing sleeps.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startRelay } from '../../relay.mjs';
import { cells, url } from '../support.mjs';
import { LIMIT, open, play, requests } from './pages.mjs';

const range = (count) => Array.from({ length: count }, (_, i) => i);
// What a browser tells the client of a line that broke, as the client hands it on.
const LOST = {
  WebSockets: 'WebSocket closed with status code: 1006 (no reason given).',
  ServerSentEvents: 'Invocation canceled due to the underlying connection being closed.',
  LongPolling: 'Failed to fetch',
};

// What a story of breaks.mjs saw, and what its page asked the relay for.
async function behindRelay(cell, t, name) {
  const relay = await startRelay(url);
  t.after(() => relay.stop());
  const page = await open(t, cell.version), asked = requests(page, relay.url);
  await page.exposeFunction('cut', () => relay.cut());
  await page.exposeFunction('cutOff', () => { relay.refuse(); relay.cut(); });
  await page.exposeFunction('letIn', () => relay.resume());
  const saw = await play(page, 'breaks.mjs', name, { relay: relay.url, url, transport: cell.transport, isBinary: cell.isBinary, own: cell.own(name) });
  return { ...saw, asked };
}

// The same, when the line broke three times under one connection.
async function statefully(cell, t, name) {
  const saw = await behindRelay(cell, t, name);
  assert.equal(saw.asked.filter((request) => request.resourceType() === 'websocket').length, 4);
  assert.equal(saw.asked.filter((request) => new URL(request.url()).pathname.endsWith('/negotiate') && request.method() === 'POST').length, 1);
  assert.deepEqual(new Set(saw.ids), new Set([saw.ids[0]]));
  return saw;
}

for (const cell of cells) describe(`${cell.name}, in Chromium`, { concurrency: 2 }, () => {
  const promise = (name, play) => test(name, { timeout: LIMIT }, play);

  promise('a page comes back with a new id, and its groups are gone', async (t) => {
    const { before, ids, heard } = await behindRelay(cell, t, 'somebodyNew');
    assert.deepEqual(ids, [ids[0], ids[0], ids[0]]);
    assert.notEqual(ids[0], before);
    assert.deepEqual(heard, ['to you']);
  });

  promise('what waited for an answer fails when the line breaks, and later calls work', async (t) => {
    const { errors, echo } = await behindRelay(cell, t, 'whatWaited');
    assert.deepEqual(errors, [LOST[cell.transport], LOST[cell.transport]]);
    assert.equal(echo, 'again');
  });

  if (cell.transport !== 'WebSockets') return;

  promise('every call of a burst runs and is answered once, though the line breaks in the middle of it', async (t) => {
    const { called, sums, heard } = await statefully(cell, t, 'burst');
    assert.deepEqual(sums.sort(([a], [b]) => a - b), range(called).map((n) => [n, n + 1]));
    assert.deepEqual(heard, range(called).map(String));
  });

  promise('what others say in the meantime arrives once and in order', async (t) => {
    const { said, heard } = await statefully(cell, t, 'meanwhile');
    assert.deepEqual(heard, [...range(said).map(String), 'the end']);
  });

  promise('a stream of the server goes on where it was', async (t) => {
    const { items } = await statefully(cell, t, 'downstream');
    assert.deepEqual(items, range(items.length));
  });
});
