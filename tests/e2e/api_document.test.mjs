// docs/api.md tells which operations there are, and /openapi.json is what it says that it is.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { read, withTable } from './api_document.mjs';
import { descriptionOf } from './description.mjs';
import { startGateway } from './gateway.mjs';
import { redocly } from './runner.mjs';

const gateway = await startGateway();
const description = await descriptionOf(gateway);
await gateway.stop();

test('the table of operations is up to date: make api-table brings it there', () => {
  assert.equal(withTable(read(), description), read());
});

test('the description is OpenAPI as others read it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-openapi-'));
  writeFileSync(join(dir, 'openapi.json'), JSON.stringify(description, null, 2));
  const { code, out, log } = await redocly(['lint', '--extends=spec', 'openapi.json'], dir);
  rmSync(dir, { recursive: true });
  assert.equal(code, 0, out + log);
});

test('notes stay with their operations, and the table follows the description', () => {
  const text = read();
  const id = /`(getSources)` \|/.exec(text)[1];
  const noted = text.replace(/(`getSources` \|).*/, '$1 a note |');
  const description = { paths: { '/sources': { get: { operationId: id } }, '/own': { post: { operationId: 'own' } } } };
  const made = withTable(noted, description);
  assert.match(made, /\| GET \| `\/sources` \| `getSources` \| a note \|/);
  assert.match(made, /\| GET \| `\/events` \| `getEvents` \| not in this version \|/);
  assert.match(made, /\| POST \| `\/own` \| `own` \|/);
  assert.equal(withTable(made, description), made);
});
