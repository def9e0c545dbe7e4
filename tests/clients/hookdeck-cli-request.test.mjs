// `hookdeck gateway request`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';
import { words } from './hookdeck_flags.mjs';
import { eventFilters, makeTraffic } from './hookdeck_traffic.mjs';

let gateway, hookdeck, traffic, orders, others, rejected;

before(async () => {
  gateway = await startGateway();
  hookdeck = await setUpHookdeck(gateway);
  traffic = await makeTraffic(gateway);
  const { events, links } = traffic;
  [orders, others] = [events.good.request_id, events.other.request_id];
  await gateway.api('PUT', `/sources/${links.other.source.id}`, { config: { auth_type: 'API_KEY', auth: { header_key: 'x-key', api_key: 'k' } } });
  await fetch(`${links.other.source.url}/stranger`, { method: 'POST', body: 'x' });
  rejected = (await until('the rejected request', async () => (await gateway.api('GET', '/requests?status=rejected')).body.models[0])).id;
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
  await traffic?.sink.stop();
});

const request = (...rest) => hookdeck.json('request', ...rest);
const ids = ({ models }) => models.map(({ id }) => id);

test('requests are found by all that they can be found by', async () => {
  const { links, before, between, after } = traffic;
  await Promise.all([
    [{ id: `${orders},${rejected}` }, [rejected, orders]],
    [{ 'source-id': links.good.source.id }, [orders]],
    [{ status: 'accepted' }, [others, orders]],
    [{ status: 'rejected' }, [rejected]],
    [{ 'rejection-cause': 'VERIFICATION_FAILED' }, [rejected]],
    [{ 'rejection-cause': 'NO_CONNECTION' }, []],
    [{ path: '/else' }, [others]],
    [{ body: '{"total":5}' }, [orders]],
    [{ headers: '{"x-kind":"other"}', 'parsed-query': '{}' }, [others]],
    [{ 'parsed-query': '{"page":{"$in":["1","2"]}}' }, [orders]],
    [{ 'created-after': before, 'created-before': between }, [orders]],
    [{ 'ingested-at-after': between, 'ingested-at-before': after }, [rejected, others]],
    [{ 'order-by': 'ingested_at', dir: 'asc' }, [orders, others, rejected]],
    [{ verified: 'false' }, [rejected, others, orders]],
    [{ verified: 'true' }, []],
  ].map(async ([flags, expected]) => assert.deepEqual(ids(await request('list', ...words(flags))), expected, JSON.stringify(flags))));
});

test('requests are listed page by page, and shown with their data', async () => {
  const order = ['--order-by', 'created_at', '--dir', 'asc', '--limit', '1'];
  const first = await request('list', ...order);
  const second = await request('list', ...order, '--next', first.pagination.next);
  assert.deepEqual([ids(first), ids(second)], [[orders], [others]]);
  assert.deepEqual(ids(await request('list', ...order, '--prev', second.pagination.prev)), [orders]);

  const shown = await request('get', orders);
  assert.deepEqual([shown.events_count, shown.ignored_count, shown.verified, shown.data.body], [4, 0, false, { kind: 'order', total: 5 }]);
  assert.deepEqual(shown.data.parsed_query, { page: '1' });
  assert.equal((await request('get', rejected)).rejection_cause, 'VERIFICATION_FAILED');
  assert.match(await hookdeck.text('request', 'get', rejected), new RegExp(`${rejected}[^]*VERIFICATION_FAILED`));
  assert.deepEqual(JSON.parse(await hookdeck.text('request', 'raw-body', orders)), { body: '{"kind":"order","total":5}' });
});

test('the events of a request are found by all that events can be found by', async () => {
  const { events, names } = traffic;
  const of = (id, flags) => request('events', id, ...words(flags));
  const mine = (name, id) => (name === 'other') === (id === others);
  await Promise.all(eventFilters(traffic).flatMap(([flags, expected]) => [orders, others].map(async (id) =>
    assert.deepEqual(names(await of(id, flags)), expected.filter((name) => mine(name, id)), JSON.stringify(flags)))));
  // This command prints no cursors; those of the same list by another way do as well.
  const list = async (cursor = '') => (await gateway.api('GET', `/requests/${orders}/events?limit=2${cursor}`)).body;
  const first = await list(), second = await list(`&next=${first.pagination.next}`);
  const page = async (flags) => (await of(orders, { limit: '2', ...flags })).map(({ id }) => id);
  assert.deepEqual(await page({}), ids(first));
  assert.deepEqual(await page({ next: first.pagination.next }), ids(second));
  assert.deepEqual(await page({ prev: second.pagination.prev }), ids(first));
  assert.deepEqual(names([...first.models, ...second.models]), Object.keys(events).filter((name) => name !== 'other').sort());
  assert.match(await hookdeck.text('request', 'events', others), new RegExp(events.other.id));
});

test('what a request did not lead to is listed', async () => {
  const { body: link } = await gateway.api('PUT', '/connections', {
    name: 'off', source: { name: 'ignored' }, destination: { name: 'off', type: 'MOCK_API' },
  });
  const { body: link2 } = await gateway.api('PUT', '/connections', { name: 'off-2', source_id: link.source.id, destination_id: link.destination.id });
  for (const { id } of [link, link2]) await gateway.api('PUT', `/connections/${id}/disable`, {});
  await fetch(link.source.url, { method: 'POST', body: 'x' });
  const [{ id }] = await until('the request', async () => {
    const { models } = await request('list', '--source-id', link.source.id);
    return models.length > 0 && models;
  });
  const ignored = await request('ignored-events', id);
  assert.deepEqual(ignored.map(({ webhook_id, request_id }) => [webhook_id, request_id]).sort(), [[link.id, id], [link2.id, id]].sort());
  const list = async (cursor = '') => (await gateway.api('GET', `/requests/${id}/ignored_events?limit=1${cursor}`)).body;
  const first = await list(), second = await list(`&next=${first.pagination.next}`);
  const page = async (...rest) => (await request('ignored-events', id, '--limit', '1', ...rest)).map(({ webhook_id }) => webhook_id);
  assert.deepEqual(await page(), first.models.map(({ webhook_id }) => webhook_id));
  assert.deepEqual(await page('--next', first.pagination.next), second.models.map(({ webhook_id }) => webhook_id));
  assert.deepEqual(await page('--prev', second.pagination.prev), first.models.map(({ webhook_id }) => webhook_id));
  assert.deepEqual(await request('ignored-events', orders), []);
});

test('a request is retried, to all of its connections or some', async () => {
  const { links, sink } = traffic;
  const arrived = (path) => sink.received.filter(({ url }) => url.startsWith(path)).length;
  const [good, bad] = [arrived('/good'), arrived('/bad')];
  assert.match(await hookdeck.text('request', 'retry', orders, '--connection-ids', links.bad.id), /retr/i);
  await until('the retried event', () => arrived('/bad') === bad + 1);
  assert.equal(arrived('/good'), good);
  await hookdeck.text('request', 'retry', orders, '--connection-ids', `${links.good.id},${links.bad.id}`);
  await until('the retried events', () => arrived('/good') === good + 1 && arrived('/bad') === bad + 2);
  await hookdeck.text('request', 'retry', orders);
  await until('all retried events', () => arrived('/good') === good + 2 && arrived('/bad') === bad + 3);
});

test('what cannot be is refused in words', async () => {
  for (const verb of ['get', 'retry', 'raw-body', 'events', 'ignored-events'])
    await hookdeck.refused(/there is no request req_1/, 'request', verb, 'req_1');
  await hookdeck.refused(/webhook_ids/, 'request', 'retry', orders, '--connection-ids', 'web_1');
  await hookdeck.refused(/rejection_cause: /, 'request', 'list', '--rejection-cause', 'MOOD');
  await hookdeck.refused(/verified: /, 'request', 'list', '--verified', 'perhaps');
});

test('every command and flag was run', async (t) => t.diagnostic(await hookdeck.coverage('request')));
