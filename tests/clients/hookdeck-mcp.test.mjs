// `hookdeck gateway mcp`: every tool with every action and argument.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';
import { startMcp } from './hookdeck_mcp.mjs';
import { eventFilters, makeTraffic } from './hookdeck_traffic.mjs';

let gateway, hookdeck, mcp, traffic, project;

before(async () => {
  gateway = await startGateway();
  hookdeck = await setUpHookdeck(gateway);
  traffic = await makeTraffic(gateway);
  project = traffic.links.good.team_id;
  mcp = await startMcp(hookdeck);
});
after(async () => {
  await mcp?.stop();
  hookdeck?.remove();
  await gateway?.stop();
  await traffic?.sink.stop();
});

const models = async (tool, args) => (await mcp.json(tool, { action: 'list', ...args })).data.models;
const ids = (list) => list.map(({ id }) => id);
const snake = (flags) => Object.fromEntries(Object.entries(flags).map(([name, value]) =>
  [name.replaceAll('-', '_').replace('_at_after', '_after').replace('_at_before', '_before'), value]));

// Walks a list one at a time, forth and back.
async function checkPages(tool, args = {}) {
  const page = async (more) => (await mcp.json(tool, { action: 'list', limit: 1, ...args, ...more })).data;
  const all = ids(await models(tool, args));
  const first = await page(), second = await page({ next: first.pagination.next });
  assert.deepEqual([...ids(first.models), ...ids(second.models)], all.slice(0, 2), tool);
  assert.deepEqual(ids((await page({ prev: second.pagination.prev })).models), ids(first.models), tool);
}

test('it starts, lists its tools and helps', async () => {
  assert.equal(mcp.serverInfo.version, '2.6.0');
  assert.equal(mcp.tools.length, 12);
  assert.match(await mcp.text('help'), new RegExp(`Current project: .*${project}`));
  assert.match(await mcp.text('help', { topic: 'hookdeck_events' }), /raw_body/);
});

test('connections', async () => {
  const { links } = traffic;
  const { data, meta } = await mcp.json('connections', { action: 'get', id: 'good' });
  assert.deepEqual([data.id, data.source.url, meta.active_project_id], [links.good.id, links.good.source.url, project]);
  assert.deepEqual(ids(await models('connections', { name: 'bad' })), [links.bad.id]);
  assert.deepEqual(ids(await models('connections', { source_id: links.other.source.id })), [links.other.id]);
  assert.deepEqual(ids(await models('connections', { destination_id: links.dead.destination.id })), [links.dead.id]);
  await gateway.api('PUT', `/connections/${links.dead.id}/disable`, {});
  assert.ok(ids(await models('connections', { disabled: true })).includes(links.dead.id));
  await gateway.api('PUT', `/connections/${links.dead.id}/enable`, {});
  await checkPages('connections');
  assert.notEqual((await mcp.json('connections', { action: 'pause', id: links.other.id })).data.paused_at ?? null, null);
  assert.notEqual((await gateway.api('GET', `/connections/${links.other.id}`)).body.paused_at, null);
  await mcp.json('connections', { action: 'unpause', id: links.other.id });
  assert.equal((await gateway.api('GET', `/connections/${links.other.id}`)).body.paused_at, null);
  await mcp.refused(/not found/i, 'connections', { action: 'get', id: 'web_1' });
});

test('sources, destinations and transformations', async () => {
  const { links } = traffic;
  for (const name of ['one', 'two']) await gateway.api('POST', '/transformations', { name, code: `// ${name}` });
  assert.equal((await mcp.json('sources', { action: 'get', id: links.good.source.id })).data.url, links.good.source.url);
  assert.deepEqual(ids(await models('sources', { name: 'others' })), [links.other.source.id]);
  assert.equal((await mcp.json('destinations', { action: 'get', id: links.bad.destination.id })).data.config.url, links.bad.destination.config.url);
  assert.deepEqual(ids(await models('destinations', { name: 'held' })), [links.held.destination.id]);
  const [two] = await models('transformations', { name: 'two' });
  assert.equal((await mcp.json('transformations', { action: 'get', id: two.id })).data.code, '// two');
  for (const tool of ['sources', 'destinations', 'transformations']) await checkPages(tool);
  await mcp.refused(/not found/i, 'sources', { action: 'get', id: 'src_1' });
  await mcp.refused(/not found/i, 'destinations', { action: 'get', id: 'des_1' });
  await mcp.refused(/not found/i, 'transformations', { action: 'get', id: 'trs_1' });
});

test('events are found by all that they can be found by, and shown', async () => {
  const { events, names } = traffic;
  for (const [flags, expected] of [...eventFilters(traffic), [{ id: `${events.good.id},${events.held.id}` }, ['good', 'held']]])
    assert.deepEqual(names(await models('events', snake(flags))), expected, JSON.stringify(flags));
  await checkPages('events', { order_by: 'created_at', dir: 'asc' });
  const { data } = await mcp.json('events', { action: 'get', id: events.bad.id });
  assert.deepEqual([data.status, data.response_status, data.request_id], ['FAILED', 503, events.good.request_id]);
  assert.match(JSON.stringify((await mcp.json('events', { action: 'raw_body', id: events.good.id })).data.raw_body), /order/);
  await mcp.refused(/not found/i, 'events', { action: 'get', id: 'evt_1' });
});

test('requests are found by all that they can be found by, and shown with what became of them', async () => {
  const { events, links, names, before, between, after } = traffic;
  const orders = events.good.request_id, others = events.other.request_id;
  const { body: lonely } = await gateway.api('PUT', '/sources', { name: 'lonely' });
  await fetch(lonely.url, { method: 'POST', body: 'x' });
  const rejected = (await until('the rejected request', async () => (await models('requests', { source_id: lonely.id }))[0])).id;
  for (const [args, expected] of [
    [{ id: `${orders},${others}` }, [others, orders]],
    [{ source_id: links.good.source.id }, [orders]],
    [{ status: 'rejected' }, [rejected]],
    [{ rejection_cause: 'NO_CONNECTION' }, [rejected]],
    [{ path: '/else' }, [others]],
    [{ body: '{"total":5}', headers: '{"x-kind":"order"}', parsed_query: '{"page":"1"}' }, [orders]],
    [{ created_after: before, created_before: between }, [orders]],
    [{ ingested_after: between, ingested_before: after }, [rejected, others]],
    [{ verified: true }, []],
    [{ order_by: 'ingested_at', dir: 'asc' }, [orders, others, rejected]],
  ]) assert.deepEqual(ids(await models('requests', args)), expected, JSON.stringify(args));
  await checkPages('requests');
  assert.equal((await mcp.json('requests', { action: 'get', id: orders })).data.events_count, 4);
  assert.match(JSON.stringify((await mcp.json('requests', { action: 'raw_body', id: orders })).data.raw_body), /order/);
  for (const [flags, expected] of eventFilters(traffic)) {
    const { data } = await mcp.json('requests', { action: 'events', id: orders, ...snake(flags) });
    assert.deepEqual(names(data.models), expected.filter((name) => name !== 'other'), JSON.stringify(flags));
  }
  assert.deepEqual((await mcp.json('requests', { action: 'ignored_events', id: orders })).data.models, []);
  await mcp.refused(/not found/i, 'requests', { action: 'get', id: 'req_1' });
});

test('attempts', async () => {
  const { events } = traffic;
  await gateway.api('POST', `/events/${events.bad.id}/retry`);
  const both = await until('the second attempt', async () => {
    const list = await models('attempts', { event_id: events.bad.id, order_by: 'created_at', dir: 'asc' });
    return list.length === 2 && list;
  });
  assert.deepEqual(both.map(({ trigger }) => trigger), ['INITIAL', 'MANUAL']);
  await checkPages('attempts', { event_id: events.bad.id });
  assert.equal((await mcp.json('attempts', { action: 'get', id: both[0].id })).data.response_status, 503);
  await mcp.refused(/not found/i, 'attempts', { action: 'get', id: 'atm_1' });
});

test('issues', async () => {
  const { links } = traffic;
  const found = await until('the issues', async () => {
    const list = await models('issues', { type: 'delivery' });
    return list.length >= 2 && list;
  });
  const bad = found.find(({ aggregation_keys: keys }) => keys.webhook_id.includes(links.bad.id));
  const [trigger] = (await gateway.api('GET', '/issue-triggers?type=delivery')).body.models;
  const shown = (await mcp.json('issues', { action: 'get', id: bad.id })).data;
  assert.deepEqual([shown.id, shown.status, shown.aggregation_keys.response_status], [bad.id, 'OPENED', [503]]);
  assert.deepEqual(ids(await models('issues', { type: 'delivery', filter_status: 'OPENED', issue_trigger_id: trigger.id })).sort(), ids(found).sort());
  assert.deepEqual(await models('issues', { filter_status: 'RESOLVED' }), []);
  await checkPages('issues', { order_by: 'created_at', dir: 'asc' });
  await mcp.refused(/not found|no issue/i, 'issues', { action: 'get', id: 'iss_1' });
});

test('metrics', async () => {
  const { links } = traffic;
  const range = { start: new Date(Date.now() - 3600000).toISOString(), end: new Date(Date.now() + 3600000).toISOString() };
  // [{ dimension..., measure... }]
  const metrics = async (action, args) => (await mcp.json('metrics', { action, measures: ['count'], ...range, ...args })).data
    .map(({ dimensions, metrics: values }) => ({ ...dimensions, ...values }));
  const count = async (action, args) => (await metrics(action, args)).reduce((sum, row) => sum + row.count, 0);
  const pausing = { connection_id: links.held.id };
  assert.equal(await count('events', pausing), 1);
  assert.deepEqual(await metrics('events', { ...pausing, dimensions: ['status'], granularity: '1d' }), [{ status: 'HOLD', count: 1 }]);
  assert.equal(await count('events', { source_id: links.other.source.id, destination_id: links.other.destination.id, status: 'SUCCESSFUL' }), 1);
  assert.equal(await count('events', { issue_id: 'iss_1', dimensions: ['issue_id'] }), 0);
  assert.equal(await count('requests', { source_id: links.good.source.id, status: 'ACCEPTED' }), 1);
  assert.equal(await count('attempts', { destination_id: links.dead.destination.id, status: 'FAILED' }), 1);
  assert.equal(await count('attempts', { destination_id: links.dead.destination.id, delivery_group: 'group' }), 0);
  assert.equal(await count('transformations', { connection_id: links.good.id, issue_id: 'iss_1' }), 0);
  await mcp.refused(/measure/, 'metrics', { action: 'events', ...range, measures: ['nonsense'] });
});

test('projects are listed and used', async () => {
  const { body: shop } = await gateway.api('POST', '/projects', { name: 'shop' });
  const { data: { projects } } = await mcp.json('projects', { action: 'list' });
  assert.deepEqual(projects.map(({ id, current }) => [id, current]).sort(), [[project, true], [shop.id, false]].sort());
  assert.equal((await mcp.json('projects', { action: 'use', project_id: shop.id })).meta.active_project_id, shop.id);
  assert.deepEqual(await models('sources'), []);
  await mcp.json('projects', { action: 'use', project_id: project });
  assert.ok((await models('sources')).length > 0);
  await mcp.refused(/not found/i, 'projects', { action: 'use', project_id: 'tm_1' });
});

test('it tells that it is signed in, and signs in anew', async () => {
  assert.match(await mcp.text('login'), /Already authenticated/);
  const [page] = /http:\S+\/sign-in\/\w+/.exec(await mcp.text('login', { reauth: true }));
  await mcp.refused(/hookdeck_login/, 'projects', { action: 'list' });
  assert.equal((await fetch(page, { method: 'POST', body: new URLSearchParams({ key: gateway.key }) })).status, 200);
  await until('the sign-in', async () => /Already authenticated/.test(await mcp.text('login')));
  const { data, meta } = await mcp.json('sources', { action: 'list', limit: 1 });
  assert.deepEqual([data.models.length, meta.active_project_id], [1, project]);
});

test('every tool was called with every action and argument', (t) => t.diagnostic(mcp.coverage()));
