// Issue triggers: kept, checked, and deciding by the most specific one.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

let gateway, sink, ok, refused, counter = 0;

before(async () => {
  gateway = await startGateway();
  sink = await startSink(() => ({ status: 500 }));
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

const name = () => `trigger-${++counter}`;
const DELIVERY = { type: 'delivery', configs: { strategy: 'final_attempt', connections: '*' }, channels: { email: {} } };
const connect = (connectionName) => ok('PUT', '/connections', {
  name: connectionName, source: { name: `in-${connectionName}` },
  destination: { name: `out-${connectionName}`, type: 'HTTP', config: { url: sink.url } },
});
const post = (url) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
const issuesBy = async (connection, trigger) =>
  (await ok('GET', `/issues?aggregation_keys[webhook_id]=${connection.id}${trigger ? `&issue_trigger_id=${trigger.id}` : ''}`)).count;
const failed = (connection, count = 1) => until('a failure', async () =>
  (await ok('GET', `/events?webhook_id=${connection.id}&status=FAILED`)).count >= count);

describe('issue triggers', () => {
  test('a new gateway has one of each type, for everything', async () => {
    const { models } = await ok('GET', '/issue-triggers?order_by=type&dir=asc');
    assert.deepEqual(models.map(({ type, configs }) => [type, configs]), [
      ['delivery', { strategy: 'final_attempt', connections: '*' }],
      ['transformation', { log_level: 'error', transformations: '*' }],
      ['backpressure', { delay: 300000, destinations: '*' }],
      ['request', { rejection_causes: '*', sources: '*' }]]);
    for (const trigger of models) {
      assert.match(trigger.id, /^it_/);
      assert.match(trigger.team_id, /^tm_/);
      assert.deepEqual(trigger.channels, { email: {} });
      for (const field of ['name', 'disabled_at', 'deleted_at']) assert.equal(trigger[field], null);
    }
  });

  test('which stay deleted', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-trigger-'));
    try {
      let own = await startGateway({ dir });
      for (const { id } of (await callsOf(own).ok('GET', '/issue-triggers')).models) await callsOf(own).ok('DELETE', `/issue-triggers/${id}`);
      await own.stop();
      own = await startGateway({ dir });
      assert.equal((await callsOf(own).ok('GET', '/issue-triggers')).count, 0);
      await own.stop();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('are made, changed, disabled and deleted', async () => {
    const connection = await connect(name()), own = name();
    const channels = {
      slack: { channel_name: 'ops' }, microsoft_teams: { channel_name: 'ops' }, discord: { channel_name: 'ops', channel_id: '1' },
      betteruptime: { escalation_policy_id: '1', escalation_policy_name: 'all' }, incidentio: { severity_id: '1' },
      pagerduty: {}, opsgenie: {}, email: {},
    };
    const made = await ok('POST', '/issue-triggers', {
      name: own, type: 'delivery', configs: { strategy: 'first_attempt', connections: [connection.id] }, channels,
    });
    assert.deepEqual(made.channels, channels);
    assert.deepEqual(await ok('GET', `/issue-triggers/${made.id}`), made);
    assert.deepEqual((await ok('GET', `/issue-triggers?name=${own}&type=delivery`)).models, [made]);
    const put = await ok('PUT', '/issue-triggers', { ...DELIVERY, name: own, channels: null });
    assert.equal(put.id, made.id);
    assert.equal(put.channels, null);
    assert.deepEqual(put.configs, DELIVERY.configs);
    const other = await ok('PUT', '/issue-triggers', { type: 'backpressure', configs: { delay: 60000, destinations: [connection.destination.id] }, channels: {}, name: name() });
    assert.notEqual(other.id, made.id);
    const changed = await ok('PUT', `/issue-triggers/${made.id}`, { name: null, configs: { strategy: 'first_attempt', connections: 'web-*' } });
    assert.equal(changed.name, null);
    assert.equal(changed.configs.connections, 'web-*');
    const disabled = await ok('PUT', `/issue-triggers/${made.id}/disable`);
    assert.ok(disabled.disabled_at);
    assert.deepEqual((await ok('GET', '/issue-triggers?disabled_at[any]=true')).models.map((trigger) => trigger.id), [made.id]);
    assert.equal((await ok('PUT', `/issue-triggers/${made.id}/enable`)).disabled_at, null);
    assert.equal((await ok('PUT', `/issue-triggers/${made.id}`, { disabled_at: '2026-01-01T00:00:00Z' })).disabled_at, '2026-01-01T00:00:00.000Z');
    assert.equal((await ok('PUT', `/issue-triggers/${made.id}`, { disabled_at: null })).disabled_at, null);
    const defaults = await ok('POST', '/issue-triggers', { type: 'request', channels: null });
    assert.deepEqual(defaults.configs, { rejection_causes: '*', sources: '*' });
    for (const { id } of [made, other, defaults]) {
      assert.deepEqual(await ok('DELETE', `/issue-triggers/${id}`), { id });
      await refused(410, 'GET', `/issue-triggers/${id}`);
      await refused(410, 'DELETE', `/issue-triggers/${id}`);
    }
  });

  test('refuse what does not fit', async () => {
    const connection = await connect(name()), own = name();
    const made = await ok('POST', '/issue-triggers', { ...DELIVERY, name: own, configs: { strategy: 'first_attempt', connections: 'none' } });
    await refusesStrangers(refused, 'POST', '/issue-triggers', DELIVERY);
    await refusesEach(refused, 'POST', '/issue-triggers', [
      [{}, /^type: is required/], [{ type: 'delivery' }, /^channels: is required/], [{ ...DELIVERY, type: 'other' }, /^type: /],
      [{ ...DELIVERY, configs: {} }, /^configs\.strategy: is required/], [{ ...DELIVERY, configs: { strategy: 'x', connections: '*' } }, /^configs\.strategy: /],
      [{ ...DELIVERY, configs: { ...DELIVERY.configs, delay: 60000 } }, /^configs\.delay: is not a field/],
      [{ ...DELIVERY, configs: { strategy: 'first_attempt', connections: 1 } }, /^configs\.connections: must be a string or an array/],
      [{ ...DELIVERY, configs: { strategy: 'first_attempt', connections: '' } }, /^configs\.connections: must not be empty/],
      [{ ...DELIVERY, configs: { strategy: 'first_attempt', connections: [] } }, /^configs\.connections: must not be empty/],
      [{ ...DELIVERY, configs: { strategy: 'first_attempt', connections: [1] } }, /^configs\.connections\[0\]: /],
      [{ ...DELIVERY, channels: { fax: {} } }, /^channels\.fax: is not a field/], [{ ...DELIVERY, channels: { slack: {} } }, /^channels\.slack\.channel_name: is required/],
      [{ ...DELIVERY, name: '' }, /^name: must not be empty/], [{ ...DELIVERY, more: 1 }, /^more: /],
      [{ type: 'backpressure', channels: {}, configs: { delay: 59999, destinations: '*' } }, /^configs\.delay: must be from 60000 to 86400000/],
      [{ type: 'backpressure', channels: {}, configs: { delay: 86400001, destinations: '*' } }, /^configs\.delay: /],
      [{ type: 'transformation', channels: {}, configs: { log_level: 'loud', transformations: '*' } }, /^configs\.log_level: /],
      [{ type: 'request', channels: {}, configs: { rejection_causes: 'NO_CONNECTION', sources: '*' } }, /^configs\.rejection_causes: /],
      [{ type: 'request', channels: {}, configs: { rejection_causes: ['NO'], sources: '*' } }, /^configs\.rejection_causes\[0\]: /],
      [{ type: 'request', channels: {}, configs: { rejection_causes: ['UNKNOWN'], excluded_rejection_causes: ['UNKNOWN'], sources: '*' } }, /needs rejection_causes/],
    ]);
    await refused(404, 'POST', '/issue-triggers', { ...DELIVERY, configs: { strategy: 'first_attempt', connections: ['web_00000000000'] } });
    await refused(404, 'POST', '/issue-triggers', { ...DELIVERY, configs: { strategy: 'first_attempt', connections: [connection.source.id] } });
    assert.equal((await refused(409, 'POST', '/issue-triggers', { ...DELIVERY, name: own })).data.id, made.id);
    await refused(422, 'PUT', '/issue-triggers', DELIVERY);
    await refused(422, 'PUT', `/issue-triggers/${made.id}`, { disabled_at: 'soon' });
    await refused(422, 'PUT', `/issue-triggers/${made.id}`, { type: 'request' });
    for (const call of [['GET', ''], ['PUT', ''], ['DELETE', ''], ['PUT', '/disable'], ['PUT', '/enable']]) await refused(404, call[0], `/issue-triggers/it_00000000000${call[1]}`);
    await ok('DELETE', `/issue-triggers/${made.id}`);
  });
});

describe('the most specific trigger', () => {
  test('decides: an id, a whole name, more letters, anything', async () => {
    const connection = await connect('orders-eu-1'), made = [];
    for (const connections of ['*', 'orders-*', 'orders-eu-*', 'orders-eu-1', [connection.id]])
      made.push(await ok('POST', '/issue-triggers', { ...DELIVERY, configs: { strategy: 'final_attempt', connections }, channels: null }));
    for (const trigger of made.reverse()) {
      const { count } = await ok('GET', `/events?webhook_id=${connection.id}&status=FAILED`);
      await post(connection.source.url);
      await failed(connection, count + 1);
      assert.equal(await issuesBy(connection), 1);
      assert.equal(await issuesBy(connection, trigger), 1, JSON.stringify(trigger.configs));
      await ok('DELETE', `/issue-triggers/${trigger.id}`);
      assert.equal(await issuesBy(connection), 0);
    }
  });

  test('decides also when it opens nothing', async () => {
    const connection = await ok('PUT', '/connections', {
      name: 'patient', source: { name: 'in-patient' }, destination: { name: 'out-patient', type: 'HTTP', config: { url: sink.url } },
      rules: [{ type: 'retry', strategy: 'linear', interval: 3600000, count: 3 }],
    });
    const all = await ok('POST', '/issue-triggers', { ...DELIVERY, configs: { strategy: 'first_attempt', connections: '*' }, channels: null });
    const own = await ok('POST', '/issue-triggers', { ...DELIVERY, configs: { strategy: 'final_attempt', connections: [connection.id] }, channels: null });
    await post(connection.source.url);
    await failed(connection);
    assert.equal(await issuesBy(connection), 0);
    await ok('PUT', `/issue-triggers/${own.id}/disable`);
    await post(connection.source.url);
    await failed(connection, 2);
    assert.equal(await issuesBy(connection, all), 1);
    await ok('DELETE', `/issue-triggers/${all.id}`);
    await ok('DELETE', `/issue-triggers/${own.id}`);
  });

  test('without any nothing is opened', async () => {
    const { models } = await ok('GET', '/issue-triggers?type=delivery');
    for (const { id } of models) await ok('PUT', `/issue-triggers/${id}/disable`);
    const connection = await connect(name());
    await post(connection.source.url);
    await failed(connection);
    assert.equal(await issuesBy(connection), 0);
    for (const { id } of models) await ok('PUT', `/issue-triggers/${id}/enable`);
  });

  test('listed rejection causes come before all, and excluded ones are left out', async () => {
    const source = await ok('POST', '/sources', { name: name() });
    const of = async (trigger) => (await ok('GET', `/issues?aggregation_keys[source_id]=${source.id}${trigger ? `&issue_trigger_id=${trigger.id}` : ''}`)).count;
    const listed = await ok('POST', '/issue-triggers', { type: 'request', channels: null, configs: { rejection_causes: ['NO_CONNECTION'], sources: source.name } });
    const most = await ok('POST', '/issue-triggers', { type: 'request', channels: null, configs: { rejection_causes: '*', excluded_rejection_causes: ['NO_CONNECTION'], sources: source.name } });
    await post(source.url);
    assert.equal(await of(listed), 1);
    assert.equal((await fetch(source.url, { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'x' })).status, 415);
    assert.equal(await of(most), 1);
    assert.equal(await of(), 2);
  });
});
