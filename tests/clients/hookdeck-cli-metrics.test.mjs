// `hookdeck gateway metrics`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';

let gateway, hookdeck, sink, connection, range;

before(async () => {
  gateway = await startGateway({ args: ['--set', 'metric_sample_ms=100'] });
  hookdeck = await setUpHookdeck(gateway);
  sink = await startSink(() => ({ status: 503, delay: 500 }));
  connection = (await gateway.api('PUT', '/connections', {
    name: 'counted', source: { name: 'counted', type: 'WEBHOOK' },
    destination: { name: 'counted', type: 'HTTP', config: { url: sink.url } },
  })).body;
  const send = (body) => fetch(connection.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  for (const body of ['{"a":1}', '{"a":2}', '{"a":3}', '{']) await send(body);
  await until('the end of the deliveries', async () =>
    (await gateway.api('GET', '/events?status=FAILED')).body.count === 3);
  const moment = (ms) => new Date(Date.now() + ms).toISOString();
  range = ['--start', moment(-3600000), '--end', moment(3600000)];
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
  await sink?.stop();
});

const metrics = async (noun, ...words) => (await hookdeck.json('metrics', noun, ...range, ...words)) ?? [];
const values = (data) => data.map((row) => Object.values(row.metrics));

test('requests', async () => {
  const [row] = await metrics('requests', '--measures', 'count,accepted_count,rejected_count,discarded_count,avg_events_per_request,avg_ignored_per_request');
  assert.deepEqual(row.metrics, { count: 4, accepted_count: 3, rejected_count: 1, discarded_count: 1, avg_events_per_request: 0.75, avg_ignored_per_request: 0 });
  assert.deepEqual(values(await metrics('requests', '--measures', 'count', '--source-id', connection.source.id, '--status', 'REJECTED')), [[1]]);
  const rows = await metrics('requests', '--measures', 'count', '--granularity', '1h',
    '--dimensions', 'source_id,rejection_cause,status,bulk_retry_ids,events_count,ignored_count');
  assert.equal(rows.reduce((sum, { metrics: { count } }) => sum + count, 0), 4);
  assert.match(rows[0].time_bucket, /:00:00/);
  assert.match(await hookdeck.text('metrics', 'requests', ...range, '--measures', 'count'), /4/);
});

test('events', async () => {
  const [row] = await metrics('events', '--measures', 'count,successful_count,failed_count,scheduled_count,paused_count,error_rate,avg_attempts,scheduled_retry_count,max_count_per_second');
  assert.equal(row.metrics.failed_count, 3);
  assert.equal(row.metrics.error_rate, 1);
  assert.deepEqual(values(await metrics('events', '--measures', 'count', '--source-id', connection.source.id, '--connection-id', connection.id,
    '--destination-id', connection.destination.id, '--status', 'FAILED')), [[3]]);
  assert.deepEqual(values(await metrics('events', '--measures', 'count', '--destination-id', connection.destination.id, '--delivery-group', 'none')), [[0]]);
  const rows = await metrics('events', '--measures', 'count', '--granularity', '1d', '--destination-id', connection.destination.id,
    '--dimensions', 'source_id,destination_id,connection_id,delivery_group,status,error_code,event_data_id,cli_id,cli_user_id,attempts,response_status');
  assert.equal(rows.length, 3);
  assert.equal(rows[0].dimensions.webhook_id, connection.id);
});

test('what waits, and the events of issues, which the CLI asks other paths for', async () => {
  const [row] = await metrics('events', '--measures', 'queue_depth', '--destination-id', connection.destination.id);
  assert.ok(row.metrics.max_depth >= 1);
  assert.ok((await metrics('events', '--measures', 'max_depth,max_age', '--dimensions', 'destination_id'))[0].metrics.max_age >= 0);
  assert.ok((await metrics('events', '--measures', 'pending', '--granularity', '1m'))[0].metrics.count >= 1);
  assert.deepEqual(await metrics('events', '--measures', 'count', '--dimensions', 'issue_id', '--issue-id', 'iss_00000000001'), []);
});

test('attempts', async () => {
  const [row] = await metrics('attempts', '--measures', 'count,successful_count,failed_count,delivered_count,error_rate,response_latency_avg,response_latency_max,response_latency_p95,response_latency_p99,delivery_latency_avg');
  assert.equal(row.metrics.count, 3);
  assert.ok(row.metrics.response_latency_p95 >= 500 * 0.93);
  assert.deepEqual(values(await metrics('attempts', '--measures', 'count', '--destination-id', connection.destination.id, '--status', 'FAILED')), [[3]]);
  assert.deepEqual(values(await metrics('attempts', '--measures', 'count', '--destination-id', connection.destination.id, '--delivery-group', 'none')), [[0]]);
  assert.equal((await metrics('attempts', '--measures', 'count', '--granularity', '1w', '--destination-id', connection.destination.id,
    '--dimensions', 'destination_id,delivery_group,event_id,status,error_code,bulk_retry_id,trigger')).length, 3);
});

test('transformations', async () => {
  const [row] = await metrics('transformations', '--measures', 'count,successful_count,failed_count,error_rate,error_count,warn_count,info_count,debug_count');
  assert.deepEqual([...new Set(Object.values(row.metrics))], [0]);
  assert.deepEqual(await metrics('transformations', '--measures', 'count', '--granularity', '1M', '--connection-id', connection.id,
    '--issue-id', 'iss_00000000001', '--dimensions', 'transformation_id,connection_id,log_level,issue_id'), []);
});

test('what cannot be is refused in words', async () => {
  await hookdeck.refused(/granularity/, 'metrics', 'requests', ...range, '--measures', 'count', '--granularity', '99h');
  await hookdeck.refused(/date_range\.end/, 'metrics', 'requests', '--start', '2026-02-01T00:00:00Z', '--end', '2026-01-01T00:00:00Z', '--measures', 'count');
});

test('every command and flag was run', async (t) => t.diagnostic(await hookdeck.coverage('metrics')));
