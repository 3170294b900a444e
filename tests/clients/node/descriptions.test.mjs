// The description of the hubs against the official schema of AsyncAPI. The one of the routes is validated in Python.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { execFileSync } from 'node:child_process';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { binary } from '../server.mjs';

const specifications = createRequire(import.meta.url)('@asyncapi/specs');

test('what is printed of the hubs is AsyncAPI 3.0, and its examples are what it says', () => {
  const document = JSON.parse(execFileSync(binary, ['asyncapi'], { maxBuffer: 1 << 26 }));
  assert.equal(document.asyncapi, '3.0.0');
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  const isValid = ajv.compile(specifications.schemasWithoutId['3.0.0']);
  assert.ok(isValid(document), JSON.stringify(isValid.errors, null, 1));
  assert.ok(!isValid({ ...document, operations: { one: { action: 'sing' } } }), 'the check can fail');

  ajv.addSchema({ $id: 'hubs', ...document });
  let examples = 0;
  for (const [name, channel] of Object.entries(document.channels)) {
    for (const [message, { examples: all }] of Object.entries(channel.messages)) {
      const fits = ajv.compile({ $ref: `hubs#/channels/${name}/messages/${encodeURIComponent(message)}/payload` });
      for (const { payload } of all) {
        assert.ok(fits(payload), `${message}: ${JSON.stringify(fits.errors)}`);
        examples++;
      }
    }
  }
  assert.ok(examples > 80, `${examples} examples`);
});
