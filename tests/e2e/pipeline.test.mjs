// What rules make of webhooks: filter, deduplicate and transform, in their order, from the sender to the destination.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';

let gateway, sink, ok, counter = 0;
const SET = (...pairs) => pairs.flatMap((pair) => ['--set', pair]);

before(async () => {
  gateway = await startGateway({ args: SET('issue_check_ms=100') });
  sink = await startSink();
  ({ ok } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

// Code of a transformation whose handler is `body`.
const code = (body) => `addHandler('transform', (request, context) => { ${body}; return request; });`;
const transform = (body, name = `t-${++counter}`) => ({ type: 'transform', transformation: { name, code: code(body) } });

async function connect(rules, { calls = { ok }, name = `c-${++counter}`, to = sink } = {}) {
  const connection = await calls.ok('PUT', '/connections', {
    name, source: { name: `in-${name}` }, rules, destination: { name: `out-${name}`, type: 'HTTP', config: { url: `${to.url}/${name}` } },
  });
  return {
    connection, name,
    send: (body, { path = '', headers = {}, method = 'POST' } = {}) => post(connection.source.url + path, body, headers, method),
    received: () => to.received.filter(({ url }) => url.split(/[/?]/)[1] === name),
  };
}
async function post(url, body, headers = {}, method = 'POST') {
  const reply = await fetch(url, {
    method, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  assert.equal(reply.status, 200);
  return (await reply.json()).request_id;
}
const settled = (id, count = 1, calls = { ok }) => until(`an end of ${id}`, async () => {
  const request = await calls.ok('GET', `/requests/${id}`);
  return request.events_count + request.ignored_count >= count && request;
});
const ignoredOf = async (id) => (await ok('GET', `/requests/${id}/ignored_events`)).models;
const eventsOf = async (id) => (await ok('GET', `/requests/${id}/events`)).models;
const successful = (id, calls = { ok }) => until(`the delivery of ${id}`, async () =>
  (await calls.ok('GET', `/events?request_id=${id}&status=SUCCESSFUL`)).models[0]);
const bodies = (hits) => hits.map(({ body }) => JSON.parse(body));

describe('filters', () => {
  const CASES = [
    // [rule, what passes: [body, options], what does not, the parts that fail]
    [{ body: { type: 'order.paid', amount: { $gte: 100 } } }, [{ type: 'order.paid', amount: 100 }], [{ type: 'order.paid', amount: 99 }], ['body']],
    [{ headers: { 'x-shop': 'de' } }, [{}, { headers: { 'X-Shop': 'de' } }], [{}, { headers: { 'x-shop': 'fr' } }], ['headers']],
    [{ query: { page: '2' } }, [{}, { path: '?page=2' }], [{}, { path: '?page=3' }], ['query']],
    [{ path: { $startsWith: '/paid' } }, [{}, { path: '/paid/1' }], [{}, { path: '/open/1' }], ['path']],
    [{ body: { a: 1 }, path: '/x' }, [{ a: 1 }, { path: '/x' }], [{ a: 2 }, { path: '/y' }], ['body', 'path']],
    [{ body: { $not: { a: 1 } } }, [{ a: 2 }], [{ a: 1 }], ['body']],
    [{ body: { $startsWith: '<order' } }, ['<order/>', { headers: { 'content-type': 'application/xml' } }],
      ['<bill/>', { headers: { 'content-type': 'application/xml' } }], ['body']],
  ];
  for (const [rule, passes, fails, parts] of CASES)
    test(JSON.stringify(rule), async () => {
      const { send, received } = await connect([{ type: 'filter', ...rule }]);
      const good = await send(...passes);
      const bad = await send(...fails);
      assert.deepEqual([(await settled(good)).events_count, (await settled(bad)).events_count], [1, 0]);
      await successful(good);
      assert.equal(received().length, 1);
      const [ignored] = await ignoredOf(bad);
      assert.equal(ignored.cause, 'FILTERED');
      assert.deepEqual([...ignored.meta].sort(), parts);
      assert.equal(ignored.id, `${bad}:${ignored.webhook_id}`);
    });

  test('each connection of a source decides for itself', async () => {
    const source = { name: 'shared' };
    const make = (name, body) => ok('PUT', '/connections', {
      name, source, destination: { name, type: 'HTTP', config: { url: `${sink.url}/${name}` } }, rules: [{ type: 'filter', body }],
    });
    const { source: { url } } = await make('shared-a', { to: 'a' });
    await make('shared-b', { to: 'b' });
    await make('shared-ab', { to: { $in: ['a', 'b'] } });
    const id = await post(url, { to: 'b' });
    const request = await settled(id, 3);
    assert.deepEqual([request.events_count, request.ignored_count], [2, 1]);
  });

  test('a changed filter counts from the next webhook on', async () => {
    const { connection, send } = await connect([{ type: 'filter', body: { a: 1 } }]);
    assert.equal((await settled(await send({ a: 2 }))).events_count, 0);
    await ok('PUT', `/connections/${connection.id}`, { rules: [{ type: 'filter', body: { a: 2 } }] });
    assert.equal((await settled(await send({ a: 2 }))).events_count, 1);
  });
});

describe('duplicates', () => {
  const rule = (more) => ({ type: 'deduplicate', window: 60000, ...more });

  test('of all that was sent, and of chosen fields', async () => {
    const whole = await connect([rule()]);
    const chosen = await connect([rule({ include_fields: ['body.id'] })]);
    const without = await connect([rule({ exclude_fields: ['body.at'] })]);
    const ends = async ({ send }, ...list) => {
      const counts = [];
      for (const body of list) counts.push((await settled(await send(body))).events_count);
      return counts;
    };
    assert.deepEqual(await ends(whole, { id: 1 }, { id: 1 }, { id: 2 }), [1, 0, 1]);
    assert.deepEqual(await ends(chosen, { id: 1, at: 1 }, { id: 1, at: 2 }, { id: 2, at: 2 }), [1, 0, 1]);
    assert.deepEqual(await ends(without, { id: 1, at: 1 }, { id: 1, at: 2 }, { id: 2, at: 2 }), [1, 0, 1]);
  });

  test('the ignored event says so, and a filter behind does not hide it', async () => {
    const { send } = await connect([rule({ include_fields: ['body.id'] }), { type: 'filter', body: { ok: true } }]);
    assert.equal((await ignoredOf(await send({ id: 1, ok: false })))[0].cause, 'FILTERED');
    const [ignored] = await ignoredOf(await send({ id: 1, ok: true }));
    assert.equal(ignored.cause, 'DUPLICATE');
    assert.equal(ignored.meta, null);
  });

  test('what a filter in front lets go is not remembered', async () => {
    const { send } = await connect([{ type: 'filter', body: { ok: true } }, rule({ include_fields: ['body.id'] })]);
    assert.equal((await settled(await send({ id: 1, ok: false }))).events_count, 0);
    assert.equal((await settled(await send({ id: 1, ok: true }))).events_count, 1);
  });

  test('the window ends, counted from the first', async () => {
    const { send } = await connect([rule({ window: 1000, include_fields: ['body.id'] })]);
    const start = Date.now();
    assert.equal((await settled(await send({ id: 1 }))).events_count, 1);
    const second = await settled(await send({ id: 1 }));
    if (Date.now() - start < 1000) assert.equal(second.events_count, 0);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    assert.equal((await settled(await send({ id: 1 }))).events_count, 1);
  });

  test('a changed rule starts afresh; whoever asks for a request again gets it', async () => {
    const { connection, send } = await connect([rule({ include_fields: ['body.id'] })]);
    const first = await send({ id: 1 });
    await successful(first);
    const duplicate = await send({ id: 1 });
    assert.equal((await settled(duplicate)).events_count, 0);
    await ok('POST', `/requests/${first}/retry`, {});
    assert.equal((await settled(first, 2)).events_count, 2);
    await ok('POST', `/requests/${duplicate}/retry`, {});
    assert.equal((await settled(duplicate, 2)).events_count, 1);
    await ok('PUT', `/connections/${connection.id}`, { rules: [rule({ include_fields: ['body.id', 'path'] })] });
    assert.equal((await settled(await send({ id: 1 }))).events_count, 1);
  });

  test('many at one moment make one event', async () => {
    const { send } = await connect([rule({ include_fields: ['body.id'] })]);
    const ids = await Promise.all(Array.from({ length: 50 }, () => send({ id: 7 })));
    const requests = await Promise.all(ids.map((id) => settled(id)));
    assert.equal(requests.reduce((sum, { events_count }) => sum + events_count, 0), 1);
  });
});

describe('transformations', () => {
  test('what is delivered, shown, kept and sent again is what the code made', async () => {
    const { connection, send, received } = await connect([transform(`
      request.body = { total: request.body.a + request.body.b, connection: context.connection.name };
      request.headers['x-made'] = 'yes'; request.path = '/made'; request.query = 'q=1'; console.log('added', request.body.total)`)]);
    const id = await send({ a: 1, b: 2 }, { path: '/old?x=1' });
    const event = await successful(id);
    const [hit] = received();
    assert.deepEqual(JSON.parse(hit.body), { total: 3, connection: connection.name });
    assert.equal(hit.headers['x-made'], 'yes');
    assert.ok(hit.url.endsWith('/made?q=1'), hit.url);
    const { data } = await ok('GET', `/events/${event.id}`);
    assert.deepEqual([data.body, data.path, data.query, data.parsed_query], [{ total: 3, connection: connection.name }, '/made', 'q=1', { q: '1' }]);
    assert.equal(JSON.parse((await ok('GET', `/events/${event.id}/raw_body`)).body).total, 3);
    assert.deepEqual((await ok('GET', `/requests/${id}`)).data.body, { a: 1, b: 2 });
    const { transformation_id } = connection.rules[0];
    const { models: [execution] } = await ok('GET', `/transformations/${transformation_id}/executions`);
    const whole = await ok('GET', `/transformations/${transformation_id}/executions/${execution.id}`);
    assert.equal(whole.log_level, 'info');
    assert.deepEqual(whole.logs, [{ type: 'log', message: 'added 3' }]);
    assert.equal(whole.webhook_id, connection.id);
    assert.deepEqual(whole.original_event_data.body, { a: 1, b: 2 });
    assert.deepEqual(whole.transformed_event_data.body, data.body);
    await ok('POST', `/events/${event.id}/retry`);
    await until('the second delivery', () => received().length === 2);
    assert.deepEqual(JSON.parse(received()[1].body), data.body);
  });

  test('rules go in their order, each on what the one before made', async () => {
    const { send, received, connection } = await connect([
      { type: 'filter', body: { step: 0 } }, transform('request.body.step++'), { type: 'filter', body: { step: 1 } },
      { type: 'deduplicate', window: 60000, include_fields: ['body.key'] },
      transform('request.body.step++; request.body.key = 5'), { type: 'filter', body: { step: 2, key: 5 } },
    ]);
    const good = await send({ step: 0, key: 1 });
    await successful(good);
    assert.deepEqual(bodies(received()), [{ step: 2, key: 5 }]);
    const duplicate = await send({ step: 0, key: 1 });
    await settled(duplicate);
    assert.equal((await ignoredOf(duplicate))[0].cause, 'DUPLICATE');
    assert.equal((await settled(await send({ step: 1, key: 9 }))).events_count, 0);
    const executions = await Promise.all(connection.rules.filter(({ type }) => type === 'transform').map(async ({ transformation_id }) => {
      const { models } = await ok('GET', `/transformations/${transformation_id}/executions?order_by=created_at&dir=asc`);
      return ok('GET', `/transformations/${transformation_id}/executions/${models[0].id}`);
    }));
    assert.deepEqual(executions[1].original_event_data.body, { step: 1, key: 1 });
    assert.equal(executions[1].original_event_data_id, executions[0].transformed_event_data_id);
  });

  test('a filter behind a transformation tells its parts', async () => {
    const { send } = await connect([transform('request.body.a = 2'), { type: 'filter', body: { a: 1 } }]);
    const id = await send({ a: 1 });
    assert.deepEqual([(await settled(id)).events_count, (await ignoredOf(id))[0].meta], [0, ['body']]);
  });

  test('code that throws makes an ignored event and an issue; mended, the request goes its way', async () => {
    const rule = transform('throw new Error("no such order")');
    const { connection, send, received } = await connect([rule]);
    const { transformation_id } = connection.rules[0];
    const id = await send({ a: 1 });
    assert.equal((await settled(id)).events_count, 0);
    const [ignored] = await ignoredOf(id);
    assert.deepEqual([ignored.cause, ignored.meta], ['TRANSFORMATION_FAILED', { transformation_id }]);
    const { models: [execution] } = await ok('GET', `/transformations/${transformation_id}/executions`);
    assert.equal(execution.log_level, 'fatal');
    assert.match(execution.logs.at(-1).message, /no such order/);
    const issue = await until('an issue', async () => (await ok('GET', '/issues?type=transformation')).models
      .find(({ aggregation_keys }) => aggregation_keys.transformation_id.includes(transformation_id)));
    assert.equal(execution.issue_id ?? (await ok('GET', `/transformations/${transformation_id}/executions/${execution.id}`)).issue_id, issue.id);
    await ok('PUT', `/transformations/${transformation_id}`, { code: code('request.body.mended = true') });
    const plan = await ok('POST', '/bulk/ignored-events/retry', { query: { transformation_id, cause: 'TRANSFORMATION_FAILED' } });
    assert.equal(plan.estimated_count, 1);
    await successful(id);
    assert.deepEqual(bodies(received()), [{ a: 1, mended: true }]);
    assert.equal((await ok('GET', `/requests/${id}`)).events_count, 1);
  });

  test('changed code counts from the next webhook on, on every connection that has it', async () => {
    const { connection, send } = await connect([transform('request.body.version = 1', 'changing')]);
    const other = await connect([{ type: 'transform', transformation_id: connection.rules[0].transformation_id }]);
    const made = async (id) => (await ok('GET', `/events/${(await successful(id)).id}`)).data.body.version;
    assert.equal(await made(await send({})), 1);
    for (const version of [2, 3, 4, 5]) {
      await ok('PUT', `/transformations/${connection.rules[0].transformation_id}`, { code: code(`request.body.version = ${version}`) });
      assert.deepEqual([await made(await send({})), await made(await other.send({}))], [version, version]);
    }
  });

  test('delayed, paused and disabled connections', async () => {
    const delayed = await connect([transform('request.body.a = 1'), { type: 'delay', delay: 300 }]);
    const start = Date.now();
    await successful(await delayed.send({}));
    assert.ok(delayed.received()[0].at - start >= 300);
    const paused = await connect([transform('request.body.a = 1')]);
    await ok('PUT', `/connections/${paused.connection.id}/pause`);
    const id = await paused.send({});
    await settled(id);
    assert.equal((await eventsOf(id))[0].status, 'HOLD');
    await ok('PUT', `/connections/${paused.connection.id}/unpause`);
    await successful(id);
    assert.deepEqual(bodies(paused.received()), [{ a: 1 }]);
    await ok('PUT', `/connections/${paused.connection.id}/disable`);
    assert.equal((await settled(await paused.send({}))).events_count, 0);
  });

  test('bodies that are no JSON are texts; replays and bookmarks run the code again', async () => {
    const { connection, send, received } = await connect([transform(`request.body = request.body.replace('old', 'new')`)]);
    const id = await send('<old/>', { headers: { 'content-type': 'application/xml' } });
    await successful(id);
    assert.equal(`${received()[0].body}`, '<new/>');
    assert.equal(received()[0].headers['content-type'], 'application/xml');
    await ok('POST', `/requests/${id}/retry`, {});
    await until('the second', () => received().length === 2);
    const bookmark = await ok('POST', '/bookmarks', { webhook_id: connection.id, event_data_id: `edt_${id.slice(4)}`, label: 'l', name: `b-${counter}` });
    await ok('POST', `/bookmarks/${bookmark.id}/trigger`, {});
    await until('the third', () => received().length === 3);
    assert.ok(received().every(({ body }) => `${body}` === '<new/>'));
  });

  test('metrics count executions and what came of them', async () => {
    const { connection, send } = await connect([transform('if (request.body.bad) throw 1')]);
    await settled(await send({}));
    await settled(await send({ bad: true }));
    const { transformation_id } = connection.rules[0];
    const now = Date.now(), at = (ms) => encodeURIComponent(new Date(ms).toISOString());
    const { data } = await ok('GET', `/metrics/transformations?measures[]=count&measures[]=failed_count&date_range[start]=${at(now - 3600000)}` +
      `&date_range[end]=${at(now + 60000)}&filters[transformation_id]=${transformation_id}`);
    assert.deepEqual([data[0].metrics.count, data[0].metrics.failed_count], [2, 1]);
  });
});

describe('many at once', () => {
  test('more than memory holds waits in the store, and all of it passes once', async () => {
    const small = await startGateway({ args: SET('passages=4') });
    try {
      const calls = callsOf(small);
      const slow = await connect([transform('for (let i = 0; i < 500; i++) JSON.stringify(request); request.body.slow = 1')], { calls });
      const quick = await connect([transform('request.body.quick = 1')], { calls });
      const numbers = Array.from({ length: 100 }, (_, i) => i);
      await Promise.all(numbers.flatMap((i) => [slow.send({ i }), quick.send({ i })]));
      await until('all deliveries', () => slow.received().length >= 100 && quick.received().length >= 100, { tries: 1200 });
      for (const { received } of [slow, quick])
        assert.deepEqual(bodies(received()).map(({ i }) => i).sort((a, b) => a - b), numbers);
    } finally {
      await small.stop();
    }
  });

  test('without a program for transformations everything else goes on, and what waits passes after a start with one', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-passages-'));
    try {
      const without = await startGateway({ dir, env: { FAIRLEAD_TRANSFORM_PROGRAM: '/nonexistent' } });
      const calls = callsOf(without);
      const plain = await connect([], { calls });
      const { send, received, name } = await connect([transform('request.body.done = 1')], { calls });
      const id = await send({ i: 1 });
      await successful(await plain.send({}), calls);
      const { events_count, ignored_count } = await calls.ok('GET', `/requests/${id}`);
      assert.deepEqual([events_count, ignored_count, received().length], [0, 0, 0]);
      await without.stop();
      const mended = await startGateway({ dir });
      await successful(id, callsOf(mended));
      assert.deepEqual(bodies(received()), [{ i: 1, done: 1 }], name);
      await mended.stop();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
