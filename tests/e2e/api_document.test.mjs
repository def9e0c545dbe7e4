// docs/api.md tells which operations there are.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { read, withTable } from './api_document.mjs';
import { descriptionOf } from './description.mjs';
import { startGateway } from './gateway.mjs';

test('the table of operations is up to date: make api-table brings it there', async () => {
  const gateway = await startGateway();
  const description = await descriptionOf(gateway);
  await gateway.stop();
  assert.equal(withTable(read(), description), read());
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
