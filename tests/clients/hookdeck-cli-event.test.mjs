// `hookdeck gateway event` and `attempt`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';
import { words } from './hookdeck_flags.mjs';
import { eventFilters, makeTraffic } from './hookdeck_traffic.mjs';

let gateway, hookdeck, traffic;

before(async () => {
  gateway = await startGateway();
  hookdeck = await setUpHookdeck(gateway);
  traffic = await makeTraffic(gateway);
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
  await traffic?.sink.stop();
});

const event = (...rest) => hookdeck.json('event', ...rest);

test('events are found by all that they can be found by', async () => {
  const { events, names } = traffic;
  const filters = [...eventFilters(traffic), [{ id: `${events.good.id},${events.held.id}` }, ['good', 'held']]];
  await Promise.all(filters.map(async ([flags, expected]) =>
    assert.deepEqual(names((await event('list', ...words(flags))).models), expected, JSON.stringify(flags))));
});

test('events are listed in order, page by page', async () => {
  const ids = ({ models }) => models.map(({ id }) => id);
  const order = ['--order-by', 'created_at', '--dir', 'asc'];
  const [all, reversed] = await Promise.all([event('list', ...order), event('list')]);
  assert.deepEqual(ids(reversed), ids(all).reverse());
  const first = await event('list', ...order, '--limit', '2');
  const second = await event('list', ...order, '--limit', '2', '--next', first.pagination.next);
  const third = await event('list', ...order, '--limit', '2', '--next', second.pagination.next);
  assert.deepEqual([first, second, third].flatMap(ids), ids(all));
  assert.equal(third.pagination.next ?? null, null);
  assert.deepEqual(ids(await event('list', ...order, '--limit', '2', '--prev', second.pagination.prev)), ids(first));
  assert.match(await hookdeck.text('event', 'list', '--status', 'HOLD'), new RegExp(`${traffic.events.held.id}.*HOLD`));
});

test('an event is shown with its data, and its body as it came', async () => {
  const { events, links } = traffic;
  const shown = await event('get', events.good.id);
  assert.deepEqual([shown.status, shown.attempts, shown.response_status, shown.webhook_id, shown.request_id],
    ['SUCCESSFUL', 1, 200, links.good.id, events.good.request_id]);
  assert.deepEqual([shown.data.body, shown.data.parsed_query, shown.data.headers['x-kind']], [{ kind: 'order', total: 5 }, { page: '1' }, 'order']);
  assert.match(shown.data.path, /\/new$/);
  assert.match(await hookdeck.text('event', 'get', events.dead.id), new RegExp(`${events.dead.id}[^]*FAILED[^]*CONNECTION_REFUSED`));
  assert.deepEqual(JSON.parse(await hookdeck.text('event', 'raw-body', events.good.id)), { body: '{"kind":"order","total":5}' });
});

test('the attempts of an event are listed page by page and shown', async () => {
  const { events } = traffic;
  const attempt = (...rest) => hookdeck.json('attempt', ...rest);
  await hookdeck.text('event', 'retry', events.bad.id);
  const all = await until('the second attempt', async () => {
    const { models } = await attempt('list', '--event-id', events.bad.id);
    return models.length === 2 && models;
  });
  assert.deepEqual(all.map(({ trigger, attempt_number, status, response_status }) => [trigger, attempt_number, status, response_status]),
    [['MANUAL', 2, 'FAILED', 503], ['INITIAL', 1, 'FAILED', 503]]);
  const list = (...rest) => attempt('list', '--event-id', events.bad.id, '--order-by', 'created_at', '--dir', 'asc', '--limit', '1', ...rest);
  const first = await list();
  const second = await list('--next', first.pagination.next);
  assert.deepEqual([first.models[0].id, second.models[0].id], [all[1].id, all[0].id]);
  assert.equal((await list('--prev', second.pagination.prev)).models[0].id, all[1].id);
  const shown = await attempt('get', all[0].id);
  assert.deepEqual([shown.event_id, shown.http_method, shown.body], [events.bad.id, 'POST', 'ok']);
  assert.match(shown.requested_url, /\/bad\/new\?page=1$/);
  assert.match(await hookdeck.text('attempt', 'get', all[0].id), new RegExp(`${all[0].id}[^]*503`));
  await hookdeck.refused(/there is no attempt atm_1/, 'attempt', 'get', 'atm_1');
});

test('an event is retried, cancelled and muted', async () => {
  const { events, links, sink } = traffic;
  const arrived = () => sink.received.filter(({ url }) => url.startsWith('/good')).length;
  const before = arrived();
  assert.match(await hookdeck.text('event', 'retry', events.good.id), /retr/i);
  await until('the retried event', () => arrived() === before + 1);

  assert.match(await hookdeck.text('event', 'cancel', events.held.id), /cancel/i);
  assert.equal((await event('get', events.held.id)).status, 'CANCELLED');
  await fetch(`${links.held.source.url}/mute`, { method: 'POST', body: 'x' });
  const [waiting] = (await event('list', '--connection-id', links.held.id, '--status', 'HOLD')).models;
  assert.match(await hookdeck.text('event', 'mute', waiting.id), /mute/i);
  assert.equal((await event('get', waiting.id)).status, 'CANCELLED');
  for (const verb of ['get', 'retry', 'cancel', 'mute', 'raw-body'])
    await hookdeck.refused(/there is no event evt_1/, 'event', verb, 'evt_1');
});

test('what cannot be is refused in words', async () => {
  await hookdeck.refused(/order_by: /, 'event', 'list', '--order-by', 'colour');
  await hookdeck.refused(/the cursor is none that this list gave/, 'event', 'list', '--next', 'nonsense');
  await hookdeck.refused(/created_at: "yesterday" is not a valid value/, 'event', 'list', '--created-after', 'yesterday');
  await hookdeck.refused(/body: must be JSON/, 'event', 'list', '--body', '{');
  await hookdeck.refused(/body: .*\$near/, 'event', 'list', '--body', '{"total":{"$near":5}}');
  await hookdeck.refused(/response_status: /, 'event', 'list', '--response-status', 'many');
});

test('every command and flag was run', async (t) => {
  t.diagnostic(await hookdeck.coverage('event'));
  t.diagnostic(await hookdeck.coverage('attempt'));
});
