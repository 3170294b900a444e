// Errors: told in the words of the protocol, with detail only where it is wanted, and without harm to the connection.
import assert from 'node:assert/strict';
import { build, connect, fails, once, playAll, promise } from './support.mjs';

const invoking = (target) => `An unexpected error occurred invoking '${target}' on the server.`;
const invoke = (target) => `Failed to invoke '${target}' due to an error on the server.`;

promise('a refusal gives its reason, and an unexpected error does not', async (cell, t) => {
  const connection = await connect(cell, t);
  await fails(connection.invoke('FailHub'), `${invoking('FailHub')} HubException: a public reason`);
  await fails(connection.invoke('Fail'), invoking('Fail'));
  await connection.send('Fail');
  assert.equal(await connection.invoke('Echo', 'on'), 'on');
});

promise('an unexpected error is told where errors are detailed', async (cell, t) => {
  const connection = await connect(cell, t, { hub: '/detailed' });
  await fails(connection.invoke('Fail'), `${invoking('Fail')} InvalidOperationException: secret detail`);
  await fails(connection.invoke('FailHub'), `${invoking('FailHub')} HubException: a public reason`);
  await fails(connection.invoke('Add', 1), `${invoke('Add')} InvalidDataException: Invocation provides 1 argument(s) but target expects 2.`);
  await fails(connection.invoke('Add', 'a', 'b'), new RegExp(`^${invoke('Add')} InvalidDataException: Error binding arguments\\. `));
});

promise('a method that is not there is named as it was called', async (cell, t) => {
  const connection = await connect(cell, t);
  for (const target of ['nope', 'Original', 'OnConnectedAsync', 'Dispose']) await fails(connection.invoke(target), `${invoke(target)} HubException: Method does not exist.`);
});

promise('arguments of the wrong number or kind fail the call alone', async (cell, t) => {
  const connection = await connect(cell, t);
  for (const args of [[], [1], [1, 2, 3], ['a', 'b'], [1.5, 2], [2_147_483_648, 1], [null, 1], [{}, []]]) await fails(connection.invoke('add', ...args), invoke('Add'));
  await fails(connection.invoke('EchoGuid', 'nope'), invoke('EchoGuid'));
  assert.equal(await connection.invoke('Add', 1, 2), 3);
});

promise('who is nobody is not let in where a user is needed', async (cell, t) => {
  const connection = await connect(cell, t);
  await fails(connection.invoke('NeedsUser'), "Failed to invoke 'NeedsUser' because user is unauthorized");
  assert.equal(await connection.invoke('UserIdentifier'), null);
  for (const token of [undefined, 'nonsense']) await fails(build(cell, { hub: '/private', token }).start(), /: Unauthorized: Status code '401'/);
});

promise('a hub that is not there is told from one that is', async (cell) => {
  await fails(build(cell, { hub: '/nothere' }).start(), /Status code '404'.* Either this is not a SignalR endpoint or there is a proxy blocking the connection\.$/);
});

promise('the server ends a connection without an error, and the client does not come back by itself', async (cell, t) => {
  const connection = await connect(cell, t, { reconnect: true });
  connection.onreconnecting(() => assert.fail('nothing was lost'));
  const closed = once(connection, 'onclose');
  await connection.send('Abort');
  assert.equal(await closed, undefined);
  assert.equal(connection.state, 'Disconnected');
});

promise('a message that is too large ends the connection with an error', async (cell, t) => {
  const connection = await connect(cell, t), detailed = await connect(cell, t, { hub: '/detailed' });
  const text = 'x'.repeat(40_000), message = 'Server returned an error on close: Connection closed with an error.';
  const closed = [once(connection, 'onclose'), once(detailed, 'onclose')];
  await fails(connection.invoke('Echo', text), message);
  await fails(detailed.invoke('Echo', text), `${message} InvalidDataException: The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions.`);
  assert.deepEqual((await Promise.all(closed)).map((error) => error.message.startsWith(message)), [true, true]);
});

promise('stop ends cleanly, on both sides', async (cell, t) => {
  const [leaving, staying] = await Promise.all([connect(cell, t, { hub: '/detailed' }), connect(cell, t, { hub: '/detailed' })]);
  const id = leaving.connectionId, closed = once(leaving, 'onclose');
  await leaving.stop();
  assert.equal(await closed, undefined);
  assert.equal(leaving.state, 'Disconnected');
  await fails(staying.invoke('AskOther', id, 'still there?'), /IOException: Connection '.+' (does not exist|disconnected)\.$/);
  await leaving.start();
  assert.equal(await leaving.invoke('Echo', 'back'), 'back');
  assert.notEqual(leaving.connectionId, id);
});

playAll();
