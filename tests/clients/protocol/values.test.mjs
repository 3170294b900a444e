// Values of every kind come back as they went, in the spelling of each protocol.
import assert from 'node:assert/strict';
import { connect, playAll, promise } from './support.mjs';

const GUID = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
const WHEN = new Date('2024-01-01T12:00:00.250Z');
const BYTES = new Uint8Array([0, 1, 2, 254, 255]);

// The same object as each protocol writes it: MessagePack keeps the members' own names, bytes and times, and enums by name.
const complex = ({ isBinary }) => (isBinary
  ? { Id: 1, Name: 'héllo ✓ 🎉', Guid: GUID, When: WHEN, Bytes: BYTES, Colour: 'Blue', Score: 1.5, Tags: ['a', 'b'], Counts: { x: 1, y: -2 }, Nested: null }
  : { id: 1, name: 'héllo ✓ 🎉', guid: GUID, when: '2024-01-01T12:00:00.25Z', bytes: 'AAEC/v8=', colour: 2, score: 1.5, tags: ['a', 'b'], counts: { x: 1, y: -2 }, nested: null });
// What an object nobody filled in looks like.
const blank = ({ isBinary }) => (isBinary
  ? { Id: 0, Name: null, Guid: '00000000-0000-0000-0000-000000000000', Bytes: null, Colour: 'Red', Score: null, Tags: null, Counts: null, Nested: null }
  : { id: 0, name: null, guid: '00000000-0000-0000-0000-000000000000', bytes: null, colour: 0, score: null, tags: null, counts: null, nested: null });

const echo = (name, target, values) => promise(`${name} comes back`, async (cell, t) => {
  const connection = await connect(cell, t);
  for (const value of values(cell)) assert.deepEqual(await connection.invoke(target, value), value);
});

echo('text', 'Echo', () => ['hello', '', 'héllo ✓ 🎉 \u2028 </script> "quoted" \\ + & < > \'', 'tab\t newline\n nul\u0000 rs\u001e del\u007f', null]);
echo('a long text', 'Echo', () => ['x'.repeat(30_000), '✓'.repeat(9_000)]);
echo('an object', 'EchoComplex', (cell) => [complex(cell), null]);
echo('a GUID', 'EchoGuid', () => [GUID]);
echo('bytes', 'EchoBytes', ({ isBinary }) => (isBinary ? [BYTES, new Uint8Array(0), null] : ['AAEC/v8=', '', null]));
echo('a time', 'EchoDateTime', ({ isBinary }) => (isBinary ? [WHEN, new Date('1969-07-20T20:17:40Z'), new Date('2300-01-01T00:00:00.001Z')] : ['2024-01-01T12:00:00.25Z', '1969-07-20T20:17:40Z', '2024-01-01T12:00:00.1234567Z', '2024-01-01T12:00:00']));
echo('a time with an offset', 'EchoDateTimeOffset', ({ isBinary }) => (isBinary ? [[new Date('2024-01-01T12:00:00Z'), 120], [WHEN, -210]] : ['2024-01-01T12:00:00+02:00', '2024-01-01T12:00:00.25-03:30']));
echo('an enum', 'EchoEnum', ({ isBinary }) => (isBinary ? ['Red', 'Green', 'Blue'] : [0, 1, 2]));
echo('a list', 'EchoList', () => [[1, 2, 3], [], [-2147483648, 2147483647], null]);
echo('a number that may be missing', 'EchoNullable', () => [7, null, 0]);
echo('a fraction', 'EchoDouble', () => [0.1, -1e300, 3, 5e-324]);
echo('a large integer', 'EchoLong', () => [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0, -1, 128, 65_536, 4_294_967_296]);
echo('any value', 'EchoJson', () => [{ b: 1, a: [true, null, 'x', { z: 1.5 }] }, [], 'text', -7, false]);

promise('an object in an object comes back, what was left out filled in', async (cell, t) => {
  const connection = await connect(cell, t);
  const [nested, when] = cell.isBinary ? ['Nested', 'When'] : ['nested', 'when'];
  const back = await connection.invoke('EchoComplex', { ...complex(cell), [nested]: {} });
  const { [when]: unset, ...rest } = back[nested];
  assert.deepEqual(rest, blank(cell));
  assert.equal(new Date(unset).getUTCFullYear(), 1);
  assert.deepEqual({ ...back, [nested]: null }, complex(cell));
});

promise('names are read by the rules of the protocol', async (cell, t) => {
  const connection = await connect(cell, t);
  // JSON reads them however they are capitalised; MessagePack only as they are.
  if (cell.isBinary) assert.equal((await connection.invoke('EchoComplex', { id: 5, Name: 'n' })).Id, 0);
  else assert.equal((await connection.invoke('EchoComplex', { ID: 5, NaMe: 'n' })).id, 5);
});

promise('calls without a result answer null, and so does a missing text', async (cell, t) => {
  const connection = await connect(cell, t);
  for (const target of ['Nothing', 'NothingAsync', 'ReturnNull']) assert.equal(await connection.invoke(target), null);
});

promise('several arguments keep their order, and names their meaning however they are capitalised', async (cell, t) => {
  const connection = await connect(cell, t);
  assert.equal(await connection.invoke('Add', 2, -5), -3);
  assert.equal(await connection.invoke('aDD', 2, 3), 5);
  assert.equal(await connection.invoke('renamed'), 'renamed was called');
});

promise('many calls at once are each answered with their own', async (cell, t) => {
  const connection = await connect(cell, t);
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  assert.deepEqual(await Promise.all(numbers.map((i) => connection.invoke('Add', i, 1))), numbers.map((i) => i + 1));
});

promise('the server calls the client with what it was given', async (cell, t) => {
  const connection = await connect(cell, t);
  await connection.invoke('CallMeText', 'said', 'text');
  await connection.invoke('CallMeTwo', 'said', 'two', 2);
  await connection.invoke('CallMe', 'said', { a: [1, { b: null }] });
  await connection.send('CallMeText', 'said', 'sent');
  assert.deepEqual(await connection.heard.until(4), ['text', ['two', 2], { a: [1, { b: null }] }, 'sent']);
});

playAll();
