// The official client in a real browser: every version, each transport, both protocols, from a page of another
// origin, so that every request passes the rules for credentials across origins.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from '../../browser/chromium.mjs';
import { cells, url, versions } from '../support.mjs';
import { expected, story } from './story.mjs';

// The one origin that the conformance server lets in, and one that it does not. The browser is told that both are
// the server of pages below, on whatever port that has. (Answering for the page by interception instead would have
// the preflights answered as well, by the wrong side.)
const ORIGIN = 'http://localhost:5999', FOREIGN = 'http://localhost:5998';
const LIMIT = 60_000;

const { resolve } = createRequire(import.meta.url);
const bundle = (name, file) => fs.readFileSync(path.join(path.dirname(resolve(`${name}/package.json`)), 'dist/browser', file), 'utf8');
const bundles = Object.fromEntries(versions.map(({ version }) => [version, [bundle(`signalr${version}`, 'signalr.min.js'), bundle(`msgpack${version}`, 'signalr-protocol-msgpack.min.js')]]));

let browser, pages;
before(async () => {
  pages = http.createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>client</title>')).listen(0, '127.0.0.1');
  await once(pages, 'listening');
  const there = `127.0.0.1:${pages.address().port}`;
  browser = await launch(`--host-resolver-rules=MAP localhost:5999 ${there}, MAP localhost:5998 ${there}`);
});
after(async () => {
  await browser?.close();
  pages?.close();
});

// A page of `origin` with the client of that version on it, and every request that it makes to the server.
async function open(t, version, origin = ORIGIN) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const asked = [];
  page.on('request', (request) => { if (request.url().startsWith(url)) asked.push(request); });
  page.on('websocket', (socket) => asked.push({ method: () => 'GET', url: () => socket.url(), headers: () => ({}), resourceType: () => 'websocket' }));
  await page.goto(`${origin}/`);
  for (const content of bundles[version]) await page.addScriptTag({ content });
  return { page, asked };
}

describe('in Chromium', { concurrency: 2 }, () => {
  for (const cell of cells) test(cell.name, { timeout: LIMIT }, async (t) => {
    const { page, asked } = await open(t, cell.version);
    const saw = await page.evaluate(story, { url, transport: cell.transport, isBinary: cell.isBinary, own: cell.own('browser') });
    assert.match(saw.stranger, /Status code '401'/);
    assert.deepEqual({ ...saw, stranger: expected.stranger }, expected);

    // A browser cannot put the token into the headers of a socket or an event stream.
    const inQuery = asked.filter((request) => new URL(request.url()).searchParams.get('access_token') === 'user-ann');
    const how = { WebSockets: ['websocket'], ServerSentEvents: ['eventsource'], LongPolling: [] }[cell.transport];
    assert.deepEqual(inQuery.map((request) => request.resourceType()), how);
  });

  test('a page of a foreign origin is kept out', { timeout: LIMIT }, async (t) => {
    const { page } = await open(t, 10, FOREIGN);
    const error = await page.evaluate(async (url) => {
      const connection = new window.signalR.HubConnectionBuilder().withUrl(`${url}/conformance`).configureLogging(window.signalR.LogLevel.None).build();
      return connection.start().then(() => 'no error', (e) => e.message);
    }, url);
    assert.match(error, /Failed to fetch/);
  });
});
