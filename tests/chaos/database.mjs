// Reads what a server stored, past the server: SQLite from a copy, so that nothing is recovered or checkpointed that
// the server is to find; PostgreSQL in a database of the test's own.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SEPARATOR = '\x1f';
const OPTIONS = { maxBuffer: 1 << 30 };
const PYTHON = `import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print("\\x1f".join("" if v is None else str(v) for v in row))`;

const rows = (stdout) => stdout.split('\n').filter(Boolean).map((line) => line.split(SEPARATOR));

export function sqlite() {
  let dataDir;
  return {
    kind: 'SQLite',
    settings: {},
    at(folder) { dataDir = folder; },
    uuid: (column) => `lower(hex(${column}))`,
    async query(text) {
      const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'hubwire-copy-'));
      try {
        for (const end of ['', '-wal']) if (fs.existsSync(`${dataDir}/hubwire.db${end}`)) fs.copyFileSync(`${dataDir}/hubwire.db${end}`, `${copy}/hubwire.db${end}`);
        return rows((await run('python3', ['-c', PYTHON, `${copy}/hubwire.db`, text], OPTIONS)).stdout);
      } finally {
        fs.rmSync(copy, { recursive: true });
      }
    },
    // What is wrong with the file, if anything.
    async damage() { return (await this.query('PRAGMA integrity_check')).flat().filter((line) => line !== 'ok'); },
    async drop() {},
  };
}

// HUBWIRE_TEST_DATABASE_URL names a database of the server that gets one more.
export async function postgres() {
  const given = process.env.HUBWIRE_TEST_DATABASE_URL;
  if (!given) throw new Error('HUBWIRE_TEST_DATABASE_URL names no PostgreSQL');
  const psql = async (url, text) => rows((await run('psql', ['-qwXAt', '-F', SEPARATOR, '-d', url, '-c', text], OPTIONS)).stdout);
  const name = `chaos_${randomUUID().replaceAll('-', '')}`, url = new URL(given);
  url.pathname = `/${name}`;
  await psql(given, `CREATE DATABASE ${name}`);
  return {
    kind: 'PostgreSQL',
    settings: { HUBWIRE_DATABASE_URL: url.href },
    at() {},
    uuid: (column) => `replace(${column}::text, '-', '')`,
    query: (text) => psql(url.href, text),
    // Indexes and heap agree as far as the server itself can tell without extensions: every row is read both ways.
    async damage() {
      const counts = (await psql(url.href, 'SET enable_seqscan = off; SELECT count(number) FROM messages WHERE number > 0')).concat(await psql(url.href, 'SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off; SELECT count(number) FROM messages WHERE number > 0')).flat();
      return counts[0] === counts[1] ? [] : [`${counts[0]} messages by index, ${counts[1]} by row`];
    },
    drop: () => psql(given, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

// Every message as verdicts.mjs wants it.
export async function stored(database) {
  const all = await database.query(`SELECT ${database.uuid('m.id')}, ${database.uuid('c.id')}, m.seq, m.sender_id, m.client_message_id, m.content FROM messages m JOIN conversations c ON c.number = m.conversation`);
  return all.map(([id, conversation, seq, sender, key, content]) => ({ id, conversation, seq: Number(seq), sender, key, content }));
}

// The log as `nothingAfterRemoval` wants it, with the comings and goings of `user`.
export async function logged(database, user) {
  const kinds = { message_posted: 'posted', member_joined: 'joined', member_left: 'left' };
  const all = await database.query(`SELECT e.id, e.conversation, e.kind, ${database.uuid('m.id')} FROM events e LEFT JOIN messages m ON m.number = e.message WHERE e.kind = 'message_posted' OR (e.user_id = '${user}' AND e.kind IN ('member_joined', 'member_left')) ORDER BY e.id`);
  return all.map(([id, conversation, kind, message]) => ({ id: Number(id), conversation, kind: kinds[kind], message }));
}
