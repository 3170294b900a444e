// A check that cannot fail is none: each is shown a story that holds, and one for everything that breaks it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ledger } from './ledger.mjs';
import { readTrace, syncedBeforeTold } from './trace.mjs';
import { allAre, inOrder, nothingAfterRemoval, nothingDeliveredEarly, nothingInvented, nothingLost, repeatsAreExcused, storedOnce } from './verdicts.mjs';

// Three messages of Ann, acknowledged and heard once by Bob, with a clock that is set by hand.
function story() {
  let time = 0;
  const ledger = new Ledger(() => time);
  const at = (when, what) => { time = when; return what(); };
  const message = (n, change = {}) => ({ id: `0000-${n}`, seq: n, conversationId: 'C', content: `text ${n}`, ...change });
  const hear = (n, when, socket = 'first', change) => at(when, () => ledger.hears('bob', socket, message(n, change)));
  ledger.receives('bob');
  for (const n of [1, 2, 3]) {
    at(n * 10, () => ledger.tries('ann', `key ${n}`, `text ${n}`));
    at(n * 10 + 1, () => ledger.acknowledges(`key ${n}`, message(n)));
    hear(n, n * 10 + 2);
  }
  const stored = () => [1, 2, 3].map((n) => ({ id: `0000${n}`, conversation: 'c', seq: n, sender: 'ann', key: `key ${n}`, content: `text ${n}` }));
  const status = (n, status, when, stamp = when) => at(when, () => ledger.tells('ann', { type: `message.${status}`, data: { messageId: `0000-${n}`, timestamp: new Date(stamp).toISOString() } }));
  return { ledger, at, message, hear, stored, status, ears: ledger.heard.get('bob') };
}
const holds = (verdict) => { assert.deepEqual(verdict.broken, []); assert.ok(verdict.counted > 0); };
const breaks = (verdict, how) => { assert.equal(verdict.broken.length, 1, JSON.stringify(verdict.broken)); assert.match(verdict.broken[0], how); };

test('a story that holds holds everywhere', () => {
  const { ledger, stored, status } = story();
  for (const check of [nothingLost, inOrder, repeatsAreExcused, nothingInvented]) holds(check(ledger));
  holds(storedOnce(ledger, stored()));
  status(1, 'delivered', 100);
  holds(nothingDeliveredEarly(ledger, new Map([['00001', 100]])));
  assert.ok(ledger.hasAll('bob'));
});

test('a story without anything in it breaks everywhere', () => {
  const ledger = new Ledger();
  for (const check of [nothingLost, inOrder, repeatsAreExcused, nothingInvented]) breaks(check(ledger), /nothing was there/);
  breaks(storedOnce(ledger, []), /nothing was there/);
  breaks(nothingDeliveredEarly(ledger, new Map()), /nothing was there/);
  breaks(allAre(ledger, 'delivered', []), /nothing was there/);
  breaks(syncedBeforeTold(readTrace([]), []), /nothing was there/);
});

describe('what is heard', () => {
  test('a message that never comes is lost', () => {
    const { ledger, at, ears } = story();
    ears.splice(1, 1);
    at(21, () => ledger.breaks('kill -9'));
    breaks(nothingLost(ledger), /^bob never heard key 2 \(seq 2, acknowledged 0 ms after kill -9\)$/);
  });

  test('who waits is told whether something is missing', () => {
    const { ledger, at, hear, message } = story();
    assert.ok(ledger.hasAll('bob'));
    at(40, () => { ledger.tries('ann', 'key 4', 'text 4'); ledger.acknowledges('key 4', message(4)); });
    assert.ok(!ledger.hasAll('bob'));
    hear(4, 50);
    assert.ok(ledger.hasAll('bob'));
  });

  test('somebody who hears nothing at all lost everything', () => {
    const { ledger } = story();
    ledger.receives('cat');
    assert.equal(nothingLost(ledger).broken.length, 3);
    assert.equal(nothingLost(ledger, ['dan']).broken.length, 3);
  });

  test('what nobody acknowledged need not come', () => {
    const { ledger, at } = story();
    at(50, () => ledger.tries('ann', 'key 4', 'text 4'));
    holds(nothingLost(ledger));
  });

  test('an earlier message after a later one is out of order', () => {
    const { ledger, ears } = story();
    [ears[1], ears[2]] = [ears[2], ears[1]];
    breaks(inOrder(ledger), /bob heard seq 2 after 3/);
  });

  test('what comes again is not out of order, and another conversation has its own', () => {
    const { ledger, hear } = story();
    hear(1, 50, 'second');
    hear(1, 51, 'second', { id: '0000-9', conversationId: 'D' });
    holds(inOrder(ledger));
  });

  test('a message nobody sent, or with another text, is invented', () => {
    const [one, other] = [story(), story()];
    one.hear(4, 50);
    breaks(nothingInvented(one.ledger), /what nobody said/);
    other.hear(2, 50, 'first', { content: 'text 3' });
    breaks(nothingInvented(other.ledger), /key 2 otherwise/);
  });
});

describe('repeats', () => {
  test('twice on one connection is never excused', () => {
    const { ledger, hear } = story();
    hear(2, 50);
    breaks(repeatsAreExcused(ledger), /seq 2 twice on one connection/);
  });

  test('what was not proven may come again', () => {
    const { ledger, at, hear } = story();
    at(50, () => ledger.proves('bob', 'first'));
    hear(4, 50); // after that, within the same millisecond
    at(60, () => ledger.proves('bob', 'second')); // on another connection
    hear(4, 9_000, 'second');
    holds(repeatsAreExcused(ledger));
  });

  test('what was proven may come again to whoever has had a connection without proof, and not before', () => {
    for (const [falls, comes] of [[8_000, holds], [10_000, (verdict) => breaks(verdict, /seq 2 again/)]]) {
      const { ledger, at, hear } = story();
      at(50, () => ledger.proves('bob', 'first'));
      at(5_000, () => ledger.breaks('cut', 'bob'));
      at(falls, () => ledger.fallsBack('bob'));
      hear(2, 9_000, 'second');
      comes(repeatsAreExcused(ledger));
    }
  });

  test('what was proven just before a fault may come again, and what was proven long before may not', () => {
    const { ledger, at, hear } = story();
    at(25, () => ledger.proves('bob', 'first'));
    at(2_024, () => ledger.breaks('kill -9'));
    hear(2, 3_000, 'second');
    holds(repeatsAreExcused(ledger));
    breaks(repeatsAreExcused(ledger, 1_999), /seq 2 again, 2978 ms later, though proven 1999 ms before kill -9/);
  });

  test('a Pong into something broken proves nothing, unless it went on, or was another connection', () => {
    const tell = (opened, end) => {
      const { ledger, at, hear } = story();
      at(24, () => ledger.breaks('freeze', 'bob'));
      if (end) at(end, () => ledger.mends('freeze', 'bob'));
      at(opened, () => ledger.opens('bob', 'first'));
      at(30, () => ledger.proves('bob', 'first'));
      hear(2, 9_000, 'second');
      return repeatsAreExcused(ledger);
    };
    holds(tell(0));
    holds(tell(0, 40));
    breaks(tell(0, 29), /nothing broke since/);
    breaks(tell(25), /nothing broke since/);
  });

  test('without a fault nothing proven comes again, and the faults of others are no excuse', () => {
    const { ledger, at, hear } = story();
    at(25, () => ledger.proves('bob', 'first'));
    at(26, () => ledger.breaks('cut', 'cat'));
    hear(2, 50, 'second');
    breaks(repeatsAreExcused(ledger), /nothing broke since/);
  });
});

describe('what is stored', () => {
  const broken = (change, how) => {
    const { ledger, stored } = story(), rows = stored();
    breaks(storedOnce(ledger, change(rows) ?? rows), how);
  };
  test('a row that is missing', () => broken((rows) => rows.slice(0, 2), /key 3 was acknowledged before anything broke and is lost/));
  test('a hole', () => broken((rows) => { rows.push({ ...rows[0], id: 'x', key: 'key 5', seq: 5 }); }, /seq 5 in place 4/));
  test('one place twice', () => broken((rows) => { rows.push({ ...rows[0], id: 'x', key: 'key 4', seq: 3 }); }, /seq 3 in place 4/));
  test('a key twice', () => broken((rows) => { rows.push({ ...rows[0], id: 'x', seq: 4 }); }, /key 1 is stored twice/));
  test('another text', () => broken((rows) => { rows[1].content = '?'; }, /key 2 is stored otherwise/));
  test('two answers to one key', () => {
    const { ledger, message, stored } = story();
    ledger.acknowledges('key 2', message(2));
    holds(storedOnce(ledger, stored()));
    ledger.acknowledges('key 2', message(2, { id: '0000-7' }));
    assert.match(storedOnce(ledger, stored()).broken[0], /key 2 was acknowledged as 00002 and as 00007/);
  });
});

describe('what is told as delivered', () => {
  test('before it can have been, by the ears or by the time given', () => {
    for (const [when, stamp] of [[99, 99], [200, 99]]) {
      const { ledger, status } = story();
      status(2, 'delivered', when, stamp);
      breaks(nothingDeliveredEarly(ledger, new Map([['00002', 100]])), /key 2 was told as delivered 1 ms before/);
    }
  });

  test('never, late and in time', () => {
    const { ledger, status } = story();
    status(1, 'sent', 15);
    breaks(allAre(ledger, 'delivered', ['00001']), /seq 1 was never told as delivered/);
    status(1, 'delivered', 100);
    status(1, 'delivered', 300);
    breaks(allAre(ledger, 'delivered', ['00001'], 99), /1 ms late/);
    holds(allAre(ledger, 'delivered', ['00001'], 100));
  });
});

describe('a removed member', () => {
  const log = (...kinds) => kinds.map((kind, index) => (typeof kind === 'number' ? { id: index, kind: 'posted', message: `0000${kind}` } : { id: index, kind }));
  test('hears what came before the removal and after coming back', () => {
    const { ledger } = story();
    holds(nothingAfterRemoval(ledger, 'bob', log('joined', 1, 'left', 4, 'joined', 2, 3)));
  });
  test('must not hear what came after', () => {
    const { ledger } = story();
    breaks(nothingAfterRemoval(ledger, 'bob', log('joined', 1, 'left', 4, 2, 'joined', 3)), /heard key 2, event 4, committed after removal 1/);
  });
  test('must hear what came before', () => {
    const { ledger } = story();
    breaks(nothingAfterRemoval(ledger, 'bob', log('joined', 1, 2, 3, 4, 'left', 5)), /did not hear event 4/);
  });
  test('hears nothing that is not in the log', () => {
    const { ledger } = story();
    breaks(nothingAfterRemoval(ledger, 'bob', log('joined', 1, 2, 'left', 4)), /00003, which is not in the log/);
  });
  test('of one conversation is still a member of another', () => {
    const { ledger } = story();
    const both = log('joined', 1, 'joined', 'left', 4, 2, 3).map((one, index) => ({ ...one, conversation: [1, 1, 2, 1, 1, 2, 2][index] }));
    holds(nothingAfterRemoval(ledger, 'bob', both));
    breaks(nothingAfterRemoval(ledger, 'bob', both.map((one, index) => ({ ...one, conversation: index === 6 ? 1 : one.conversation }))), /heard key 3/);
  });
  test('must have missed something, else nothing was tried', () => {
    const { ledger } = story();
    breaks(nothingAfterRemoval(ledger, 'bob', log('joined', 1, 2, 3, 'left')), /nothing was there/);
  });
});

describe('the trace', () => {
  // Two threads, as strace prints them.
  const lines = [
    '7 1.0 pwrite64(9</d/hubwire.db-wal>, "..m-1..", 4096, 0) = 4096',
    '7 1.1 fdatasync(9</d/hubwire.db-wal> <unfinished ...>',
    '8 1.2 pwrite64(9</d/hubwire.db-shm>, "m-1", 3, 0) = 3',
    '7 1.3 <... fdatasync resumed>) = 0',
    '8 1.4 sendto(12<socket:[1]>, "{\\"type\\":3,\\"result\\":{\\"content\\":\\"m-1\\"}}", 40, 0, NULL, 0) = 40',
  ];
  const check = (lines) => syncedBeforeTold(readTrace(lines), ['m-1']);
  test('written, synced, told', () => holds(check(lines)));
  test('told without a sync', () => breaks(check([lines[0], lines[4]]), /m-1 was told in line 2 .* not synced/));
  test('told while the sync still ran', () => breaks(check([lines[0], lines[1], lines[2], lines[4], lines[3]]), /not synced/));
  test('synced before it was written', () => breaks(check([lines[1], lines[0], lines[3], lines[4]]), /not synced/));
  test('a sync that failed, or of another file', () => {
    breaks(check([lines[0], lines[1], lines[3].replace('= 0', '= -1 EIO'), lines[4]]), /not synced/);
    breaks(check([lines[0], lines[1].replace('-wal', ''), lines[3], lines[4]]), /not synced/);
  });
  test('told to somebody else before the sync', () => {
    breaks(check([lines[0], lines[4].replace('type\\":3', 'type\\":1'), ...lines.slice(1)]), /m-1 was told in line 2 /);
  });
  test('never answered, never written', () => {
    breaks(check([...lines.slice(0, 4), lines[4].replace('type\\":3', 'type\\":1')]), /m-1 was never seen answered/);
    breaks(check(lines.slice(0, 4)), /m-1 was never seen answered/);
    breaks(check(lines.slice(1)), /m-1 was never seen written/);
  });
});
