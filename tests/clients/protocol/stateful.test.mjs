// Stateful reconnect: the line breaks in the middle of everything, and nothing is lost, doubled or out of order.
import assert from 'node:assert/strict';
import { startRelay } from '../relay.mjs';
import { collect, connect, playAll, promise, url } from './support.mjs';

const inWebSockets = ({ transport }) => transport === 'WebSockets';
const range = (count) => Array.from({ length: count }, (_, i) => i);
const texts = (count) => range(count).map(String);

async function statefully(cell, t, options) {
  const relay = await startRelay(url);
  t.after(() => relay.stop());
  const connection = await connect(cell, t, { at: relay.url, stateful: true, ...options });
  const id = connection.connectionId;
  const lost = new Promise((_, reject) => {
    connection.onreconnecting((error) => reject(error ?? new Error('the connection was lost')));
    connection.onclose((error) => reject(error ?? new Error('the connection was closed')));
  });
  lost.catch(() => {});
  // What is played must come to its end on the connection it began with.
  const kept = async (played) => {
    const result = await Promise.race([played, lost]);
    assert.equal(connection.connectionId, id);
    assert.equal(await connection.invoke('ConnectionId'), id);
    return result;
  };
  return { relay, connection, kept };
}

promise('every call of a burst is answered once, though the line breaks in the middle of it', async (cell, t) => {
  const { relay, connection, kept } = await statefully(cell, t);
  let answered = 0;
  const calls = range(300).map((i) => connection.invoke('Add', i, 1).then((sum) => {
    if ([40, 120, 200].includes(++answered)) relay.cut();
    return sum;
  }));
  assert.deepEqual(await kept(Promise.all(calls)), range(300).map((i) => i + 1));
  assert.equal(answered, 300);
}, inWebSockets);

promise('what the server says in the meantime arrives once and in order', async (cell, t) => {
  const { relay, connection, kept } = await statefully(cell, t);
  const other = await connect(cell, t), group = cell.own('burst');
  await connection.invoke('JoinGroup', group);
  const said = Promise.all(texts(300).map((text) => other.invoke('ToGroup', group, text)));
  for (const count of [50, 150, 250]) { await kept(connection.heard.until(count)); relay.cut(); }
  await said;
  assert.deepEqual(await kept(connection.heard.until(300)), texts(300));
  await connection.invoke('CallMeText', 'said', 'the end');
  assert.deepEqual(await kept(connection.heard.until(301)), [...texts(300), 'the end']);
}, inWebSockets);

promise('calls and answers cross while the line breaks, and each runs once', async (cell, t) => {
  const { relay, connection, kept } = await statefully(cell, t);
  const calls = texts(200).map((text) => connection.invoke('CallMeText', 'said', text));
  for (const count of [1, 60, 61, 130]) { await kept(connection.heard.until(count)); relay.cut(); }
  await kept(Promise.all(calls));
  assert.deepEqual(await kept(connection.heard.until(200)), texts(200));
}, inWebSockets);

promise('streams go on where they were, up and down', async (cell, t) => {
  const { relay, connection, kept } = await statefully(cell, t);
  const subject = new cell.signalr.Subject(), items = [];
  const both = new Promise((resolve, reject) => connection.stream('StreamEcho', subject).subscribe({
    next(item) {
      items.push(item);
      if (items.length === 10 || items.length === 60) relay.cut();
      if (items.length < 100) subject.next(`${items.length}`); else subject.complete();
    },
    complete: resolve,
    error: reject,
  }));
  const down = collect(connection.stream('Counter', 200, 1));
  subject.next('0');
  await kept(both);
  assert.deepEqual(items, range(100).map((i) => `echo:${i}`));
  assert.deepEqual(await kept(down), { items: range(200) });
}, inWebSockets);

promise('a question asked before the break is answered after it', async (cell, t) => {
  const { relay, connection, kept } = await statefully(cell, t);
  connection.on('answer', (question) => { relay.cut(); return question.toUpperCase(); });
  assert.equal(await kept(connection.invoke('AskMe', 'still you?')), 'you said STILL YOU?');
}, inWebSockets);

promise('what was said to a client while it was away waits for it', async (cell, t) => {
  const { relay, connection, kept } = await statefully(cell, t);
  const other = await connect(cell, t);
  relay.freeze(); // the client still holds a line that carries nothing
  for (const text of texts(20)) await other.invoke('ToClient', connection.connectionId, text);
  relay.resume();
  relay.cut();
  assert.deepEqual(await kept(connection.heard.until(20)), texts(20));
}, inWebSockets);

promise('who cannot get back within its one try is reconnected as somebody new', async (cell, t) => {
  const relay = await startRelay(url);
  t.after(() => relay.stop());
  const connection = await connect(cell, t, { at: relay.url, stateful: true, reconnect: true });
  const id = connection.connectionId;
  const back = new Promise((resolve) => connection.onreconnected(resolve));
  relay.refuse();
  relay.cut();
  await relay.refusals(2);
  relay.resume();
  assert.notEqual(await back, id);
  assert.equal(await connection.invoke('Echo', 'x'), 'x');
}, inWebSockets);

promise('small buffers are emptied as the server acknowledges', async (cell, t) => {
  const { relay, connection, kept } = await statefully(cell, t, { stateful: { bufferSize: 2_000 } });
  const answers = [];
  for (const i of range(8)) {
    if (i === 4) relay.cut();
    answers.push((await kept(connection.invoke('Echo', `${i}`.repeat(700)))).length);
  }
  assert.deepEqual(answers, range(8).map(() => 700));
}, inWebSockets);

promise('a connection without it on the server goes on without it', async (cell, t) => {
  const { connection, kept } = await statefully(cell, t, { hub: '/detailed' });
  assert.equal(await kept(connection.invoke('Echo', 'x')), 'x');
}, inWebSockets);

playAll();
