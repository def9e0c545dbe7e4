// `hookdeck gateway issue`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';
import { words } from './hookdeck_flags.mjs';
import { makeTraffic } from './hookdeck_traffic.mjs';

let gateway, hookdeck, traffic, bad, dead, trigger;

before(async () => {
  gateway = await startGateway();
  hookdeck = await setUpHookdeck(gateway);
  // The trigger that catches these failures is told by the issues, which is the only way that the CLI knows it.
  traffic = await makeTraffic(gateway);
  const all = await until('the issues', async () => {
    const { models } = (await gateway.api('GET', '/issues')).body;
    return models.length >= 2 && models;
  });
  [bad, dead] = ['bad', 'dead'].map((name) => all.find(({ aggregation_keys: keys }) => keys.webhook_id.includes(traffic.links[name].id)));
  trigger = (await gateway.api('GET', '/issue-triggers?type=delivery')).body.models[0];
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
  await traffic?.sink.stop();
});

const issue = (...rest) => hookdeck.json('issue', ...rest);
const ids = ({ models }) => models.map(({ id }) => id);

test('issues are found by type, status and trigger, in order and page by page', async () => {
  const both = [bad.id, dead.id].sort();
  for (const [flags, expected] of [
    [{}, both], [{ type: 'delivery' }, both], [{ type: 'transformation' }, []], [{ type: 'backpressure' }, []],
    [{ status: 'OPENED' }, both], [{ status: 'RESOLVED' }, []], [{ 'issue-trigger-id': trigger.id }, both], [{ 'issue-trigger-id': 'it_1' }, []],
  ]) {
    assert.deepEqual(ids(await issue('list', ...words(flags))).sort(), expected, JSON.stringify(flags));
    assert.equal(Number(/\d+/.exec(await hookdeck.text('issue', 'count', ...words(flags)))[0]), expected.length, JSON.stringify(flags));
  }
  const order = ['--order-by', 'created_at', '--dir', 'asc'];
  const all = ids(await issue('list', ...order));
  for (const by of ['first_seen_at', 'last_seen_at', 'opened_at', 'status']) assert.deepEqual(ids(await issue('list', '--order-by', by)).sort(), both);
  const first = await issue('list', ...order, '--limit', '1');
  const second = await issue('list', ...order, '--limit', '1', '--next', first.pagination.next);
  assert.deepEqual([...ids(first), ...ids(second)], all);
  assert.deepEqual(ids(await issue('list', ...order, '--limit', '1', '--prev', second.pagination.prev)), ids(first));
  assert.match(await hookdeck.text('issue', 'list'), new RegExp(bad.id));
});

test('an issue is shown, changed and dismissed', async () => {
  const shown = await issue('get', bad.id);
  assert.deepEqual([shown.id, shown.type, shown.status, shown.aggregation_keys.response_status, shown.reference.event_id],
    [bad.id, 'delivery', 'OPENED', [503], traffic.events.bad.id]);
  assert.match(await hookdeck.text('issue', 'get', bad.id), new RegExp(`${bad.id}[^]*OPENED`));
  for (const status of ['ACKNOWLEDGED', 'IGNORED', 'RESOLVED', 'OPENED']) {
    assert.equal((await issue('update', bad.id, '--status', status)).status, status);
    assert.equal((await gateway.api('GET', `/issues/${bad.id}`)).body.status, status);
  }
  const dismissed = await issue('dismiss', dead.id, '--force');
  assert.deepEqual([dismissed.id, dismissed.dismissed_at !== null], [dead.id, true]);
  await hookdeck.refused(/there is no issue|not found/, 'issue', 'get', 'iss_1');
  await hookdeck.refused(/status/, 'issue', 'update', bad.id, '--status', 'MOODY');
});

test('every command and flag was run', async (t) => t.diagnostic(await hookdeck.coverage('issue')));
