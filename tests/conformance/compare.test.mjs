import test from 'node:test';
import assert from 'node:assert/strict';
import { compare } from './compare.mjs';

const posted = ['>', 'http', { method: 'POST' }], answered = ['<', 'http', { status: 200, body: '' }];
const stream = ['<', 'http', { status: 200, body: 'data', ended: 'left open' }], ended = ['<', 'http', { status: 200, body: 'data' }];
const differing = (x, y) => compare(x, y).differing.length;

test('an answer may overtake the stream that it caused, and be overtaken', () =>
  assert.equal(differing([posted, answered, stream], [posted, stream, answered]), 0));
test('a stream that comes before the request is not the one that came after', () =>
  assert.notEqual(differing([posted, answered, stream], [stream, posted, answered]), 0));
test('a stream that does not come is missed', () => assert.notEqual(differing([posted, answered, stream], [posted, answered]), 0));
test('answers that ended keep their order', () => assert.notEqual(differing([posted, answered, ended], [posted, ended, answered]), 0));
