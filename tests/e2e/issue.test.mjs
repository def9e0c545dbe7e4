// Issues: opened by what fails, one for each key, opened again, resolved.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
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
    assert.deepEqual(await ok('GET', `/issues/${issue.id}`), issue);
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
  });
});
