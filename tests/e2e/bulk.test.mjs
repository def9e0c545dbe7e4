// Bulk operations: one thing done to all that a query finds, in slices, across restarts, beside everything else.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

let gateway, sink, ok, refused, counter = 0;
const failing = new Set(); // first parts of the paths that the sink answers with 500, until a test takes them out

const answer = (entry) => (failing.has(entry.url.split('/')[1]) ? { status: 500 } : {});
before(async () => {
  gateway = await startGateway({ args: ['--set', 'breaker_failures=0'] });
  sink = await startSink(answer);
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

const receivedAt = (name) => sink.received.filter((entry) => entry.url.split('/')[1] === name);
const connect = (calls, source, name, more = {}) => calls.ok('PUT', '/connections', {
  name, ...source, destination: { name: `out-${name}`, type: 'HTTP', config: { url: `${sink.url}/${name}` } }, ...more,
});
async function send(url, count, atOnce = 50) {
  const post = (i) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ i }) })
    .then(async (reply) => { assert.equal(reply.status, 200); await reply.arrayBuffer(); });
  for (let i = 0; i < count; i += atOnce)
    await Promise.all(Array.from({ length: Math.min(atOnce, count - i) }, (_, k) => post(i + k)));
}
const finished = (calls, path, id) => until('the end of the operation', async () => {
  const shown = await calls.ok('GET', `${path}/${id}`);
  return !shown.in_progress && shown;
}, { tries: 1200 });
const filtered = async (calls, query) => {
  const found = [];
  for (let next = ''; next !== undefined;) {
    const page = await calls.ok('GET', `/events?${query}&limit=255${next && `&next=${next}`}`);
    found.push(...page.models);
    next = page.pagination.next;
  }
  return found;
};
// A connection whose `count` events have all failed.
async function failed(calls, count) {
  const name = `fail-${++counter}`;
  failing.add(name);
  const connection = await connect(calls, { source: { name: `in-${name}` } }, name);
  await send(connection.source.url, count);
  await until('all to fail', async () => receivedAt(name).length === count, { tries: 1200 });
  await until('all to be recorded', async () =>
    (await filtered(calls, `webhook_id=${connection.id}&status=FAILED`)).length === count, { tries: 100, every: 100 });
  return { name, connection };
}

describe('retrying events', () => {
  test('delivers all that the query finds, once each, and tells how far it is', async () => {
    const calls = { ok }, { name, connection } = await failed(calls, 500);
    const beside = await failed(calls, 3);
    failing.delete(name);
    const query = { webhook_id: connection.id, status: 'FAILED' };
    const plan = await ok('GET', `/bulk/events/retry/plan?query[webhook_id]=${connection.id}&query[status]=FAILED`);
    assert.deepEqual(plan, { estimated_batch: 5, estimated_count: 500, progress: 0 });
    const made = await ok('POST', '/bulk/events/retry', { query });
    assert.match(made.id, /^bch_/);
    assert.equal(made.type, 'events.retry');
    assert.deepEqual(made.query, query);
    assert.equal(made.in_progress, true);
    assert.equal(made.estimated_count, 500);
    assert.equal(made.completed_at, null);
    const end = await finished(calls, '/bulk/events/retry', made.id);
    assert.equal(end.completed_count, 500);
    assert.equal(end.failed_count, 0);
    assert.equal(end.progress, 1);
    assert.ok(end.processed_batch >= 5 && end.processed_batch === end.estimated_batch);
    assert.ok(Date.parse(end.completed_at) >= Date.parse(end.created_at));
    assert.equal(end.cancelled_at, null);
    await until('all deliveries', async () => receivedAt(name).length === 1000);
    await until('their outcomes', async () =>
      (await filtered(calls, `webhook_id=${connection.id}&status=SUCCESSFUL`)).length === 500);
    const bodies = receivedAt(name).slice(500).map((entry) => String(entry.body)).sort();
    assert.equal(new Set(bodies).size, 500);
    assert.equal(receivedAt(beside.name).length, 3);
    // The attempts say what they came by, and the events are found by it.
    const events = await filtered(calls, `bulk_retry_id=${made.id}`);
    assert.equal(events.length, 500);
    const attempts = (await ok('GET', `/attempts?event_id=${events[0].id}`)).models;
    assert.deepEqual(attempts.map(({ trigger, bulk_retry_id: by, status }) => [trigger, by, status]),
      [['BULK_RETRY', made.id, 'SUCCESSFUL'], ['INITIAL', null, 'FAILED']]);
    assert.ok((await ok('GET', `/requests?bulk_retry_id=${made.id}&limit=1`)).count === 1);
  });

  test('what fails again keeps its plan of automatic retries', async () => {
    const name = `plan-${++counter}`;
    failing.add(name);
    const connection = await connect({ ok }, { source: { name: `in-${name}` } }, name,
      { rules: [{ type: 'retry', strategy: 'linear', interval: 3600000, count: 5 }] });
    await send(connection.source.url, 1);
    const before = await until('the failure', async () =>
      (await ok('GET', `/events?webhook_id=${connection.id}&status=FAILED`)).models[0]);
    const made = await ok('POST', '/bulk/events/retry', { query: { webhook_id: connection.id } });
    const after = await until('the second failure', async () => {
      const shown = await ok('GET', `/events/${before.id}`);
      return shown.attempts === 2 && shown.status === 'FAILED' && shown;
    });
    assert.equal(after.next_attempt_at, before.next_attempt_at);
    assert.notEqual(after.next_attempt_at, null);
    // It was found once only, though it is again what the query asks for.
    assert.equal((await finished({ ok }, '/bulk/events/retry', made.id)).completed_count, 1);
    assert.equal(receivedAt(name).length, 2);
  });

  test('counts as failed what cannot be retried', async () => {
    const { name, connection } = await failed({ ok }, 5);
    await ok('PUT', `/connections/${connection.id}/disable`);
    const made = await ok('POST', '/bulk/events/retry', { query: { webhook_id: [connection.id], attempts: { gte: 1 } } });
    const end = await finished({ ok }, '/bulk/events/retry', made.id);
    assert.equal(end.completed_count, 0);
    assert.equal(end.failed_count, 5);
    assert.equal(end.progress, 1);
    assert.equal(receivedAt(name).length, 5);
  });

  test('of nothing is done at once', async () => {
    const made = await ok('POST', '/bulk/events/retry', { query: { id: 'evt_00000000000' } });
    assert.equal(made.estimated_count, 0);
    const end = await finished({ ok }, '/bulk/events/retry', made.id);
    assert.equal(end.completed_count, 0);
    assert.equal(end.progress, 1);
  });
});

describe('the other kinds', () => {
  test('waiting events are cancelled', async () => {
    const name = `hold-${++counter}`;
    const connection = await connect({ ok }, { source: { name: `in-${name}` } }, name);
    await send(connection.source.url, 2);
    await until('two deliveries', async () => receivedAt(name).length === 2);
    await ok('PUT', `/connections/${connection.id}/pause`);
    await send(connection.source.url, 30);
    const made = await ok('POST', '/bulk/events/cancel', { query: { webhook_id: connection.id } });
    const end = await finished({ ok }, '/bulk/events/cancel', made.id);
    assert.equal(end.type, 'events.cancel');
    assert.deepEqual([end.completed_count, end.failed_count], [30, 2]);
    assert.equal((await ok('GET', `/events?webhook_id=${connection.id}&status=CANCELLED&limit=255`)).count, 30);
    await ok('PUT', `/connections/${connection.id}/unpause`);
    await send(connection.source.url, 1);
    await until('what came later', async () => receivedAt(name).length === 3);
    await refused(404, 'POST', `/bulk/events/cancel/${made.id}/cancel`, {});
  });

  test('ignored events are made', async () => {
    const name = `off-${++counter}`;
    const connection = await connect({ ok }, { source: { name: `in-${name}` } }, name);
    await ok('PUT', `/connections/${connection.id}/disable`);
    await send(connection.source.url, 20);
    await ok('PUT', `/connections/${connection.id}/enable`);
    const query = { cause: 'DISABLED', webhook_id: connection.id };
    const plan = await ok('GET', `/bulk/ignored-events/retry/plan?query=${encodeURIComponent(JSON.stringify(query))}`);
    assert.equal(plan.estimated_count, 20);
    const made = await ok('POST', '/bulk/ignored-events/retry', { query });
    const end = await finished({ ok }, '/bulk/ignored-events/retry', made.id);
    assert.equal(end.type, 'ignored_events.retry');
    assert.equal(end.completed_count, 20);
    await until('20 deliveries', async () => receivedAt(name).length === 20);
    const events = await filtered({ ok }, `webhook_id=${connection.id}`);
    const [attempt] = (await ok('GET', `/attempts?event_id=${events[0].id}`)).models;
    assert.deepEqual([attempt.trigger, attempt.bulk_retry_id], ['BULK_RETRY', made.id]);
    const none = await ok('GET', `/bulk/ignored-events/retry/plan?query[webhook_id]=${connection.id}&query[cause]=FILTERED`);
    assert.equal(none.estimated_count, 0);
  });

  test('rejected requests are retried, and those that cannot be count as failed', async () => {
    const name = `later-${++counter}`;
    const connection = await connect({ ok }, { source: { name: `in-${name}` } }, name);
    await ok('PUT', `/sources/${connection.source.id}/disable`);
    await send(connection.source.url, 12);
    await ok('PUT', `/sources/${connection.source.id}/enable`);
    await ok('PUT', `/connections/${connection.id}/enable`);
    await fetch(connection.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
    const query = { source_id: connection.source.id, status: 'rejected' };
    const made = await ok('POST', '/bulk/requests/retry', { query });
    const end = await finished({ ok }, '/bulk/requests/retry', made.id);
    assert.deepEqual([end.completed_count, end.failed_count], [12, 1]);
    await until('12 deliveries', async () => receivedAt(name).length === 12);
    assert.equal((await ok('GET', `/requests?source_id=${connection.source.id}&status=rejected`)).count, 1);
  });

  test('requests are replayed to where the target says', async () => {
    const from = `from-${++counter}`, to = `to-${counter}`;
    const first = await connect({ ok }, { source: { name: `in-${from}` } }, from);
    const second = await connect({ ok }, { source: { name: `in-${to}` } }, to);
    await send(first.source.url, 40);
    await until('40 deliveries', async () => receivedAt(from).length === 40);
    const query = { source_id: first.source.id, verified: false, target: { webhook_ids: [second.id] } };
    const made = await ok('POST', '/bulk/requests/replay', { query });
    const end = await finished({ ok }, '/bulk/requests/replay', made.id);
    assert.equal(end.type, 'requests.replay');
    assert.deepEqual([end.completed_count, end.failed_count], [40, 0]);
    await until('40 deliveries elsewhere', async () => receivedAt(to).length === 40);
    assert.equal((await ok('GET', `/requests?source_id=${second.source.id}&limit=255`)).count, 40);
    assert.equal(receivedAt(from).length, 40);
    const own = await ok('POST', '/bulk/requests/replay', { query: { source_id: first.source.id } });
    assert.equal((await finished({ ok }, '/bulk/requests/replay', own.id)).completed_count, 40);
    await until('40 more deliveries', async () => receivedAt(from).length === 80);
  });
});

describe('plans, lists and refusals', () => {
  const PATHS = ['/bulk/events/retry', '/bulk/events/cancel', '/bulk/ignored-events/retry', '/bulk/requests/retry', '/bulk/requests/replay'];
  const planWithBody = (path, body) => new Promise((resolve, reject) => {
    const call = request(`${gateway.url}/2025-07-01${path}/plan`, {
      method: 'GET', headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    }, (reply) => {
      const chunks = [];
      reply.on('data', (chunk) => chunks.push(chunk));
      reply.on('end', () => resolve({ status: reply.statusCode, body: JSON.parse(Buffer.concat(chunks)) }));
    });
    call.on('error', reject);
    call.end(body);
  });

  test('a plan takes its query from the query string, a body or nowhere', async () => {
    const { connection } = await failed({ ok }, 4);
    const path = '/bulk/events/retry';
    for (const query of [`query[webhook_id]=${connection.id}`, `query[webhook_id][]=${connection.id}&query[attempts][gte]=1`,
      `query[webhook_id][0]=${connection.id}&query[created_at][gte]=2020-01-01T00:00:00Z`, `query[webhook_id]=${connection.id}&query[response_status]=500`])
      assert.equal((await ok('GET', `${path}/plan?${query}`)).estimated_count, 4, query);
    assert.equal((await planWithBody(path, JSON.stringify({ query: { webhook_id: connection.id } }))).body.estimated_count, 4);
    const all = (await filtered({ ok }, '')).length;
    assert.equal((await ok('GET', `${path}/plan`)).estimated_count, all);
    for (const other of PATHS) assert.ok(Number.isInteger((await ok('GET', `${other}/plan`)).estimated_count));
    assert.equal((await planWithBody(path, '{"query":{"connection_id":"x"}}')).status, 422);
    assert.equal((await planWithBody(path, '{"query"')).status, 400);
    assert.match((await refused(422, 'GET', `${path}/plan?query[connection_id]=x`)).message, /^query\.connection_id: /);
  });

  test('operations are listed, newest first, and found by what they have', async () => {
    const { connection } = await failed({ ok }, 1);
    const query = { webhook_id: connection.id, attempts: 1, status: ['FAILED', 'QUEUED'] };
    const made = await ok('POST', '/bulk/events/retry', { query });
    await finished({ ok }, '/bulk/events/retry', made.id);
    const found = async (filter) => (await ok('GET', `/bulk/events/retry?${filter}`)).models.map((model) => model.id);
    assert.equal((await found(''))[0], made.id);
    assert.deepEqual(await found(`id=${made.id}&in_progress=false&completed_at[any]=true&cancelled_at[any]=false`), [made.id]);
    assert.deepEqual(await found(`id=${made.id}&in_progress=true`), []);
    assert.deepEqual(await found(`query=${encodeURIComponent(JSON.stringify(query))}`), [made.id]);
    assert.deepEqual(await found(`query[webhook_id]=${connection.id}&query[attempts]=1&query_partial_match=true`), [made.id]);
    assert.deepEqual(await found(`query[webhook_id]=${connection.id}&query[attempts]=1`), []);
    assert.deepEqual(await found(`query[webhook_id]=${connection.id}&query[attempts]=11&query_partial_match=true`), []);
    const page = await ok('GET', '/bulk/events/retry?limit=1');
    const next = await ok('GET', `/bulk/events/retry?limit=1&next=${page.pagination.next}`);
    assert.notEqual(next.models[0].id, page.models[0].id);
    assert.deepEqual((await ok('GET', `/bulk/events/cancel?id=${made.id}`)).models, []);
  });

  test('what does not fit is refused by name', async () => {
    for (const path of PATHS) {
      await refusesStrangers(refused, 'POST', path, { query: {} });
      await refused(400, 'POST', path, { query: {} });
      await refused(404, 'GET', `${path}/bch_00000000000`);
      await refused(404, 'GET', `${path}/nothing`);
      await refusesEach(refused, 'POST', path, [
        [{}, /^query: is required/], [{ query: 'x' }, /^query: must be an object/], [{ query: { x: 1 }, more: 1 }, /^more: /],
        [{ query: { connection_id: 'web_1' } }, /^query\.connection_id: is not a filter/],
        [{ query: { limit: 5 } }, /^query\.limit: is not a filter/],
      ]);
      if (!path.includes('cancel')) await refused(404, 'POST', `${path}/bch_00000000000/cancel`, {});
    }
    await refused(400, 'POST', '/bulk/requests/replay', { query: { target: {} } });
    await refusesEach(refused, 'POST', '/bulk/events/retry', [
      [{ query: { status: 'BROKEN' } }, /^query\.status: "BROKEN"/], [{ query: { status: 5 } }, /^query\.status: must not be/],
      [{ query: { status: [] } }, /^query\.status: .*empty array/], [{ query: { attempts: { gte: 'x' } } }, /^query\.attempts\.gte: /],
      [{ query: { attempts: { near: 1 } } }, /^query\.attempts\.near: is not an operator/], [{ query: { status: { gt: 'A' } } }, /^query\.status: .*an object/],
      [{ query: { webhook_id: ['web_1', 2] } }, /^query\.webhook_id: must not be/], [{ query: { search_term: 'ab' } }, /^query\.search_term: /],
      [{ query: { created_at: 'yesterday' } }, /^query\.created_at: /], [{ query: { id: '' } }, /^query\.id: must not be empty/],
      [{ query: { attempts: 1.5 } }, /^query\.attempts: must not be/], [{ query: { status: 'FAILED', target: {} } }, /^query\.target: /],
    ]);
    await refusesEach(refused, 'POST', '/bulk/requests/replay', [
      [{ query: { verified: true, target: { x: 1 } } }, /^query\.target\.x: /],
      [{ query: { verified: true, target: { webhook_ids: 'x' } } }, /^query\.target\.webhook_ids: must be an array/],
      [{ query: { verified: true, target: 5 } }, /^query\.target: must be an object/],
      [{ query: { verified: 'perhaps' } }, /^query\.verified: /],
    ]);
    await refused(404, 'POST', '/bulk/requests/replay', { query: { verified: true, target: { source_id: 'src_00000000000' } } });
    await refusesEach(refused, 'POST', '/bulk/ignored-events/retry', [
      [{ query: { cause: 'BORED' } }, /^query\.cause: /], [{ query: { status: 'FAILED' } }, /^query\.status: is not a filter/],
    ]);
    assert.equal((await ok('GET', '/bulk/requests/replay?in_progress=true')).count, 0);
  });
});

describe('on the way', () => {
  const SLOW = { bulk_slice: 10, bulk_pause_ms: 40 };
  // A gateway of its own, whose operations take a while.
  async function slowGateway(settings = SLOW) {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-bulk-')), file = join(dir, 'settings');
    writeFileSync(file, Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`).join(''));
    const start = async () => {
      const started = await startGateway({ dir: join(dir, 'data'), args: ['--config', file] });
      return { gateway: started, ...callsOf(started) };
    };
    return { start, remove: () => rmSync(dir, { recursive: true, force: true }) };
  }

  test('an operation is cancelled midway, the same query waits for its end', async () => {
    const slow = await slowGateway(), calls = await slow.start();
    try {
      const { name, connection } = await failed(calls, 400), query = { webhook_id: connection.id };
      failing.delete(name);
      const made = await calls.ok('POST', '/bulk/events/retry', { query });
      assert.match((await calls.refused(422, 'POST', '/bulk/events/retry', { query })).message, /^query: an operation with this query/);
      const other = await calls.ok('POST', '/bulk/events/retry', { query: { ...query, status: 'SUCCESSFUL', attempts: { gte: 100 } } });
      await until('some progress', async () => (await calls.ok('GET', `/bulk/events/retry/${made.id}`)).completed_count >= 50);
      const cancelled = await calls.ok('POST', `/bulk/events/retry/${made.id}/cancel`, {});
      assert.equal(cancelled.in_progress, false);
      assert.equal(cancelled.completed_at, null);
      assert.ok(cancelled.progress > 0.1 && cancelled.progress < 1, `${cancelled.progress}`);
      assert.equal(cancelled.progress, cancelled.completed_count / 400);
      await finished(calls, '/bulk/events/retry', other.id); // it had its turns meanwhile, and the worker goes on
      assert.deepEqual(await calls.ok('GET', `/bulk/events/retry/${made.id}`), cancelled);
      await until('what was retried', async () => receivedAt(name).length === 400 + cancelled.completed_count);
      await calls.refused(422, 'POST', `/bulk/events/retry/${made.id}/cancel`, {});
      const again = await calls.ok('POST', '/bulk/events/retry', { query: { ...query, status: 'FAILED' } });
      assert.equal((await finished(calls, '/bulk/events/retry', again.id)).completed_count, 400 - cancelled.completed_count);
    } finally {
      await calls.gateway.stop();
      slow.remove();
    }
  });

  test('what is looked for among much is found, and nothing else', async () => {
    const slow = await slowGateway({ list_scan: 100, list_sort: 0, bulk_slice: 3 }), calls = await slow.start();
    try {
      const { name, connection } = await failed(calls, 350);
      failing.delete(name);
      const query = { source_id: connection.source.id, body: { i: { $gte: 340 } }, attempts: { gte: 1 } };
      const made = await calls.ok('POST', '/bulk/events/retry', { query });
      assert.deepEqual(made.query, query);
      const end = await finished(calls, '/bulk/events/retry', made.id);
      assert.deepEqual([end.completed_count, end.failed_count, end.progress], [10, 0, 1]);
      await until('ten deliveries', async () => receivedAt(name).length === 360);
      const again = receivedAt(name).slice(350).map((entry) => JSON.parse(entry.body).i).sort();
      assert.deepEqual(again, Array.from({ length: 10 }, (_, i) => 340 + i));
      await calls.refused(422, 'POST', '/bulk/events/retry', { query: { body: { $near: 1 } } });
      await calls.refused(400, 'POST', '/bulk/events/retry', { query: { error_code: { all: true } } });
    } finally {
      await calls.gateway.stop();
      slow.remove();
    }
  });

  test('an operation does not meet what it makes', async () => {
    const slow = await slowGateway({ bulk_slice: 3 }), calls = await slow.start();
    try {
      const name = `again-${++counter}`, connection = await connect(calls, { source: { name: `in-${name}` } }, name);
      await send(connection.source.url, 40);
      const made = await calls.ok('POST', '/bulk/requests/replay', { query: { source_id: connection.source.id } });
      assert.equal((await finished(calls, '/bulk/requests/replay', made.id)).completed_count, 40);
      assert.equal((await calls.ok('GET', `/requests?source_id=${connection.source.id}&limit=255`)).count, 80);
    } finally {
      await calls.gateway.stop();
      slow.remove();
    }
  });

  for (const signal of ['SIGTERM', 'SIGKILL'])
    test(`it goes on after a ${signal}, and asks for each event once`, async () => {
      const slow = await slowGateway();
      let calls = await slow.start();
      try {
        const { name, connection } = await failed(calls, 600);
        failing.delete(name);
        const made = await calls.ok('POST', '/bulk/events/retry', { query: { webhook_id: connection.id } });
        for (const share of [100, 300]) {
          await until('some progress', async () => (await calls.ok('GET', `/bulk/events/retry/${made.id}`)).completed_count >= share);
          await calls.gateway.stop({ signal });
          calls = await slow.start();
        }
        const between = await calls.ok('GET', `/bulk/events/retry/${made.id}`);
        assert.ok(between.in_progress && between.completed_count < 600);
        const end = await finished(calls, '/bulk/events/retry', made.id);
        assert.deepEqual([end.completed_count, end.failed_count, end.estimated_count], [600, 0, 600]);
        const events = await until('all outcomes', async () => {
          const done = await filtered(calls, `webhook_id=${connection.id}&status=SUCCESSFUL`);
          return done.length === 600 && done;
        });
        // After a kill a delivery whose outcome was not recorded is made again, but no event was asked for twice.
        assert.ok(events.every((event) => event.attempts === 2), 'each has two recorded attempts');
      } finally {
        await calls.gateway.stop();
        slow.remove();
      }
    });

  test('20,000 events leave the deliveries of others flowing', { timeout: 300000 }, async () => {
    const calls = { ok, refused };
    const { name, connection } = await failed(calls, 20000);
    const healthy = `healthy-${++counter}`;
    const other = await connect(calls, { source: { name: `in-${healthy}` } }, healthy);
    const waits = [], measure = async () => {
      const count = receivedAt(healthy).length, from = Date.now();
      await send(other.source.url, 1);
      await until('the delivery', async () => receivedAt(healthy).length > count, { tries: 2000, every: 5 });
      waits.push(Date.now() - from);
    };
    failing.delete(name);
    const made = await ok('POST', '/bulk/events/retry', { query: { webhook_id: connection.id, status: 'FAILED' } });
    let shown = made;
    while (shown.in_progress) {
      await measure();
      shown = await ok('GET', `/bulk/events/retry/${made.id}`);
    }
    waits.sort((a, b) => a - b);
    const median = waits[Math.floor(waits.length / 2)], most = waits.at(-1);
    assert.ok(waits.length > 20, `${waits.length} measured`);
    assert.ok(median < 250 && most < 3000, `median ${median} ms, longest ${most} ms of ${waits.length}`);
    assert.equal(shown.completed_count, 20000);
    await until('all deliveries', async () => receivedAt(name).length === 40000, { tries: 2000 });
  });
});
