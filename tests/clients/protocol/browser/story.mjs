// What one cell of the matrix does inside a page; it runs there, so it knows only what it is given.
// Returns what it saw; the test outside says what that should be.
import { collect, connect, failure } from './in-page.mjs';

export async function story({ own, ...cell }) {
  const { Subject } = window.signalR, { isBinary } = cell;
  const saw = {};
  const [a, b] = await Promise.all([connect(cell), connect(cell)]);
  saw.echo = await a.invoke('Echo', 'héllo ✓ 🎉');
  const complex = isBinary
    ? { Id: 1, Name: 'n', When: new Date('2024-01-01T12:00:00.250Z'), Bytes: new Uint8Array([1, 2, 255]), Colour: 'Blue', Tags: ['a'], Counts: { x: 1 } }
    : { id: 1, name: 'n', when: '2024-01-01T12:00:00.25Z', bytes: 'AQL/', colour: 2, tags: ['a'], counts: { x: 1 } };
  const back = await a.invoke('EchoComplex', complex);
  // Bytes and times do not leave the page as they are.
  saw.complex = Object.keys(complex).every((key) => JSON.stringify([back[key]].map((v) => (v instanceof Uint8Array ? [...v] : v))) === JSON.stringify([complex[key]].map((v) => (v instanceof Uint8Array ? [...v] : v)))) || JSON.stringify(back);
  saw.errors = [await failure(a.invoke('FailHub')), await failure(a.invoke('Nope')), await failure(a.invoke('Add', 1))];

  await b.invoke('JoinGroup', own);
  await a.invoke('ToGroup', own, 'to the group');
  await a.invoke('ToClient', b.connectionId, 'to you');
  saw.heard = await b.until(2);

  const up = new Subject(), both = new Subject();
  const concat = a.invoke('Concat', up), echoed = collect(a.stream('StreamEcho', both));
  for (const item of ['x', 'y', 'z']) { up.next(item); both.next(item); }
  up.complete();
  both.complete();
  [saw.down, saw.broken, saw.up, saw.both] = await Promise.all([collect(a.stream('Counter', 5, 1)), collect(a.stream('FailingHubStream', 1)), concat, echoed]);

  saw.stopped = await new Promise((resolve) => {
    const items = [];
    const subscription = a.stream('Counter', 1e6, 1).subscribe({ next(item) { items.push(item); if (items.length === 2) { subscription.dispose(); resolve(items); } }, complete() {}, error() {} });
  });

  a.on('answer', (question) => `${question}!`);
  saw.answer = await a.invoke('AskMe', 'really');
  b.on('answer', () => { throw new Error('will not say'); });
  saw.refused = await failure(a.invoke('AskOther', b.connectionId, 'q'));

  const user = await connect(cell, { hub: '/private', token: 'user-ann' });
  saw.user = await user.invoke('NeedsUser');
  saw.stranger = await failure(connect(cell, { hub: '/private' }));
  await user.stop();

  const closed = new Promise((resolve) => b.onclose((error) => resolve(error?.message ?? 'cleanly')));
  await b.stop();
  saw.closed = await closed;
  await a.stop();
  return saw;
}

export const expected = {
  echo: 'héllo ✓ 🎉',
  complex: true,
  errors: [
    "An unexpected error occurred invoking 'FailHub' on the server. HubException: a public reason",
    "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist.",
    "Failed to invoke 'Add' due to an error on the server.",
  ],
  heard: ['to the group', 'to you'],
  down: { items: [0, 1, 2, 3, 4] },
  broken: { items: [0], error: 'An error occurred on the server while streaming results. HubException: a public stream reason' },
  up: 'xyz',
  both: { items: ['echo:x', 'echo:y', 'echo:z'] },
  stopped: [0, 1],
  answer: 'you said really!',
  refused: "An unexpected error occurred invoking 'AskOther' on the server. HubException: Error: will not say",
  user: 'ann',
  stranger: "Failed to complete negotiation with the server: Error: : Status code '401'",
  closed: 'cleanly',
};
