// @hookdeck/sdk: bulk retries of events, requests and ignored events.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';
import { Hookdeck, HookdeckError, fails, setUpSdk } from './sdk.mjs';

let gateway, sink, set, sdk, healthy = true;

before(async () => {
  // One thing at a time, with pauses, so that something is left to cancel.
  gateway = await startGateway({ args: ['--set', 'bulk_slice=1', '--set', 'bulk_pause_ms=100'] });
  sink = await startSink(() => ({ status: healthy ? 200 : 503 }));
  set = setUpSdk(gateway);
  sdk = set.sdk;
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

const ids = ({ models }) => models.map(({ id }) => id);
const arrived = (path) => sink.received.filter(({ url }) => url.startsWith(path)).length;
const connect = (name) => sdk.connection.create({ name, source: { name }, destination: { name, url: `${sink.url}/${name}` } });
const send = (source, count) => Promise.all(Array.from({ length: count }, (_, i) => fetch(source.url, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ i }),
})));
const done = (group, id) => until('the end of the batch', async () => {
  const batch = await sdk[group].retrieve(id);
  return !batch.inProgress && batch;
});

// What is the same for all three: looked for, planned, cancelled.
async function checkBatch(group, batch, query) {
  assert.ok(batch.id && batch.createdAt instanceof Date && typeof batch.inProgress === 'boolean');
  const ended = await done(group, batch.id);
  assert.deepEqual([ended.id, ended.cancelledAt ?? null, ended.failedCount ?? 0], [batch.id, null, 0]);
  assert.ok(ended.completedAt instanceof Date);
  assert.deepEqual(ids(await sdk[group].list({ id: batch.id, inProgress: false, orderBy: 'created_at', dir: 'desc', limit: 5 })), [batch.id]);
  assert.deepEqual(ids(await sdk[group].list({ completedAt: ended.completedAt })), [batch.id]);
  assert.deepEqual(ids(await sdk[group].list({ id: batch.id, inProgress: true })), []);
  const plan = await sdk[group].plan();
  assert.ok(plan.estimatedCount >= 0 && plan.estimatedBatch >= 0, JSON.stringify(plan));
  const cancelled = await sdk[group].cancel((await sdk[group].create({ query })).id);
  assert.deepEqual([cancelled.cancelledAt instanceof Date, cancelled.completedAt ?? null, cancelled.inProgress], [true, null, false]);
  await fails(HookdeckError, 422, /completed already/, sdk[group].cancel(batch.id));
  await fails(Hookdeck.NotFoundError, 404, /there is no/, sdk[group].retrieve('bch_nothing'));
  return ended;
}

test('events', async () => {
  healthy = false;
  const link = await connect('events');
  await send(link.source, 5);
  await until('the failures', async () => (await sdk.event.list({ webhookId: link.id, status: 'FAILED' })).models.length === 5);
  healthy = true;
  const batch = await sdk.eventBulkRetry.create({ query: { webhookId: link.id, status: ['FAILED'], attempts: { gte: 1 }, createdAt: { lte: new Date() } } });
  await until('the retries', async () => (await sdk.event.list({ webhookId: link.id, status: 'SUCCESSFUL' })).models.length === 5);
  assert.equal(arrived('/events'), 10);
  const ended = await checkBatch('eventBulkRetry', batch, { webhookId: link.id });
  assert.deepEqual([ended.estimatedCount, ended.completedCount, ended.query.webhookId ?? ended.query.webhook_id], [5, 5, link.id]);
  const [event] = (await sdk.event.list({ bulkRetryId: batch.id, limit: 1 })).models;
  const [attempt] = (await sdk.attempt.list({ eventId: event.id })).models;
  assert.equal(attempt.eventId, event.id);
});

test('requests', async () => {
  const link = await connect('requests');
  await send(link.source, 3);
  await until('the deliveries', () => arrived('/requests') === 3);
  const batch = await sdk.requestBulkRetry.create({ query: { sourceId: link.source.id, status: 'accepted', eventsCount: 1 } });
  await until('the retries', () => arrived('/requests') === 6);
  const ended = await checkBatch('requestBulkRetry', batch, { sourceId: link.source.id });
  assert.equal(ended.completedCount, 3);
});

test('ignored events', async () => {
  const link = await connect('ignored');
  await sdk.connection.disable(link.id);
  await send(await sdk.source.enable(link.source.id), 2);
  await until('the ignored events', async () => (await sdk.request.list({ sourceId: link.source.id, ignoredCount: 1 })).models.length === 2);
  await sdk.connection.enable(link.id);
  const batch = await sdk.ignoredEventBulkRetry.create({ query: { webhookId: link.id, cause: 'DISABLED' } });
  await until('the retries', () => arrived('/ignored') === 2);
  const ended = await checkBatch('ignoredEventBulkRetry', batch, { webhookId: link.id, cause: 'DISABLED' });
  assert.equal(ended.completedCount, 2);
});

test('the replies are what the SDK was made for', () => {
  const known = /rejection_cause: Expected string\. Received null\./;
  assert.deepEqual(set.warnings.filter((text) => !known.test(text)), []);
});
test('every method was called', (t) => t.diagnostic(set.coverage('sdk-bulk')));
