// Automatic reconnect: the line breaks, the client comes back by itself as somebody new.
import assert from 'node:assert/strict';
import { startRelay } from '../relay.mjs';
import { connect, fails, once, playAll, promise, url } from './support.mjs';

async function behindRelay(cell, t, options) {
  const relay = await startRelay(url);
  t.after(() => relay.stop());
  const connection = await connect(cell, t, { at: relay.url, reconnect: true, ...options });
  return { relay, connection };
}

promise('the client comes back with a new id, and its groups are gone', async (cell, t) => {
  const { relay, connection } = await behindRelay(cell, t);
  const other = await connect(cell, t), group = cell.own('lost'), id = connection.connectionId;
  await connection.invoke('JoinGroup', group);
  const [lost, back] = [once(connection, 'onreconnecting'), once(connection, 'onreconnected')];
  relay.cut();
  await lost;
  assert.equal(await back, connection.connectionId);
  assert.notEqual(connection.connectionId, id);
  await other.invoke('ToGroup', group, 'to the group');
  await other.invoke('ToClient', connection.connectionId, 'to you');
  assert.deepEqual(await connection.heard.until(1), ['to you']);
  assert.equal(await connection.invoke('ConnectionId'), connection.connectionId);
});

promise('calls that wait for an answer fail when the line breaks, and later ones work', async (cell, t) => {
  const { relay, connection } = await behindRelay(cell, t);
  const back = once(connection, 'onreconnected');
  const called = connection.invoke('Slow', 60_000);
  const asked = assert.rejects(called);
  await connection.send('CallMeText', 'said', 'on its way'); // sent in order: the call before it has left
  relay.cut();
  await asked;
  await back;
  assert.equal(await connection.invoke('Echo', 'again'), 'again');
});

promise('the client tries until it is let in', async (cell, t) => {
  const { relay, connection } = await behindRelay(cell, t);
  const back = once(connection, 'onreconnected');
  relay.refuse();
  relay.cut();
  await relay.refusals(3);
  assert.equal(connection.state, 'Reconnecting');
  await fails(connection.invoke('Echo', 'x'), "Cannot send data if the connection is not in the 'Connected' State.");
  relay.resume();
  await back;
  assert.equal(await connection.invoke('Echo', 'x'), 'x');
});

promise('the client gives up when it is told to', async (cell, t) => {
  const { relay, connection } = await behindRelay(cell, t, { reconnect: ({ previousRetryCount }) => (previousRetryCount < 2 ? 10 : null) });
  const closed = once(connection, 'onclose');
  relay.refuse();
  relay.cut();
  await closed;
  assert.equal(connection.state, 'Disconnected');
  relay.resume();
  await connection.start();
  assert.equal(await connection.invoke('Echo', 'x'), 'x');
});

promise('a line that is silent is a line that is lost', async (cell, t) => {
  const { relay, connection } = await behindRelay(cell, t);
  const [lost, back] = [once(connection, 'onreconnecting'), once(connection, 'onreconnected')];
  connection.serverTimeoutInMilliseconds = 300;
  assert.equal(await connection.invoke('Echo', 'x'), 'x'); // what arrives winds the clock
  relay.freeze();
  assert.equal((await lost).message, 'Server timeout elapsed without receiving a message from the server.');
  connection.serverTimeoutInMilliseconds = 30_000;
  relay.resume();
  await back;
  assert.equal(await connection.invoke('Echo', 'y'), 'y');
}, ({ transport }) => transport !== 'LongPolling'); // a poll is its own sign of life

promise('an error of the server ends the connection, and the client comes back from it', async (cell, t) => {
  const { connection } = await behindRelay(cell, t);
  const [lost, back] = [once(connection, 'onreconnecting'), once(connection, 'onreconnected')];
  connection.send('Echo', 'x'.repeat(40_000)).catch(() => {});
  assert.equal((await lost).message, 'Server returned an error on close: Connection closed with an error.');
  await back;
  assert.equal(await connection.invoke('Echo', 'x'), 'x');
});

playAll();
