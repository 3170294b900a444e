// Who hears what: groups, users, one client, everybody, and those left out.
import assert from 'node:assert/strict';
import { connect, playAll, promise } from './support.mjs';

const people = (cell, t, count, options) => Promise.all(Array.from({ length: count }, () => connect(cell, t, options)));

// What is sent to a client afterwards comes last, so what came before it is all there was.
async function heardBy(speaker, listeners) {
  return Promise.all(listeners.map(async (listener) => {
    await speaker.invoke('ToClient', listener.connectionId, 'the end');
    while (!listener.heard.includes('the end')) await listener.heard.until(listener.heard.length + 1);
    return listener.heard.splice(0).filter((said) => said !== 'the end');
  }));
}

promise('a group hears what is said to it, and a stranger does not', async (cell, t) => {
  const [a, b, stranger] = await people(cell, t, 3), group = cell.own('group');
  await a.invoke('JoinGroup', group);
  await b.invoke('JoinGroup', group);
  await b.invoke('JoinGroup', group);
  await stranger.invoke('ToGroup', group, 'hello');
  assert.deepEqual(await heardBy(stranger, [a, b, stranger]), [['hello'], ['hello'], []]);

  await b.invoke('LeaveGroup', group);
  await a.invoke('ToGroup', group, 'again');
  assert.deepEqual(await heardBy(stranger, [a, b]), [['again'], []]);
});

promise('group names mind their capitals', async (cell, t) => {
  const [a] = await people(cell, t, 1), group = cell.own('Case');
  await a.invoke('JoinGroup', group);
  await a.invoke('ToGroup', group.toLowerCase(), 'other group');
  assert.deepEqual(await heardBy(a, [a]), [[]]);
});

promise('a connection can be put into a group and out of it by another', async (cell, t) => {
  const [a, b] = await people(cell, t, 2), group = cell.own('put');
  await a.invoke('AddToGroup', b.connectionId, group);
  await a.invoke('ToGroup', group, 'in');
  await a.invoke('RemoveFromGroup', b.connectionId, group);
  await a.invoke('ToGroup', group, 'out');
  await a.invoke('AddToGroup', 'nobody', group);
  assert.deepEqual(await heardBy(a, [a, b]), [[], ['in']]);
});

promise('the others of a group, and the group without some', async (cell, t) => {
  const [a, b, c] = await people(cell, t, 3), group = cell.own('without');
  for (const one of [a, b, c]) await one.invoke('JoinGroup', group);
  await a.invoke('ToOthersInGroup', group, 'others');
  await a.invoke('ToGroupExcept', group, [b.connectionId, 'nobody'], 'not b');
  await a.invoke('ToGroupExcept', group, [], 'all');
  assert.deepEqual(await heardBy(a, [a, b, c]), [['not b', 'all'], ['others', 'all'], ['others', 'not b', 'all']]);
});

// On a hub of its own: here everybody hears it, the other cells too.
promise('everybody, the others, and everybody without some', async (cell, t) => {
  const [a, b] = await people(cell, t, 2, { hub: '/detailed' }), text = (what) => cell.own(what);
  await a.invoke('ToAll', text('all'));
  await a.invoke('ToOthers', text('others'));
  await a.invoke('ToAllExcept', [b.connectionId], text('not b'));
  const mine = (heard) => heard.filter((said) => ['all', 'others', 'not b'].some((what) => said === text(what)));
  const [byA, byB] = await heardBy(a, [a, b]);
  assert.deepEqual(mine(byA), [text('all'), text('not b')]);
  assert.deepEqual(mine(byB), [text('all'), text('others')]);
});

promise('a user hears on every connection, and nobody else does', async (cell, t) => {
  const ann = `ann-${cell.own('').replaceAll(' ', '-')}`;
  const [[a1, a2], [bob]] = await Promise.all([
    people(cell, t, 2, { hub: '/private', token: `user-${ann}` }),
    people(cell, t, 1, { hub: '/private', token: `user-not-${ann}` }),
  ]);
  assert.equal(await a1.invoke('UserIdentifier'), ann);
  assert.equal(await a2.invoke('NeedsUser'), ann);
  await bob.invoke('ToUser', ann, 'hello');
  await bob.invoke('ToUser', ann.toUpperCase(), 'somebody else');
  assert.deepEqual(await heardBy(bob, [a1, a2, bob]), [['hello'], ['hello'], []]);
});

promise('one client by its id, which is the one it negotiated', async (cell, t) => {
  const [a, b] = await people(cell, t, 2);
  assert.equal(await a.invoke('ConnectionId'), a.connectionId);
  await b.invoke('ToClient', a.connectionId, 'you');
  await b.invoke('ToClient', 'nobody', 'lost');
  assert.deepEqual(await heardBy(b, [a, b]), [['you'], []]);
});

promise('what one client says arrives in the order it was said', async (cell, t) => {
  const [a, b] = await people(cell, t, 2), group = cell.own('order');
  await b.invoke('JoinGroup', group);
  const texts = Array.from({ length: 200 }, (_, i) => `${i}`);
  await Promise.all(texts.map((text) => a.invoke('ToGroup', group, text)));
  assert.deepEqual(await b.heard.until(texts.length), texts);
});

playAll();
