// node browser/record-endings.mjs
// Records what Chromium sends on the WebSocket of a page with @microsoft/signalr when that page is
// left: a hub Close (type 7), a close code, or nothing. What the server takes for "closed by its
// client" and what for "lost" rests on these facts. Prints one line for each way to leave.
import fs from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { launchKillable } from './chromium.mjs';

const client = fileURLToPath(new URL('../node_modules/signalr10/dist/browser/signalr.min.js', import.meta.url));
const page = (script) => `<!doctype html><title>endings</title><script src="/signalr.min.js"></script><script>
  const connection = new signalR.HubConnectionBuilder().withUrl('/hub').withAutomaticReconnect().configureLogging(0).build();
  connection.start().then(() => { document.title = 'connected'; });
  ${script}</script><p>endings</p>`;
const pages = {
  '/plain': page(''),
  '/impatient': page('connection.serverTimeoutInMilliseconds = 1500;'),
  '/stops': page(`addEventListener('pagehide', () => connection.stop());`),
  '/other': '<!doctype html><title>another page</title><p>another page',
};

// A hub that answers the handshake and remembers how its connection ended.
const endings = [];
const server = http.createServer((req, res) => {
  const path = req.url.split('?')[0];
  if (path === '/signalr.min.js') return res.setHeader('content-type', 'text/javascript').end(fs.readFileSync(client));
  if (path === '/hub/negotiate') return res.setHeader('content-type', 'application/json').end(JSON.stringify({ negotiateVersion: 1, connectionId: 'c', connectionToken: 't', availableTransports: [{ transport: 'WebSockets', transferFormats: ['Text'] }] }));
  res.statusCode = path in pages ? 200 : 404;
  res.setHeader('content-type', 'text/html').end(pages[path] ?? '');
});
const sockets = new WebSocketServer({ server, path: '/hub' });
sockets.on('connection', (socket) => {
  const said = [];
  socket.on('message', (data) => {
    for (const record of data.toString().split('\x1e').filter(Boolean)) {
      const message = JSON.parse(record);
      if (message.protocol) socket.send('{}\x1e'); else if (message.type !== 6) said.push(record);
    }
  });
  socket.on('close', (code, reason) => { endings.push({ at: Date.now(), code, reason: reason.toString(), said }); woken?.(); });
});
let woken;
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

async function ending(name, path, leave) {
  const { browser, kill, close } = await launchKillable();
  const version = browser.version();
  const context = await browser.newContext();
  const tab = await context.newPage();
  await tab.goto(base + path);
  await tab.waitForFunction(() => document.title === 'connected');
  endings.length = 0;
  const started = Date.now();
  const first = new Promise((resolve) => { woken = resolve; setTimeout(resolve, 8000); });
  await leave({ tab, context, browser, kill });
  await first;
  const [e] = endings;
  const how = !e ? 'nothing within 8 s, the socket stays open'
    : `${e.code === 1006 ? 'no close frame (TCP end)' : e.code === 1005 ? 'a close frame without a code' : `close code ${e.code}`}, reason ${JSON.stringify(e.reason)}, ${e.said.length ? `before it ${e.said.join(' ')}` : 'no hub Close'}, after ${e.at - started} ms`;
  console.log(`${name}: ${how}`);
  await close().catch(() => {});
  return version;
}

const ways = [
  ['reloaded', '/plain', ({ tab }) => tab.reload({ waitUntil: 'commit' })],
  ['reloaded by location.reload()', '/plain', ({ tab }) => tab.evaluate(() => location.reload())],
  ['navigated to another page of the same site', '/plain', ({ tab }) => tab.goto(base + '/other', { waitUntil: 'commit' })],
  ['navigated to another site', '/plain', ({ tab }) => tab.goto(base.replace('127.0.0.1', 'localhost') + '/other', { waitUntil: 'commit' })],
  ['navigated to about:blank', '/plain', ({ tab }) => tab.goto('about:blank')],
  ['tab closed', '/plain', ({ tab }) => tab.close()],
  ['tab closed, asking beforeunload', '/plain', ({ tab }) => tab.close({ runBeforeUnload: true })],
  ['window of a profile closed', '/plain', ({ context }) => context.close()],
  ['browser closed', '/plain', ({ browser }) => browser.close()],
  ['tab crashed', '/plain', ({ tab }) => { tab.goto('chrome://crash').catch(() => {}); }],
  ['browser killed (SIGKILL)', '/plain', ({ kill }) => kill()],
  ['client hears nothing from its server until its time-out', '/impatient', () => {}],
  ['network taken offline', '/plain', ({ context }) => context.setOffline(true)],
  ['page calls connection.stop()', '/plain', ({ tab }) => tab.evaluate(() => connection.stop())],
  ['reloaded, page stops in pagehide', '/stops', ({ tab }) => tab.reload({ waitUntil: 'commit' })],
  ['tab closed, page stops in pagehide', '/stops', ({ tab }) => tab.close({ runBeforeUnload: true })],
];
let version;
for (const way of ways) version = await ending(...way);
console.log(`Chromium ${version}, @microsoft/signalr ${JSON.parse(fs.readFileSync(new URL('../node_modules/signalr10/package.json', import.meta.url))).version}`);
process.exit(0);
