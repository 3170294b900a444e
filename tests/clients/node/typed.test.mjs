// The client that the server prints: it compiles where the compiler is strict, and people chat with it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { binary, startServer } from '../server.mjs';
import { versions } from './support.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const modules = path.join(here, 'node_modules');
let server, folder;
before(async () => {
  server = await startServer();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hubwire-typed-'));
  fs.writeFileSync(path.join(folder, 'hubwire.ts'), execFileSync(binary, ['client', '--typescript']));
  fs.copyFileSync(path.join(here, 'typescript/story.ts'), path.join(folder, 'story.ts'));
  const compilerOptions = {
    strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noUnusedLocals: true, noUnusedParameters: true, noImplicitReturns: true, erasableSyntaxOnly: true,
    target: 'es2022', module: 'esnext', moduleResolution: 'bundler', lib: ['es2022', 'dom'], types: [], skipLibCheck: true,
    paths: { '@microsoft/signalr': [path.join(modules, 'signalr10')] },
  };
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['hubwire.ts', 'story.ts'] }));
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
});
after(async () => {
  await server?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

test('the printed client compiles strictly, and two people chat with it', async () => {
  const compiled = spawnSync(process.execPath, [path.join(modules, 'typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
  assert.equal(compiled.stdout + compiled.stderr, '');
  const { story } = await import(pathToFileURL(path.join(folder, 'story.js')));
  const tokens = { ann: await server.token('ann', 'Ann Lee'), bob: await server.token('bob', 'Bob Ray') };
  const { HubConnectionBuilder, LogLevel } = versions[10];
  const connect = (user, hub) => new HubConnectionBuilder()
    .withUrl(`${server.url}${hub}`, { accessTokenFactory: () => tokens[user] }).configureLogging(LogLevel.None).build();
  assert.deepEqual(await story(connect), ['sent', 'edited', 'reacted', 'typing', 'read', 'streamed', 'refused', 'online']);
});
