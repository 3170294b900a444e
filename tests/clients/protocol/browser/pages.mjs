// Pages in Chromium with the official client on them, from another origin than the server, so that every request
// passes the rules for credentials across origins. What a page plays are the functions of the modules beside this one.
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before } from 'node:test';
import { launch } from '../../browser/chromium.mjs';
import { versions } from '../support.mjs';

// The one origin that the conformance server lets in, and one that it does not. The browser is told that both are
// the server of pages below, on whatever port that has. (Answering for the page by interception instead would have
// the preflights answered as well, by the wrong side.)
export const ORIGIN = 'http://localhost:5999', FOREIGN = 'http://localhost:5998';
export const LIMIT = 60_000;

const { resolve } = createRequire(import.meta.url);
const bundle = (name, file) => fs.readFileSync(path.join(path.dirname(resolve(`${name}/package.json`)), 'dist/browser', file), 'utf8');
const bundles = Object.fromEntries(versions.map(({ version }) => [version, [bundle(`signalr${version}`, 'signalr.min.js'), bundle(`msgpack${version}`, 'signalr-protocol-msgpack.min.js')]]));
const modules = ['story.mjs', 'breaks.mjs', 'in-page.mjs'];

function answer({ url }, response) {
  const module = modules.find((name) => url === `/${name}`);
  if (module) response.setHeader('content-type', 'text/javascript').end(fs.readFileSync(new URL(module, import.meta.url)));
  else response.setHeader('content-type', 'text/html').end('<!doctype html><title>client</title>');
}

let browser, pages;
before(async () => {
  pages = http.createServer(answer).listen(0, '127.0.0.1');
  await once(pages, 'listening');
  const there = `127.0.0.1:${pages.address().port}`;
  browser = await launch(`--host-resolver-rules=MAP localhost:5999 ${there}, MAP localhost:5998 ${there}`);
});
after(async () => {
  await browser?.close();
  pages?.close();
});

// A page of `origin` with the client of that version on it.
export async function open(t, version, origin = ORIGIN) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  for (const content of bundles[version]) await page.addScriptTag({ content });
  return page;
}

// What an exported function of one of the modules returns when the page calls it.
export const play = (page, module, name, options) =>
  page.evaluate(([module, name, options]) => import(`/${module}`).then((functions) => functions[name](options)), [module, name, options]);

// Every request that the page makes to that server from now on, its sockets among them.
export function requests(page, server) {
  const asked = [], { host } = new URL(server);
  const note = (request) => { if (new URL(request.url()).host === host) asked.push(request); };
  page.on('request', note);
  page.on('websocket', (socket) => note({ method: () => 'GET', url: () => socket.url(), resourceType: () => 'websocket' }));
  return asked;
}
