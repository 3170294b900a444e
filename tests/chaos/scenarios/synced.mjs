// The system calls of acknowledged sends on SQLite, seen by strace: each is answered, and told to anybody, only
// after the sync that covers it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startServer } from '../../clients/server.mjs';
import { Ledger } from '../ledger.mjs';
import { group, names, Person, settings, together } from '../people.mjs';
import { readTrace, syncedBeforeTold } from '../trace.mjs';

export const short = { messages: 100, senders: 4, flights: 4 };
export const long = { ...short, messages: 1_000 };

export async function run({ messages, senders, flights }, report) {
  const server = await startServer(settings), ledger = new Ledger(), file = path.join(os.tmpdir(), `hubwire-trace-${process.pid}`);
  const users = names('sender', senders), people = users.map((user) => new Person(server.url, user, ledger));
  let tracer;
  try {
    const room = await group(server, users);
    await together(people, (person) => person.start());
    tracer = spawn('strace', ['-f', '-ttt', '-y', '-s', '200000', '-e', 'trace=fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg', '-o', file, '-p', String(server.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
    const failed = once(tracer, 'error').then(([error]) => { throw new Error(`strace (the Debian package strace) cannot be run: ${error.message}`); });
    await Promise.race([once(tracer.stderr, 'data'), failed]);
    let count = 0;
    await together(people, (person) => together(Array.from({ length: flights }), async () => {
      while (count < messages) await person.send(room, `t-${count++}.`);
    }));
    const ended = once(tracer, 'exit');
    tracer.kill('SIGINT');
    await ended;
    const marks = [...ledger.acknowledged.values()].map((entry) => entry.key);
    const calls = readTrace(fs.readFileSync(file, 'latin1').split('\n'));
    report.add(syncedBeforeTold(calls, marks));
  } finally {
    tracer?.kill('SIGKILL');
    fs.rmSync(file, { force: true });
    await together(people, (person) => person.stop());
    await server.stop();
  }
}
