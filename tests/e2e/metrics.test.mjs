// Metrics: what was sent, delivered, refused and held, counted by everything that it can be counted by.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesStrangers } from './resource.mjs';

const ENDPOINTS = ['requests', 'events', 'attempts', 'queue-depth', 'transformations', 'events-by-issue', 'events-pending-timeseries'];
const NOWHERE = 'http://127.0.0.1:1'; // refuses connections
const SLOW_MS = 40;

let gateway, sink, ok, refused, start;
const places = {}; // connection by name

const query = (parameters) => Object.entries(parameters).flatMap(([name, value]) =>
  [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`)).join('&');
const range = () => ({ 'date_range[start]': start, 'date_range[end]': new Date(Date.now() + 1000).toISOString() });

async function metrics(endpoint, measures, { dimensions = [], ...more } = {}) {
  const reply = await ok('GET', `/metrics/${endpoint}?${query({ ...range(), 'measures[]': measures, 'dimensions[]': dimensions, ...more })}`);
  assert.equal(reply.metadata.row_count, reply.data.length);
  assert.equal(reply.metadata.truncated, false);
  for (const row of reply.data) {
    assert.deepEqual(Object.keys(row.metrics), [measures].flat());
    assert.deepEqual(Object.keys(row.dimensions), [dimensions].flat());
    for (const value of Object.values(row.metrics)) assert.equal(typeof value, 'number');
  }
  return reply.data;
}
const one = async (...args) => {
  const data = await metrics(...args);
  assert.equal(data.length, 1);
  assert.equal(data[0].time_bucket, null);
  return data[0].metrics;
};
// { value of the dimension: number }
const by = async (endpoint, measure, dimension, more) => Object.fromEntries(
  (await metrics(endpoint, measure, { dimensions: [dimension], ...more })).map((row) => [row.dimensions[dimension], row.metrics[measure]]));
// The same of a list.
function countBy(models, key) {
  const counts = {};
  for (const model of models) counts[model[key]] = (counts[model[key]] ?? 0) + 1;
  return counts;
}
async function all(path) {
  const models = [];
  for (let next = ''; next !== undefined;) {
    const page = await ok('GET', `${path}${path.includes('?') ? '&' : '?'}limit=100${next && `&next=${next}`}`);
    models.push(...page.models);
    next = page.pagination.next;
  }
  return models;
}
const send = (name, count, { type = 'application/json', body = '{"a":1}' } = {}) => Promise.all(Array.from({ length: count }, () =>
  fetch(places[name].source.url, { method: 'POST', headers: { 'content-type': type }, body })));

// Sources and destinations in which webhooks succeed (10), fail (6), are refused a connection (4), are retried (3), held (5) and
// rejected (7 as no JSON, 2 as their source is disabled); those that succeed go to a second destination too (10).
before(async () => {
  gateway = await startGateway({ args: ['--set', 'metric_sample_ms=100'] });
  let retried = 0;
  sink = await startSink(({ url }) => {
    if (url.startsWith('/fail')) return { status: 500 };
    if (url.startsWith('/retry')) return { status: ++retried <= 3 ? 503 : 200 };
    return url.startsWith('/slow') ? { delay: SLOW_MS } : {};
  });
  ({ ok, refused } = callsOf(gateway));
  start = new Date(Date.now() - 1000).toISOString();
  const make = async (name, source, url, rules = []) => {
    places[name] = await ok('PUT', '/connections', {
      name, source: { name: source, ...(source === 'good' ? { type: 'WEBHOOK' } : {}) }, rules,
      destination: { name, type: 'HTTP', config: { url } },
    });
  };
  await make('good', 'good', `${sink.url}/good`);
  await make('slow', 'good', `${sink.url}/slow`);
  await make('fail', 'bad', `${sink.url}/fail`);
  await make('nowhere', 'gone', NOWHERE);
  await make('retry', 'again', `${sink.url}/retry`, [{ type: 'retry', strategy: 'linear', interval: 200, count: 3 }]);
  await make('held', 'wait', `${sink.url}/held`);
  await make('disabled', 'off', `${sink.url}/off`);
  await ok('PUT', `/connections/${places.held.id}/pause`, {});
  await ok('PUT', `/sources/${places.disabled.source.id}/disable`, {});
  await send('good', 10);
  await send('good', 7, { body: '{"a":' });
  await send('fail', 6);
  await send('nowhere', 4);
  await send('retry', 3);
  await send('held', 5);
  await send('disabled', 2);
  await until('the end of all deliveries', async () => {
    const events = await all('/events');
    return events.length === 38 && events.every((event) => event.status === 'HOLD' || event.status === 'SUCCESSFUL' ||
      (event.status === 'FAILED' && event.next_attempt_at === null));
  });
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

describe('requests', () => {
  test('every measure', async () => {
    assert.deepEqual(await one('requests', ['count', 'accepted_count', 'rejected_count', 'discarded_count', 'avg_ignored_per_request']),
      { count: 37, accepted_count: 28, rejected_count: 9, discarded_count: 9, avg_ignored_per_request: 0 });
    const { avg_events_per_request: average } = await one('requests', 'avg_events_per_request');
    assert.ok(Math.abs(average - 38 / 37) < 1e-9);
  });

  test('every dimension', async () => {
    const requests = await all('/requests');
    assert.deepEqual(await by('requests', 'count', 'source_id'), countBy(requests, 'source_id'));
    assert.deepEqual(await by('requests', 'count', 'rejection_cause'), countBy(requests, 'rejection_cause'));
    assert.deepEqual(await by('requests', 'count', 'rejection_cause'), { null: 28, UNPARSABLE_JSON: 7, SOURCE_DISABLED: 2 });
    assert.deepEqual(await by('requests', 'count', 'status'), { ACCEPTED: 28, REJECTED: 9 });
    assert.deepEqual(await by('requests', 'count', 'events_count'), countBy(requests, 'events_count'));
    assert.deepEqual(await by('requests', 'count', 'ignored_count'), countBy(requests, 'ignored_count'));
    assert.deepEqual(await by('requests', 'count', 'bulk_retry_ids'), { null: 37 });
  });

  test('every filter', async () => {
    const count = async (filters) => (await one('requests', 'count', filters)).count;
    assert.equal(await count({ 'filters[source_id]': places.good.source.id }), 17);
    assert.equal(await count({ 'filters[source_id][]': [places.good.source.id, places.fail.source.id] }), 23);
    assert.equal(await count({ 'filters[source_id]': 'src_nothing' }), 0);
    assert.equal(await count({ 'filters[source_id]': '' }), 37);
    assert.equal(await count({ 'filters[rejection_cause]': 'UNPARSABLE_JSON' }), 7);
    assert.equal(await count({ 'filters[status]': 'REJECTED' }), 9);
    assert.equal(await count({ 'filters[status]': 'accepted' }), 28);
    assert.equal(await count({ 'filters[events_count][min]': 1 }), 28);
    assert.equal(await count({ 'filters[events_count][min]': 1, 'filters[events_count][max]': 1 }), 18);
    assert.equal(await count({ 'filters[ignored_count][min]': 1 }), 0);
  });
});

describe('events', () => {
  test('every measure', async () => {
    const { error_rate: rate, avg_attempts: average, ...counts } = await one('events',
      ['count', 'successful_count', 'failed_count', 'scheduled_count', 'paused_count', 'error_rate', 'avg_attempts', 'scheduled_retry_count']);
    assert.deepEqual(counts, { count: 38, successful_count: 23, failed_count: 10, scheduled_count: 0, paused_count: 5, scheduled_retry_count: 0 });
    assert.ok(Math.abs(rate - 10 / 33) < 1e-9, rate);
    const attempts = (await all('/events')).reduce((sum, event) => sum + event.attempts, 0);
    assert.ok(Math.abs(average - attempts / 38) < 1e-9, average);
    const peak = (await one('events', 'max_count_per_second')).max_count_per_second;
    const seconds = countBy((await all('/events')).map((event) => ({ second: event.created_at.slice(0, 19) })), 'second');
    assert.equal(peak, Math.max(...Object.values(seconds)));
  });

  test('every dimension', async () => {
    const events = await all('/events');
    for (const dimension of ['status', 'source_id', 'webhook_id', 'destination_id', 'error_code', 'response_status', 'attempts', 'event_data_id'])
      assert.deepEqual(await by('events', 'count', dimension), countBy(events, dimension), dimension);
    for (const dimension of ['cli_id', 'cli_user_id', 'delivery_group'])
      assert.deepEqual(await by('events', 'count', dimension), { null: 38 }, dimension);
    assert.deepEqual(await by('events', 'count', 'status'), { SUCCESSFUL: 23, FAILED: 10, HOLD: 5 });
    const pairs = await metrics('events', ['count', 'failed_count'], { dimensions: ['destination_id', 'status'] });
    assert.deepEqual(pairs.find((row) => row.dimensions.destination_id === places.fail.destination.id),
      { time_bucket: null, dimensions: { destination_id: places.fail.destination.id, status: 'FAILED' }, metrics: { count: 6, failed_count: 6 } });
  });

  test('every filter', async () => {
    const count = async (filters) => (await one('events', 'count', filters)).count;
    const [event] = (await all(`/events?webhook_id=${places.fail.id}`));
    assert.equal(await count({ 'filters[source_id]': places.good.source.id }), 20);
    assert.equal(await count({ 'filters[webhook_id]': `${places.good.id},${places.fail.id}` }), 16);
    assert.equal(await count({ 'filters[destination_id][0]': places.nowhere.destination.id }), 4);
    assert.equal(await count({ 'filters[status][]': ['HOLD', 'FAILED'] }), 15);
    assert.equal(await count({ 'filters[error_code]': 'CONNECTION_REFUSED' }), 4);
    assert.equal(await count({ 'filters[error_code]': 'NEVER_SEEN' }), 0);
    assert.equal(await count({ 'filters[response_status]': 500 }), 6);
    assert.equal(await count({ 'filters[attempts]': 0 }), 5);
    assert.equal(await count({ 'filters[event_data_id]': event.event_data_id }), 1);
    for (const none of ['issue_ids][', 'bulk_retry_ids][', 'cli_id', 'cli_user_id', 'delivery_group'])
      assert.equal(await count({ [`filters[${none}]`]: 'iss_00000000001' }), 0, none);
    assert.equal(await count({ 'filters[delivery_group]': 'null' }), 38);
  });

  test('a delivery that happens later moves what was counted', async () => {
    await ok('PUT', `/connections/${places.held.id}/unpause`, {});
    await until('the deliveries', async () => (await by('events', 'count', 'status')).SUCCESSFUL === 28);
    assert.deepEqual(await by('events', 'count', 'status'), { SUCCESSFUL: 28, FAILED: 10 });
    assert.equal((await one('attempts', 'count', { 'filters[trigger]': 'UNPAUSE' })).count, 5);
  });

  test('a delay and a cancelled event', async () => {
    const delayed = await ok('PUT', '/connections', { name: 'later', source: { name: 'later' }, rules: [{ type: 'delay', delay: 3600000 }],
      destination: { name: 'later', type: 'HTTP', config: { url: sink.url } } });
    await fetch(delayed.source.url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    const filter = { 'filters[webhook_id]': delayed.id };
    assert.equal((await one('events', 'scheduled_count', filter)).scheduled_count, 1);
    const [event] = await all(`/events?webhook_id=${delayed.id}`);
    await ok('PUT', `/events/${event.id}/cancel`, {});
    assert.deepEqual(await by('events', 'count', 'status', filter), { CANCELLED: 1 });
  });
});

describe('attempts', () => {
  const attempts = async () => (await Promise.all((await all('/events')).map((event) => all(`/attempts?event_id=${event.id}`)))).flat();

  test('every measure', async () => {
    const list = await attempts();
    const values = await one('attempts', ['count', 'successful_count', 'failed_count', 'delivered_count', 'error_rate']);
    const failed = list.filter((attempt) => attempt.status === 'FAILED').length;
    assert.deepEqual(values, { count: list.length, successful_count: list.length - failed, failed_count: failed,
      delivered_count: list.filter((attempt) => attempt.response_status).length, error_rate: failed / list.length });
    assert.ok(failed >= 13, 'those that were retried too');
    const slow = await one('attempts', ['response_latency_avg', 'response_latency_max', 'response_latency_p95', 'response_latency_p99', 'delivery_latency_avg'],
      { 'filters[destination_id]': places.slow.destination.id });
    assert.ok(slow.response_latency_avg >= SLOW_MS - 1 && slow.response_latency_avg <= slow.response_latency_max, JSON.stringify(slow));
    assert.ok(slow.response_latency_p95 >= SLOW_MS * 0.93 && slow.response_latency_p95 <= slow.response_latency_p99, JSON.stringify(slow));
    assert.ok(slow.response_latency_p99 <= slow.response_latency_max * 1.07, JSON.stringify(slow));
    assert.ok(slow.delivery_latency_avg >= 0 && slow.delivery_latency_avg < 60000);
    const none = await one('attempts', ['response_latency_avg', 'response_latency_p95', 'delivered_count'], { 'filters[destination_id]': places.nowhere.destination.id });
    assert.deepEqual(none, { response_latency_avg: 0, response_latency_p95: 0, delivered_count: 0 });
  });

  test('every dimension and filter', async () => {
    const list = await attempts();
    const [event] = await all(`/events?webhook_id=${places.retry.id}`);
    for (const dimension of ['destination_id', 'event_id', 'status', 'error_code', 'trigger', 'bulk_retry_id'])
      assert.deepEqual(await by('attempts', 'count', dimension), countBy(list, dimension), dimension);
    assert.deepEqual(await by('attempts', 'count', 'delivery_group'), { null: list.length });
    const count = async (filters) => (await one('attempts', 'count', filters)).count;
    assert.equal(await count({ 'filters[destination_id]': places.fail.destination.id }), 6);
    assert.equal(await count({ 'filters[event_id]': event.id }), list.filter((attempt) => attempt.event_id === event.id).length);
    assert.equal(await count({ 'filters[status]': 'FAILED' }), list.filter((attempt) => attempt.status === 'FAILED').length);
    assert.equal(await count({ 'filters[error_code]': 'CONNECTION_REFUSED' }), 4);
    assert.equal(await count({ 'filters[trigger]': 'AUTOMATIC' }), list.filter((attempt) => attempt.trigger === 'AUTOMATIC').length);
    assert.equal(await count({ 'filters[bulk_retry_id]': 'x', 'filters[delivery_group]': 'y' }), 0);
  });
});

describe('what waits', () => {
  test('is noted for each destination', async () => {
    const stuck = await startSink(() => ({ delay: 4000 }));
    const waiting = await ok('PUT', '/connections', { name: 'stuck', source: { name: 'stuck' },
      destination: { name: 'stuck', type: 'HTTP', config: { url: stuck.url } } });
    try {
      await Promise.all(Array.from({ length: 8 }, () => fetch(waiting.source.url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })));
      const filter = { 'filters[destination_id]': waiting.destination.id };
      const depth = await until('a note of it', async () => {
        const values = await one('queue-depth', ['max_depth', 'max_age'], filter);
        return values.max_depth === 8 && values.max_age > 200 && values;
      });
      assert.ok(depth.max_age < 60000);
      assert.equal((await by('queue-depth', 'max_depth', 'destination_id'))[waiting.destination.id], 8);
      assert.equal((await by('events-pending-timeseries', 'count', 'destination_id'))[waiting.destination.id], 8);
      const series = await metrics('events-pending-timeseries', 'count', { granularity: '1m' });
      assert.ok(Math.max(...series.map((row) => row.metrics.count)) >= 8);
      assert.equal(series[0].time_bucket.slice(16), ':00.000Z');
    } finally {
      await until('the end of it', async () => (await all(`/events?webhook_id=${waiting.id}&status=SUCCESSFUL`)).length === 8, { tries: 400 });
      await stuck.stop();
    }
  });
});

describe('buckets', () => {
  test('are aligned, in order, and sum up', async () => {
    const whole = (await one('events', 'count')).count;
    for (const [granularity, ms] of [['1s', 1000], ['7s', 7000], ['1m', 60000], ['5m', 300000], ['1h', 3600000], ['1d', 86400000]]) {
      const rows = await metrics('events', 'count', { granularity });
      const moments = rows.map((row) => Date.parse(row.time_bucket));
      assert.ok(moments.every((moment) => moment % ms === 0), granularity);
      assert.deepEqual(moments, [...moments].sort((a, b) => a - b));
      assert.equal(rows.reduce((sum, row) => sum + row.metrics.count, 0), whole, granularity);
    }
    const [week] = await metrics('events', 'count', { granularity: '1w' });
    assert.equal(new Date(week.time_bucket).getUTCDay(), 1);
    const [month] = await metrics('events', 'count', { granularity: '1M' });
    assert.match(month.time_bucket, /-01T00:00:00\.000Z$/);
  });

  test('a range ends before its end', async () => {
    const events = (await all('/events')).map((event) => event.created_at).sort();
    const cut = events[Math.floor(events.length / 2)];
    const count = async (from, to) => (await one('events', 'count', { 'date_range[start]': from, 'date_range[end]': to })).count;
    assert.equal(await count(events[0], cut), events.filter((moment) => moment < cut).length);
    assert.equal(await count(cut, new Date(Date.now() + 3600000).toISOString()), events.filter((moment) => moment >= cut).length);
    assert.equal(await count('2020-01-01', '2020-02-01'), 0);
  });

  test('without a range it is the last day', async () => {
    const reply = await ok('GET', '/metrics/requests?measures=count,rejected_count');
    assert.equal(reply.data[0].metrics.rejected_count, 9);
    assert.equal(reply.metadata.granularity, null);
    assert.equal(typeof reply.metadata.query_time_ms, 'number');
    assert.ok(reply.metadata.row_limit > 0);
  });
});

test('transformations and issues have nothing yet', async () => {
  const measures = ['count', 'successful_count', 'failed_count', 'error_rate', 'error_count', 'warn_count', 'info_count', 'debug_count'];
  assert.deepEqual(await one('transformations', measures), Object.fromEntries(measures.map((name) => [name, 0])));
  assert.deepEqual(await metrics('transformations', 'count', { dimensions: ['transformation_id', 'webhook_id', 'log_level', 'issue_id'] }), []);
  assert.deepEqual(await one('transformations', 'count', { 'filters[log_level]': 'error', 'filters[webhook_id]': 'web_x', 'filters[issue_id]': 'iss_x' }), { count: 0 });
  assert.deepEqual(await one('events-by-issue', 'count', { 'filters[issue_id]': 'iss_00000000001' }), { count: 0 });
  assert.deepEqual(await metrics('events-by-issue', 'count', { dimensions: ['issue_id', 'source_id', 'destination_id', 'webhook_id'],
    'filters[issue_id][]': ['iss_00000000001', 'iss_00000000002'] }), []);
});

describe('delivery groups', () => {
  const ODD = 'a,"b\\ é', OBJECT = '{"x":[1]}';
  let connection, filter;
  const post = (tenants) => Promise.all(tenants.map((tenant) =>
    fetch(connection.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(tenant === undefined ? {} : { tenant }) })));
  const put = (name, url, delivery_policy) => ok('PUT', '/connections', { name, source: { name }, destination: { name, type: 'HTTP', config: { url, delivery_policy } } });
  const ended = async (count) => until('the end of the deliveries', async () => {
    const events = await all(`/events?webhook_id=${connection.id}`);
    return events.length === count && events.every((event) => event.status === 'SUCCESSFUL' || event.status === 'FAILED');
  });
  let own;

  // 5 of a, 3 of b (which fail), 2 of one with an odd name, 1 without the key, 1 of an object, and 4 from before there were groups
  before(async () => {
    own = await startSink(({ body }) => (JSON.parse(body).tenant === 'b' ? { status: 500 } : {}));
    connection = await put('grouped', own.url, null);
    filter = { 'filters[destination_id]': connection.destination.id };
    await post(Array(4).fill('a'));
    await ended(4);
    await put('grouped', own.url, { groups: { key: 'body.tenant' } });
    await post([...Array(5).fill('a'), ...Array(3).fill('b'), ODD, ODD, undefined, { x: [1] }]);
    await ended(16);
  });
  after(async () => own?.stop());

  const GROUPS = { null: 4, __unknown__: 1, a: 5, [ODD]: 2, b: 3, [OBJECT]: 1 };
  for (const endpoint of ['events', 'attempts']) {
    test(`${endpoint} are told apart`, async () => {
      const rows = await metrics(endpoint, ['count', 'failed_count', 'error_rate'], { dimensions: ['delivery_group'], ...filter });
      assert.deepEqual(rows.map(({ dimensions, metrics: values }) => [dimensions.delivery_group, values.count]),
        [[null, 4], ['__unknown__', 1], ['a', 5], [ODD, 2], ['b', 3], [OBJECT, 1]], 'in the order of their names');
      assert.equal(rows.reduce((sum, row) => sum + row.metrics.count, 0), (await one(endpoint, 'count', filter)).count);
      assert.deepEqual(rows.map((row) => row.metrics.error_rate), [0, 0, 0, 0, 1, 0]);
      const count = async (value, name = 'delivery_group') => (await one(endpoint, 'count', { ...filter, [`filters[${name}]`]: value })).count;
      for (const [group, expected] of Object.entries(GROUPS)) assert.equal(await count(group), expected, group);
      assert.equal(await count(['a', ODD], 'delivery_group]['), 7);
      assert.equal(await count(['null', 'b'], 'delivery_group]['), 7);
      assert.equal(await count([OBJECT, 'b'], 'delivery_group]['), 4);
      assert.equal(await count('a,b'), 0, 'a group may hold a comma');
      assert.equal(await count(''), 16, 'no value is no filter');
      assert.equal((await one(endpoint, 'error_rate', { ...filter, 'filters[delivery_group]': 'b' })).error_rate, 1);
      const minutes = await metrics(endpoint, 'count', { dimensions: ['delivery_group', 'destination_id'], granularity: '1m', 'filters[delivery_group]': 'a' });
      assert.equal(minutes.reduce((sum, row) => sum + row.metrics.count, 0), 5);
      assert.ok(minutes.every(({ dimensions }) => dimensions.delivery_group === 'a' && dimensions.destination_id === connection.destination.id));
    });
  }

  test('what waits is noted for each', async () => {
    const stuck = await put('stuck-groups', own.url, { groups: { key: 'body.tenant', rate: 1, rate_period: 'hour' } });
    connection = stuck;
    await post([...Array(6).fill('x'), ...Array(3).fill('y')]);
    const only = { 'filters[destination_id]': stuck.destination.id };
    const depths = (more) => by('queue-depth', 'max_depth', 'delivery_group', { ...only, ...more });
    // one of each goes out at once, perhaps before it was seen to wait
    const seen = await until('a note of both', async () => {
      const found = await depths();
      return found.x >= 5 && found.y >= 2 && found;
    });
    assert.deepEqual(Object.keys(seen).sort(), ['x', 'y']);
    assert.ok(seen.x <= 6 && seen.y <= 3, JSON.stringify(seen));
    const { max_depth: deepest, max_age: age } = await one('queue-depth', ['max_depth', 'max_age'], { ...only, 'filters[delivery_group]': 'y' });
    assert.ok(deepest >= 2 && deepest <= 3 && age >= 0 && age < 60000, `${deepest} ${age}`);
    const whole = (await one('queue-depth', 'max_depth', only)).max_depth;
    assert.ok(whole >= 7 && whole <= 9, 'all groups of it together');
    assert.ok((await one('queue-depth', 'max_depth', { ...only, 'filters[delivery_group][]': ['y', 'x'] })).max_depth <= 6);
    assert.equal((await one('queue-depth', 'max_depth', { ...only, 'filters[delivery_group]': 'z' })).max_depth, 0);
    // without groups there is one that is null, whatever else waits
    const plain = await put('stuck-alone', own.url, { rate: 1, period: 'hour' });
    connection = plain;
    await post(['x', 'x', 'x']);
    const alone = { 'filters[destination_id]': plain.destination.id };
    await until('a note of it', async () => (await by('queue-depth', 'max_depth', 'delivery_group', alone)).null >= 2);
    assert.ok((await one('queue-depth', 'max_depth', { ...alone, 'filters[delivery_group]': 'null' })).max_depth >= 2);
    assert.deepEqual((await metrics('queue-depth', 'max_depth', { dimensions: ['destination_id', 'delivery_group'] }))
      .filter(({ dimensions }) => dimensions.destination_id === plain.destination.id).map(({ dimensions }) => dimensions.delivery_group), [null]);
  });
});

test('what a bulk operation retried', async () => {
  const bulk = await ok('POST', '/bulk/events/retry', { query: { webhook_id: places.fail.id } });
  await until('its end', async () => !(await ok('GET', `/bulk/events/retry/${bulk.id}`)).in_progress);
  await until('the attempts', async () => (await one('attempts', 'count', { 'filters[trigger]': 'BULK_RETRY' })).count === 6);
  assert.equal((await one('attempts', 'count', { 'filters[bulk_retry_id]': bulk.id })).count, 6);
  assert.equal((await by('attempts', 'count', 'bulk_retry_id'))[bulk.id], 6);
  assert.equal((await one('events', 'count', { 'filters[bulk_retry_ids][]': bulk.id })).count, 6);
  assert.equal((await one('requests', 'count', { 'filters[bulk_retry_ids][]': bulk.id })).count, 6);
  assert.equal((await by('requests', 'count', 'bulk_retry_ids'))[bulk.id], 6);
});

describe('refusals', () => {
  const refuses = async (endpoint, parameters, pattern) => {
    const error = await refused(422, 'GET', `/metrics/${endpoint}?${query(parameters)}`);
    assert.ok(error.data.some((text) => pattern.test(text)), `${JSON.stringify(parameters)}: ${error.data}`);
  };

  test('of what is missing or unknown', async () => {
    for (const endpoint of ENDPOINTS) {
      await refusesStrangers(refused, 'GET', `/metrics/${endpoint}?measures[]=count`);
      await refuses(endpoint, range(), /^measures: is required/);
      await refuses(endpoint, { ...range(), 'measures[]': 'nonsense' }, /^measures\[0\]: "nonsense" is not one of/);
      await refuses(endpoint, { ...range(), 'measures[]': 'count', 'dimensions[]': 'nonsense' }, /^dimensions\[0\]: "nonsense"/);
      await refuses(endpoint, { ...range(), 'measures[]': 'count', 'filters[nonsense]': 'x' }, /^filters\.nonsense: is not a field/);
      await refuses(endpoint, { ...range(), 'measures[]': 'count', nonsense: 'x' }, /^nonsense: is not a parameter/);
    }
    await refuses('events-by-issue', { ...range(), 'measures[]': 'count' }, /^filters: is required/);
    await refuses('events-by-issue', { ...range(), 'measures[]': 'count', 'filters[source_id]': 'x' }, /^filters\.issue_id: is required/);
    await refuses('events-by-issue', { ...range(), 'measures[]': 'count', 'filters[issue_id]': '' }, /^filters\.issue_id: must not be empty/);
    await refuses('events', { measures: '' }, /^measures: at least one is required/);
    await refuses('events', { 'measures[]': 'count', 'filters[status]': 'GONE' }, /^filters\.status: "GONE"/);
    await refuses('events', { 'measures[]': 'count', 'filters[response_status]': 99 }, /^filters\.response_status: must be from 100 to 599/);
    await refuses('events', { 'measures[]': 'count', 'filters[attempts]': 'many' }, /^filters\.attempts: must be an integer/);
  });

  test('of ranges and granularities that make no sense', async () => {
    const measures = { 'measures[]': 'count' };
    const day = { 'date_range[start]': '2026-01-01', 'date_range[end]': '2026-01-02' };
    await refuses('events', { ...measures, 'date_range[start]': '2026-01-01' }, /^date_range\.end: is required/);
    await refuses('events', { ...measures, ...day, 'date_range[end]': 'soon' }, /^date_range\.end: must be a date/);
    await refuses('events', { ...measures, ...day, 'date_range[start]': '1900-01-01' }, /^date_range\.start: must be a date/);
    await refuses('events', { ...measures, ...day, 'date_range[end]': '2025-12-31' }, /^date_range\.end: must be after/);
    await refuses('events', { ...measures, ...day, 'date_range[end]': '2026-01-01' }, /^date_range\.end: must be after/);
    for (const granularity of ['1', 'h', '0m', '61m', '25h', '1y', '-1h', '1.5h'])
      await refuses('events', { ...measures, ...day, granularity }, /^granularity: must be a number and its unit/);
    await refuses('events', { ...measures, ...day, granularity: '1s' }, /^granularity: gives more than \d+ buckets/);
  });
});
