// Streams: down, up, both ways, several at once, cancelled, and broken half way.
import assert from 'node:assert/strict';
import { collect, connect, fails, playAll, promise } from './support.mjs';

const range = (count) => Array.from({ length: count }, (_, i) => i);

promise('a stream brings its items in order and ends', async (cell, t) => {
  const connection = await connect(cell, t);
  assert.deepEqual(await collect(connection.stream('Counter', 5, 0)), { items: [0, 1, 2, 3, 4] });
  assert.deepEqual(await collect(connection.stream('Counter', 0, 0)), { items: [] });
  assert.deepEqual(await collect(connection.stream('CounterChannel', 3)), { items: ['item 0', 'item 1', 'item 2'] });
  assert.deepEqual(await collect(connection.stream('Counter', 2_000, 0)), { items: range(2_000) });
});

promise('several streams run at once, and calls beside them', async (cell, t) => {
  const connection = await connect(cell, t);
  const streams = range(4).map((i) => collect(connection.stream('Counter', 10 + i, 2)));
  assert.equal(await connection.invoke('Echo', 'beside'), 'beside');
  assert.deepEqual(await Promise.all(streams), range(4).map((i) => ({ items: range(10 + i) })));
});

promise('a client that has enough of a stream stops it, and goes on', async (cell, t) => {
  const connection = await connect(cell, t);
  const items = [];
  await new Promise((resolve) => {
    const subscription = connection.stream('Counter', 1_000_000, 1).subscribe({
      next(item) {
        items.push(item);
        if (items.length === 3) { subscription.dispose(); resolve(); }
      },
      complete() {},
      error() {},
    });
  });
  assert.deepEqual(await collect(connection.stream('Counter', 20, 1)), { items: range(20) });
  assert.deepEqual(items, [0, 1, 2]);
});

promise('an upload is read to its end', async (cell, t) => {
  const connection = await connect(cell, t), { Subject } = cell.signalr;
  const upload = async (...items) => {
    const subject = new Subject();
    const result = connection.invoke('Concat', subject);
    for (const item of items) subject.next(item);
    subject.complete();
    return result;
  };
  assert.equal(await upload('a', 'b', 'c'), 'abc');
  assert.equal(await upload(), '');
  assert.deepEqual(await Promise.all(range(4).map((i) => upload(`${i}`, ...range(30).map(String)))), range(4).map((i) => `${i}${range(30).join('')}`));
});

promise('two uploads and an argument go into one call', async (cell, t) => {
  const connection = await connect(cell, t), [a, b] = [new cell.signalr.Subject(), new cell.signalr.Subject()];
  // The client overlooks a stream right behind another, so the argument stands between them.
  const sum = connection.invoke('SumTwo', a, 100, b);
  b.next(20);
  a.next(1);
  b.complete();
  a.next(2);
  a.complete();
  assert.equal(await sum, 123);
});

promise('a call streams both ways', async (cell, t) => {
  const connection = await connect(cell, t), subject = new cell.signalr.Subject();
  const back = collect(connection.stream('StreamEcho', subject));
  for (const i of range(50)) subject.next(`${i}`);
  subject.complete();
  assert.deepEqual(await back, { items: range(50).map((i) => `echo:${i}`) });
});

promise('each item comes back before the next one is sent', async (cell, t) => {
  const connection = await connect(cell, t), subject = new cell.signalr.Subject(), items = [];
  await new Promise((resolve, reject) => {
    connection.stream('StreamEcho', subject).subscribe({
      next(item) {
        items.push(item);
        if (items.length < 5) subject.next(`${items.length}`); else subject.complete();
      },
      complete: resolve,
      error: reject,
    });
    subject.next('0');
  });
  assert.deepEqual(items, range(5).map((i) => `echo:${i}`));
});

promise('a stream that breaks brings what it had and then the error', async (cell, t) => {
  const [connection, detailed] = await Promise.all([connect(cell, t), connect(cell, t, { hub: '/detailed' })]);
  const error = 'An error occurred on the server while streaming results.';
  assert.deepEqual(await collect(connection.stream('FailingStream', 2)), { items: [0, 1], error });
  assert.deepEqual(await collect(connection.stream('FailingHubStream', 1)), { items: [0], error: `${error} HubException: a public stream reason` });
  assert.deepEqual(await collect(detailed.stream('FailingStream', 0)), { items: [], error: `${error} InvalidOperationException: secret stream detail` });
  assert.equal(await connection.invoke('Echo', 'on'), 'on');
});

promise('an upload that the client breaks off fails the call with its reason', async (cell, t) => {
  const connection = await connect(cell, t), subject = new cell.signalr.Subject();
  const result = connection.invoke('Concat', subject);
  subject.next('a');
  subject.error(new Error('gave up'));
  await fails(result, "An unexpected error occurred invoking 'Concat' on the server. HubException: gave up");
  assert.equal(await connection.invoke('Echo', 'on'), 'on');
});

promise('an item of the wrong kind fails the call', async (cell, t) => {
  const connection = await connect(cell, t), subject = new cell.signalr.Subject();
  const result = connection.invoke('Concat', subject);
  subject.next({ not: 'a text' });
  await fails(result, /^An unexpected error occurred invoking 'Concat' on the server\. HubException: Failed to bind Stream message\./);
  assert.equal(await connection.invoke('Echo', 'on'), 'on');
});

promise('a stream is streamed and a call is called', async (cell, t) => {
  const connection = await connect(cell, t);
  await fails(connection.invoke('Counter', 1, 0), "The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation.");
  assert.deepEqual(await collect(connection.stream('Echo', 'x')), { items: [], error: "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation." });
  assert.deepEqual(await collect(connection.stream('Nope')), { items: [], error: "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist." });
});

promise('a connection that ends takes its streams with it', async (cell, t) => {
  const connection = await connect(cell, t);
  const ended = collect(connection.stream('Counter', 1_000_000, 1));
  await connection.invoke('Echo', 'begun');
  await connection.stop();
  assert.ok((await ended).error);
});

playAll();
