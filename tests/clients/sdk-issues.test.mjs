// @hookdeck/sdk: issues, issue triggers and notifications.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';
import { Hookdeck, fails, setUpSdk } from './sdk.mjs';

let gateway, sink, set, sdk, connection;

before(async () => {
  gateway = await startGateway();
  sink = await startSink((entry) => ({ status: entry.url.startsWith('/told') ? 200 : 500 }));
  set = setUpSdk(gateway);
  sdk = set.sdk;
  connection = (await gateway.api('PUT', '/connections', {
    name: 'failing', source: { name: 'in' }, destination: { name: 'out', type: 'HTTP', config: { url: sink.url } },
  })).body;
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

const post = () => fetch(connection.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });

test('issue triggers', async () => {
  const { models } = await sdk.issueTrigger.list({ orderBy: 'type', dir: 'asc', limit: 10 });
  assert.deepEqual(models.map(({ type }) => type), ['delivery', 'transformation', 'backpressure', 'request']);
  const made = await sdk.issueTrigger.create({
    name: 'mine', type: 'delivery', configs: { strategy: 'first_attempt', connections: [connection.id] }, channels: { slack: { channelName: 'ops' }, email: {} },
  });
  assert.deepEqual([made.name, made.type, made.configs, made.channels.slack.channelName],
    ['mine', 'delivery', { strategy: 'first_attempt', connections: [connection.id] }, 'ops']);
  const upserted = await sdk.issueTrigger.upsert({ name: 'mine', type: 'delivery', configs: { strategy: 'first_attempt', connections: 'fail*' }, channels: {} });
  assert.equal(upserted.id, made.id);
  const other = await sdk.issueTrigger.upsert({ name: 'other', type: 'backpressure', configs: { delay: 60000, destinations: '*' }, channels: {} });
  assert.equal((await sdk.issueTrigger.retrieve(other.id)).configs.delay, 60000);
  assert.ok((await sdk.issueTrigger.disable(other.id)).disabledAt);
  assert.equal((await sdk.issueTrigger.enable(other.id)).disabledAt ?? null, null);
  assert.equal((await sdk.issueTrigger.update(other.id, { name: 'renamed' })).name, 'renamed');
  assert.equal((await sdk.issueTrigger.list({ name: 'renamed' })).models[0].id, other.id);
  assert.deepEqual(await sdk.issueTrigger.delete(other.id), { id: other.id });
  await fails(Hookdeck.NotFoundError, 404, /issue trigger/, sdk.issueTrigger.retrieve('it_00000000000'));
  await fails(Hookdeck.UnprocessableEntityError, 422, /configs\.delay/,
    sdk.issueTrigger.create({ type: 'backpressure', configs: { delay: 1, destinations: '*' }, channels: {} }));
});

test('issues', async () => {
  await post();
  const issue = await until('an issue', async () => (await sdk.issue.list({ type: 'delivery', status: 'OPENED' })).models[0]);
  assert.deepEqual(issue.aggregationKeys.webhookId, [connection.id]);
  assert.deepEqual(issue.aggregationKeys.responseStatus, [500]);
  assert.equal((await sdk.issue.list({ aggregationKeys: { webhookId: connection.id } })).models.length, 1);
  assert.equal((await sdk.issue.count({ status: ['OPENED', 'ACKNOWLEDGED'] })).count, 1);
  const one = await sdk.issue.retrieve(issue.id);
  assert.equal(one.data.triggerEvent.webhookId, connection.id);
  assert.equal((await sdk.event.list({ issueId: issue.id })).models[0].id, one.reference.eventId);
  assert.equal((await sdk.issue.update(issue.id, { status: 'ACKNOWLEDGED' })).status, 'ACKNOWLEDGED');
  const dismissed = await sdk.issue.dismiss(issue.id);
  assert.equal(dismissed.id, issue.id);
  assert.ok(dismissed.dismissedAt);
  await fails(Hookdeck.NotFoundError, 404, /issue/, sdk.issue.retrieve('iss_00000000000'));
});

test('notifications', async () => {
  const to = (await gateway.api('PUT', '/connections', {
    name: 'told', source: { name: 'told' }, destination: { name: 'told', type: 'HTTP', config: { url: `${sink.url}/told` } },
  })).body;
  const state = await sdk.notification.update({ enabled: true, topics: ['issue.opened'], sourceId: to.source.id });
  assert.deepEqual(state, { enabled: true, topics: ['issue.opened'], sourceId: to.source.id });
  await post();
  const { body } = await until('a notification', () => sink.received.find((entry) => entry.url === '/told'));
  assert.equal(JSON.parse(body).data.type, 'delivery');
});

test('issues are found by all that they can be found by', async () => {
  await sdk.connection.create({ name: 'failing-too', source: { name: 'in' }, destination: { name: 'out-too', url: sink.url } });
  await post();
  const all = await until('both issues', async () => {
    const { models } = await sdk.issue.list();
    return models.length === 2 && models;
  });
  const [{ id, firstSeenAt, lastSeenAt, dismissedAt }, other] = all;
  const [trigger] = (await sdk.issueTrigger.list({ name: 'mine' })).models;
  assert.equal(dismissedAt ?? null, null);
  for (const query of [{ id }, { id: [id], type: 'delivery', status: 'OPENED' }, { firstSeenAt, id }, { lastSeenAt, id }, { issueTriggerId: trigger.id, id }]) {
    assert.deepEqual((await sdk.issue.list(query)).models.map((issue) => issue.id), [id], JSON.stringify(query));
    assert.deepEqual(await sdk.issue.count(query), { count: 1 }, JSON.stringify(query));
  }
  for (const query of [{ type: 'transformation' }, { issueTriggerId: 'it_nothing' }, { mergedWith: 'iss_nothing' }, { dismissedAt: new Date(1000) }])
    assert.deepEqual(await sdk.issue.count(query), { count: 0 }, JSON.stringify(query));
  for (const orderBy of ['created_at', 'first_seen_at', 'last_seen_at', 'opened_at', 'status'])
    assert.equal((await sdk.issue.list({ orderBy, dir: 'asc' })).models.length, 2, orderBy);
  const first = await sdk.issue.list({ limit: 1 }), second = await sdk.issue.list({ limit: 1, next: first.pagination.next });
  assert.deepEqual([first.models[0].id, second.models[0].id], [id, other.id]);
  assert.equal((await sdk.issue.list({ limit: 1, prev: second.pagination.prev })).models[0].id, id);
  for (const status of ['IGNORED', 'RESOLVED', 'OPENED']) assert.equal((await sdk.issue.update(id, { status })).status, status);
});

test('the replies are what the SDK was made for', () => {
  // It was made before there were triggers of the type request.
  const known = /^Failed to validate\.(\n *- response\.models\.\[3\]\.configs: \[Variant \d\] Missing required key "[a-z_]+")+$/;
  assert.deepEqual(set.warnings.filter((text) => !known.test(text)), []);
});
test('every method was called', (t) => t.diagnostic(set.coverage('sdk-issues')));
