// The server asks the client, and whatever the client does, the one who waits is told.
import assert from 'node:assert/strict';
import { connect, fails, playAll, promise } from './support.mjs';

const failed = (target, text) => `An unexpected error occurred invoking '${target}' on the server. HubException: ${text}`;

promise('a client answers, at once or after a while', async (cell, t) => {
  const connection = await connect(cell, t);
  connection.on('answer', (question) => `blue, not ${question}`);
  assert.equal(await connection.invoke('AskMe', 'red'), 'you said blue, not red');
  connection.off('answer');
  connection.on('answer', async (question) => { await new Promise(setImmediate); return question.toUpperCase(); });
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((q) => connection.invoke('AskMe', q))), ['you said A', 'you said B', 'you said C']);
});

promise('a client may call while it is being asked', async (cell, t) => {
  const connection = await connect(cell, t);
  connection.on('answer', (question) => connection.invoke('Echo', `${question}!`));
  assert.equal(await connection.invoke('AskMe', 'nested'), 'you said nested!');
});

promise('one client asks another', async (cell, t) => {
  const [a, b] = await Promise.all([connect(cell, t), connect(cell, t)]);
  b.on('answer', (question) => `${question} yourself`);
  assert.equal(await a.invoke('AskOther', b.connectionId, 'know'), 'they said know yourself');
});

promise('an answer that is an error is the error of the call', async (cell, t) => {
  const connection = await connect(cell, t);
  connection.on('answer', () => { throw new Error('will not say'); });
  await fails(connection.invoke('AskMe', 'q'), failed('AskMe', 'Error: will not say'));
});

promise('a number is a number, and an answer of the wrong kind is an error', async (cell, t) => {
  const connection = await connect(cell, t);
  let answer = 42;
  connection.on('number', () => answer);
  assert.equal(await connection.invoke('AskNumber'), 'number 42');
  answer = 'not a number';
  assert.match(await connection.invoke('AskNumber'), /^HubException: Error trying to deserialize result to Int32\. ./);
  answer = 43;
  assert.equal(await connection.invoke('AskNumber'), 'number 43');
});

promise('a client that has no answer says so', async (cell, t) => {
  const connection = await connect(cell, t);
  await fails(connection.invoke('AskMe', 'q'), failed('AskMe', "Client didn't provide a result."));
  connection.on('answer', () => {});
  await fails(connection.invoke('AskMe', 'q'), failed('AskMe', "Client didn't provide a result."));
  connection.on('answer', () => 'one');
  connection.on('answer', () => 'two');
  await fails(connection.invoke('AskMe', 'q'), failed('AskMe', 'Client provided multiple results.'));
});

promise('an answer may be null', async (cell, t) => {
  const connection = await connect(cell, t);
  connection.on('answer', () => null);
  assert.equal(await connection.invoke('AskMe', 'q'), 'you said ');
});

promise('who asks a client that goes away, or is not there, is told', async (cell, t) => {
  const [a, b] = await Promise.all([connect(cell, t, { hub: '/detailed' }), connect(cell, t, { hub: '/detailed' })]);
  const told = (id, what) => `An unexpected error occurred invoking 'AskOther' on the server. IOException: Connection '${id}' ${what}`;
  const id = b.connectionId;
  const asked = new Promise((resolve) => b.on('answer', () => { resolve(); return new Promise(() => {}); }));
  const answer = fails(a.invoke('AskOther', id, 'q'), told(id, 'disconnected.'));
  await asked;
  await b.stop();
  await answer;
  await fails(a.invoke('AskOther', id, 'q'), told(id, 'does not exist.'));
});

playAll();
