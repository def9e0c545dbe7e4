// Issues: opened by what fails, one for each key, opened again, resolved.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

let gateway, sink, ok, refused, counter = 0;
const answers = new Map(); // what the sink answers, by the first part of the path

before(async () => {
  gateway = await startGateway({ args: ['--set', 'issue_check_ms=100', '--set', 'issue_quiet_ms=300'] });
  sink = await startSink((entry) => ({ status: answers.get(entry.url.split('/')[1]) ?? 200 }));
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

async function connect({ status = 500, rules = [] } = {}) {
  const number = ++counter;
  answers.set(`${number}`, status);
  const connection = await ok('PUT', '/connections', {
    name: `web-${number}`, source: { name: `in-${number}` }, rules,
    destination: { name: `out-${number}`, type: 'HTTP', config: { url: `${sink.url}/${number}` } },
  });
  return { connection, number, answer: (next) => answers.set(`${number}`, next), send: () => post(connection.source.url) };
}
const post = async (url, init = {}) => {
  const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}', ...init });
  return (await reply.json().catch(() => ({}))).request_id;
};
const issuesOf = async (connection, more = '') =>
  (await ok('GET', `/issues?aggregation_keys[webhook_id]=${connection.id}${more}`)).models;
const issueOf = (connection) => until('an issue', async () => (await issuesOf(connection))[0]);
const statusOf = async (issue) => (await ok('GET', `/issues/${issue.id}`)).status;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function eventsOf(connection, count, status) {
  return until(`${count} events ${status}`, async () => {
    const { models } = await ok('GET', `/events?webhook_id=${connection.id}&status=${status}&limit=250`);
    return models.length >= count && models;
  });
}

describe('issues of deliveries', () => {
  test('one refusing destination opens exactly one for many events', async () => {
    const { connection, send } = await connect();
    await Promise.all(Array.from({ length: 40 }, send));
    const events = await eventsOf(connection, 40, 'FAILED');
    const [issue, ...others] = await issuesOf(connection);
    assert.equal(others.length, 0);
    assert.match(issue.id, /^iss_/);
    assert.equal(issue.status, 'OPENED');
    assert.equal(issue.type, 'delivery');
    assert.deepEqual(issue.aggregation_keys, { webhook_id: [connection.id], response_status: [500], error_code: [] });
    assert.ok(events.some((event) => event.id === issue.reference.event_id));
    assert.equal(issue.data.trigger_event.id, issue.reference.event_id);
    assert.equal(issue.data.trigger_attempt.id, issue.reference.attempt_id);
    assert.equal(issue.data.trigger_attempt.response_status, 500);
    for (const moment of ['dismissed_at', 'auto_resolved_at', 'merged_with', 'last_updated_by']) assert.equal(issue[moment], null);
    await wait(300); // until it is written when it was last seen
    const { last_seen_at: seen, updated_at: updated } = await ok('GET', `/issues/${issue.id}`);
    assert.deepEqual(await ok('GET', `/issues/${issue.id}`), { ...issue, last_seen_at: seen, updated_at: updated });
    assert.ok(seen >= issue.last_seen_at);
    const linked = await ok('GET', `/events?issue_id=${issue.id}&limit=250`);
    assert.deepEqual(linked.models.map((event) => event.id).sort(), events.map((event) => event.id).sort());
    const pages = [];
    for (let next = ''; next !== undefined;) {
      const page = await ok('GET', `/events?issue_id=${issue.id}&limit=15${next && `&next=${next}`}`);
      pages.push(...page.models.map((event) => event.id));
      next = page.pagination.next;
    }
    assert.deepEqual(pages, linked.models.map((event) => event.id));
    const one = await ok('GET', `/requests/${events[0].request_id}/events?issue_id=${issue.id}`);
    assert.equal(one.count, 1);
    assert.equal((await ok('GET', '/events?issue_id=iss_00000000000')).count, 0);
    for (const query of [`id=${events[0].id}`, `status=FAILED&webhook_id=${connection.id}&limit=1`, 'created_at[gte]=2020-01-01&limit=1'])
      assert.equal((await ok('GET', `/events?issue_id=${issue.id}&${query}`)).count, 1, query);
    assert.equal((await ok('GET', `/events?issue_id=${issue.id},iss_00000000000&limit=250`)).count, 40);
    assert.equal((await ok('GET', `/events?issue_id=${issue.id}&status=SUCCESSFUL`)).count, 0);
  });

  test('another status or error is another issue', async () => {
    const { connection, answer, send } = await connect();
    await send();
    await issueOf(connection);
    answer(404);
    await send();
    await until('two issues', async () => (await issuesOf(connection)).length === 2);
    const found = await ok('GET', `/issues?aggregation_keys[webhook_id]=${connection.id}&aggregation_keys[response_status][]=404`);
    assert.deepEqual(found.models.map((issue) => issue.aggregation_keys.response_status), [[404]]);
    await ok('PUT', `/destinations/${connection.destination.id}`, { config: { url: 'http://127.0.0.1:1/' } });
    await send();
    const refusing = await until('a third', async () => (await issuesOf(connection)).find((issue) => issue.aggregation_keys.error_code.length));
    assert.deepEqual(refusing.aggregation_keys, { webhook_id: [connection.id], response_status: [], error_code: ['CONNECTION_REFUSED'] });
    const by = await ok('GET', `/issues?aggregation_keys[webhook_id]=${connection.id}&aggregation_keys[error_code]=CONNECTION_REFUSED,TIMEOUT`);
    assert.deepEqual(by.models.map((issue) => issue.id), [refusing.id]);
  });

  test('are not opened while a retry is planned, unless the trigger says so', async () => {
    const rules = [{ type: 'retry', strategy: 'linear', interval: 1000, count: 1 }];
    const patient = await connect({ rules }), hasty = await connect({ rules });
    const trigger = await ok('POST', '/issue-triggers', {
      type: 'delivery', configs: { strategy: 'first_attempt', connections: [hasty.connection.id] }, channels: null,
    });
    await Promise.all([patient.send(), hasty.send()]);
    const early = await issueOf(hasty.connection);
    const [event] = await eventsOf(patient.connection, 1, 'FAILED');
    if (event.attempts === 1) assert.deepEqual(await issuesOf(patient.connection), []);
    const late = await issueOf(patient.connection);
    assert.equal((await ok('GET', `/attempts/${late.reference.attempt_id}`)).attempt_number, 2);
    assert.equal((await ok('GET', `/attempts/${early.reference.attempt_id}`)).attempt_number, 1);
    assert.deepEqual((await issuesOf(hasty.connection, `&issue_trigger_id=${trigger.id}`)).length, 1);
    assert.deepEqual((await issuesOf(patient.connection, `&issue_trigger_id=${trigger.id}`)).length, 0);
  });

  test('resolve when deliveries succeed again, and open again when they fail again', async () => {
    const { connection, answer, send } = await connect();
    await send();
    const issue = await issueOf(connection);
    answer(200);
    await send();
    const resolved = await until('the resolving', async () => {
      const now = await ok('GET', `/issues/${issue.id}`);
      return now.status === 'RESOLVED' && now;
    });
    assert.ok(Date.parse(resolved.auto_resolved_at) >= Date.parse(resolved.opened_at) + 300);
    answer(500);
    await send();
    const again = await until('the opening', async () => {
      const now = await ok('GET', `/issues/${issue.id}`);
      return now.status === 'OPENED' && now;
    });
    assert.equal(again.auto_resolved_at, null);
    assert.equal(again.first_seen_at, issue.first_seen_at);
    assert.ok(again.opened_at > issue.opened_at);
    assert.notEqual(again.reference.event_id, issue.reference.event_id);
    assert.equal((await issuesOf(connection)).length, 1);
  });

  test('do not resolve while some deliveries still fail', async () => {
    const { connection, answer, send } = await connect();
    await send();
    const issue = await issueOf(connection);
    for (let i = 0; i < 8; i++) {
      answer(i % 2 ? 500 : 200);
      await send();
      await wait(100);
    }
    assert.equal(await statusOf(issue), 'OPENED');
  });

  test('are seen while ignored, but never opened again', async () => {
    const { connection, send } = await connect();
    await send();
    const issue = await issueOf(connection);
    const ignored = await ok('PUT', `/issues/${issue.id}`, { status: 'IGNORED' });
    assert.equal(ignored.status, 'IGNORED');
    assert.equal(ignored.data, undefined);
    await send();
    await eventsOf(connection, 2, 'FAILED');
    const after = await until('it is seen', async () => {
      const now = await ok('GET', `/issues/${issue.id}`);
      return now.last_seen_at > issue.last_seen_at && now;
    });
    assert.equal(after.status, 'IGNORED');
    assert.equal(after.opened_at, issue.opened_at);
    assert.equal((await ok('GET', `/events?issue_id=${issue.id}`)).count, 2);
  });

  test('that were acknowledged stay so; resolved and dismissed ones open again', async () => {
    const { connection, send } = await connect();
    await send();
    const issue = await issueOf(connection);
    await ok('PUT', `/issues/${issue.id}`, { status: 'ACKNOWLEDGED' });
    await send();
    await eventsOf(connection, 2, 'FAILED');
    assert.equal(await statusOf(issue), 'ACKNOWLEDGED');
    await ok('PUT', `/issues/${issue.id}`, { status: 'RESOLVED' });
    await send();
    await until('it opens', async () => (await statusOf(issue)) === 'OPENED');
    const dismissed = await ok('DELETE', `/issues/${issue.id}`);
    assert.equal(dismissed.id, issue.id);
    assert.ok(dismissed.dismissed_at);
    assert.equal((await issuesOf(connection, '&dismissed_at[any]=true')).length, 1);
    await send();
    await until('it opens', async () => (await ok('GET', `/issues/${issue.id}`)).dismissed_at === null);
    assert.equal((await ok('GET', `/events?issue_id=${issue.id}`)).count, 4);
  });

  test('go with their trigger', async () => {
    const { connection, send } = await connect();
    const trigger = await ok('POST', '/issue-triggers', {
      type: 'delivery', configs: { strategy: 'first_attempt', connections: connection.name }, channels: null,
    });
    await send();
    const issue = await issueOf(connection);
    assert.deepEqual(await ok('DELETE', `/issue-triggers/${trigger.id}`), { id: trigger.id });
    await refused(404, 'GET', `/issues/${issue.id}`);
    assert.deepEqual(await issuesOf(connection), []);
    await until('the links are gone', async () => (await ok('GET', `/events?issue_id=${issue.id}`)).count === 0);
    await send();
    const [next] = await until('another issue', async () => { const found = await issuesOf(connection); return found.length && found; });
    assert.notEqual(next.id, issue.id);
  });

  test('survive a kill, with their events', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-issue-'));
    try {
      let own = await startGateway({ dir });
      const one = await callsOf(own).ok('PUT', '/connections', {
        name: 'c', source: { name: 's' }, destination: { name: 'd', type: 'HTTP', config: { url: `${sink.url}/dead` } },
      });
      answers.set('dead', 500);
      await Promise.all(Array.from({ length: 30 }, () => post(one.source.url)));
      await own.stop({ signal: 'SIGKILL' });
      own = await startGateway({ dir });
      const calls = callsOf(own);
      const failed = await until('all fail', async () => {
        const page = await calls.ok('GET', '/events?status=FAILED&limit=100');
        return page.count >= 30 && page.models;
      });
      const { models: [issue, ...others] } = await calls.ok('GET', '/issues');
      assert.equal(others.length, 0);
      assert.equal((await calls.ok('GET', `/events?issue_id=${issue.id}&limit=100`)).count, failed.length);
      await own.stop();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('issues of requests', () => {
  test('one for each source and cause', async () => {
    const source = await ok('POST', '/sources', { name: 'lonely' });
    const first = await post(source.url);
    await post(source.url);
    await post(source.url, { headers: { 'content-type': 'image/png' }, body: 'x' });
    const of = async () => (await ok('GET', `/issues?type=request&aggregation_keys[source_id][0]=${source.id}&order_by=first_seen_at&dir=asc`)).models;
    const issues = await until('two issues', async () => { const found = await of(); return found.length === 2 && found; });
    assert.deepEqual(issues.map((issue) => issue.aggregation_keys), [
      { source_id: [source.id], rejection_cause: ['NO_CONNECTION'] },
      { source_id: [source.id], rejection_cause: ['UNSUPPORTED_CONTENT_TYPE'] }]);
    assert.deepEqual(issues[0].reference, { request_id: first });
    assert.equal(issues[0].data.request.id, first);
    const named = await ok('GET', `/issues?aggregation_keys[source_id]=${source.id}&aggregation_keys[rejection_cause]=NO_CONNECTION`);
    assert.deepEqual(named.models.map((issue) => issue.id), [issues[0].id]);
  });
});

describe('the calls of issues', () => {
  test('list, count and order', async () => {
    const { connection, send } = await connect();
    await send();
    const issue = await issueOf(connection);
    const all = await ok('GET', '/issues?limit=255');
    assert.deepEqual(await ok('GET', '/issues/count'), { count: all.count });
    assert.deepEqual(all.models.map((model) => model.created_at), all.models.map((model) => model.created_at).sort().reverse());
    for (const order of ['created_at', 'first_seen_at', 'last_seen_at', 'opened_at', 'status']) {
      const ids = [];
      for (let next = ''; next !== undefined;) {
        const page = await ok('GET', `/issues?order_by=${order}&dir=asc&limit=3${next && `&next=${next}`}`);
        assert.equal(page.pagination.order_by, order);
        ids.push(...page.models.map((model) => model.id));
        next = page.pagination.next;
      }
      assert.equal(new Set(ids).size, all.count, order);
      assert.equal(ids.length, all.count, order);
    }
    assert.deepEqual((await ok('GET', `/issues?id=${issue.id}`)).models.map((model) => model.id), [issue.id]);
    for (const [query, count] of [[`id=${issue.id}&status=OPENED`, 1], [`id=${issue.id}&status=RESOLVED,IGNORED`, 0], [`id=${issue.id}&type=request`, 0],
      [`id=${issue.id}&type=delivery`, 1], [`id=${issue.id}&created_at[lt]=2020-01-01`, 0], [`id=${issue.id}&first_seen_at[gte]=2020-01-01`, 1],
      [`id=${issue.id}&last_seen_at[gt]=2099-01-01`, 0], [`id=${issue.id}&dismissed_at[any]=false`, 1], ['merged_with=iss_1', 0]]) {
      assert.equal((await ok('GET', `/issues?${query}`)).count, count, query);
      assert.equal((await ok('GET', `/issues/count?${query}`)).count, count, query);
    }
    await refused(422, 'GET', '/issues?aggregation_keys[webhook_ids]=x');
    await refused(422, 'GET', '/issues?aggregation_keys[response_status]=x');
    await refused(422, 'GET', '/issues?aggregation_keys[log_level]=loud');
    await refused(422, 'GET', '/issues?order_by=id');
  });

  test('refuse what does not fit', async () => {
    const { connection, send } = await connect();
    await send();
    const { id } = await issueOf(connection);
    await refusesStrangers(refused, 'PUT', `/issues/${id}`, { status: 'OPENED' });
    await refusesStrangers(refused, 'DELETE', `/issues/${id}`);
    await refusesEach(refused, 'PUT', `/issues/${id}`, [
      [{}, /^status: is required/], [{ status: 'opened' }, /^status: /], [{ status: 1 }, /^status: must be a string/],
      [{ status: null }, /^status: /], [{ status: 'OPENED', more: 1 }, /^more: /],
    ]);
    for (const other of ['iss_00000000000', 'nothing', connection.id]) {
      await refused(404, 'GET', `/issues/${other}`);
      await refused(404, 'PUT', `/issues/${other}`, { status: 'OPENED' });
      await refused(404, 'DELETE', `/issues/${other}`);
    }
  });
});
