// The ten lines of JavaScript in the README work as written.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from '../server.mjs';

const readme = fileURLToPath(new URL('../../../README.md', import.meta.url));
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));

test('the ten lines of the README', async (t) => {
  const marked = /<!-- ten lines -->\s*```js\n(.*?)```\s*<!-- ten lines -->/s.exec(fs.readFileSync(readme, 'utf8'));
  assert.ok(marked, 'README.md has a ```js block between two <!-- ten lines --> markers');
  const lines = marked[1].trimEnd().split('\n');
  assert.ok(lines.length <= 12, 'about ten lines');

  const server = await startServer();
  t.after(() => server.stop());
  const token = await server.token('ann', 'Ann Lee');
  // A folder as the reader has it: one file, and @microsoft/signalr installed beside it.
  const folder = fs.mkdtempSync(path.join(server.dataDir, 'reader-'));
  fs.mkdirSync(path.join(folder, 'node_modules/@microsoft'), { recursive: true });
  fs.symlinkSync(path.join(modules, 'signalr10'), path.join(folder, 'node_modules/@microsoft/signalr'));
  const script = path.join(folder, 'chat.mjs');
  fs.writeFileSync(script, lines.join('\n').replaceAll('http://127.0.0.1:5080', server.url).replaceAll('<token>', token).replaceAll('PASTE THE TOKEN HERE', token));

  const child = spawn(process.execPath, [script, token], { cwd: folder, env: { ...process.env, TOKEN: token, HUBWIRE_TOKEN: token } });
  t.after(() => child.kill());
  let out = '', err = '';
  child.stderr.on('data', (data) => { err += data; });
  const spoke = new Promise((resolve) => child.stdout.on('data', (data) => { out += data; resolve(); }));
  const exited = once(child, 'exit').then(([code]) => { if (code) throw new Error(`it ended with ${code}:\n${err}`); });
  await Promise.race([spoke, exited]);
  assert.notEqual(out, '', `it printed nothing; on standard error:\n${err}`);

  // Whatever they do, they say something to somebody: it is stored.
  const response = await fetch(`${server.url}/api/Chat/conversations`, { headers: { authorization: `Bearer ${token}` } });
  const { data } = await response.json();
  assert.ok(data.some((conversation) => conversation.lastMessage?.senderId === 'ann'), 'a message by ann is stored');
});
