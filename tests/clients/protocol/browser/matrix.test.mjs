// The official client in a real browser: every version, each transport, both protocols, from a page of another
// origin, so that every request passes the rules for credentials across origins.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cells, url } from '../support.mjs';
import { FOREIGN, LIMIT, open, play, requests } from './pages.mjs';
import { expected } from './story.mjs';

describe('in Chromium', { concurrency: 2 }, () => {
  for (const cell of cells) test(cell.name, { timeout: LIMIT }, async (t) => {
    const page = await open(t, cell.version), asked = requests(page, url);
    const saw = await play(page, 'story.mjs', 'story', { url, transport: cell.transport, isBinary: cell.isBinary, own: cell.own('browser') });
    assert.match(saw.stranger, /Status code '401'/);
    assert.deepEqual({ ...saw, stranger: expected.stranger }, expected);

    // A browser cannot put the token into the headers of a socket or an event stream.
    const inQuery = asked.filter((request) => new URL(request.url()).searchParams.get('access_token') === 'user-ann');
    const how = { WebSockets: ['websocket'], ServerSentEvents: ['eventsource'], LongPolling: [] }[cell.transport];
    assert.deepEqual(inQuery.map((request) => request.resourceType()), how);
  });

  test('a page of a foreign origin is kept out', { timeout: LIMIT }, async (t) => {
    const page = await open(t, 10, FOREIGN);
    const error = await page.evaluate(async (url) => {
      const connection = new window.signalR.HubConnectionBuilder().withUrl(`${url}/conformance`).configureLogging(window.signalR.LogLevel.None).build();
      return connection.start().then(() => 'no error', (e) => e.message);
    }, url);
    assert.match(error, /Failed to fetch/);
  });
});
