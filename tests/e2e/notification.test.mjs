// Notifications: webhooks into a source of the project, mails and POSTs to the channels of a trigger.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

let gateway, sink, hooks, mails, ok, refused, counter = 0;
let status = 500;

// A mail server that takes everything. `refuse` of them are answered with a temporary failure first.
async function startMailServer(refuse = 0) {
  const received = [];
  const server = createServer((socket) => {
    let data = '', body = false;
    const mail = { to: [] };
    socket.write('220 here\r\n');
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      data += bytes;
      for (let end; (end = data.indexOf(body ? '\r\n.\r\n' : '\r\n')) >= 0;) {
        const line = data.slice(0, end);
        data = data.slice(end + (body ? 5 : 2));
        if (body) {
          const [head, ...rest] = line.split('\r\n\r\n');
          received.push({ ...mail, head, text: Buffer.from(rest.join(''), 'base64').toString() });
          body = false;
          socket.write('250 taken\r\n');
        } else if (/^DATA/.test(line)) { body = true; socket.write('354 go on\r\n'); }
        else if (/^MAIL FROM:/.test(line) && refuse > 0) { refuse--; socket.write('451 later\r\n'); }
        else {
          if (/^MAIL FROM:/.test(line)) mail.from = /<(.*?)>/.exec(line)[1];
          if (/^RCPT TO:/.test(line)) mail.to.push(/<(.*?)>/.exec(line)[1]);
          socket.write(/^QUIT/.test(line) ? '221 bye\r\n' : '250 fine\r\n');
        }
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { received, url: `smtp://127.0.0.1:${server.address().port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}

before(async () => {
  sink = await startSink((entry) => ({ status: entry.url.startsWith('/told') ? 200 : status }));
  let first = true;
  hooks = await startSink(() => { const answer = { status: first ? 503 : 200 }; first = false; return answer; });
  mails = await startMailServer(1);
  gateway = await startGateway({ args: ['--set', 'issue_check_ms=100', '--set', 'issue_quiet_ms=100', '--set', `slack_url=${hooks.url}/slack`,
    '--set', `pagerduty_url=${hooks.url}/pagerduty`, '--set', `smtp_url=${mails.url}`, '--set', 'smtp_from=gate@example.com', '--set', 'smtp_to=a@example.com, b@example.com'] });
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await Promise.all([sink, hooks, mails].map((server) => server?.stop()));
});

const connect = (calls = { ok }) => {
  const number = ++counter;
  return calls.ok('PUT', '/connections', {
    name: `web-${number}`, source: { name: `in-${number}` }, destination: { name: `out-${number}`, type: 'HTTP', config: { url: `${sink.url}/${number}` } },
  });
};
// The source that takes notifications, and where it leads.
const listener = (name, calls = { ok }) => calls.ok('PUT', '/connections', {
  name, source: { name }, destination: { name, type: 'HTTP', config: { url: `${sink.url}/told-${name}` } },
});
const told = (name) => sink.received.filter((entry) => entry.url === `/told-${name}`).map((entry) => ({ headers: entry.headers, ...JSON.parse(entry.body) }));
const post = (url) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('notifications into a source', () => {
  test('tell of issues that are opened and changed', async () => {
    const to = await listener('issues'), from = await connect();
    const body = { enabled: true, topics: ['issue.opened', 'issue.updated'], source_id: to.source.id };
    assert.deepEqual(await ok('PUT', '/notifications/webhooks', body), body);
    status = 500;
    await post(from.source.url);
    const [opened] = await until('a notification', () => told('issues').length > 0 && told('issues'));
    assert.equal(opened.topic, 'issue.opened');
    assert.equal(opened.headers['x-fairlead-topic'], 'issue.opened');
    assert.match(opened.headers['content-type'], /^application\/json/);
    assert.match(opened.id, /^ntf_/);
    assert.ok(Math.abs(Date.parse(opened.created_at) - Date.now()) < 60000);
    assert.deepEqual(opened.data, await ok('GET', `/issues/${opened.data.id}`));
    assert.deepEqual(opened.data.aggregation_keys.webhook_id, [from.id]);
    const { models: [request] } = await ok('GET', `/requests?source_id=${to.source.id}`);
    assert.equal(request.events_count, 1);
    assert.equal(request.verified, true);
    await ok('PUT', `/issues/${opened.data.id}`, { status: 'ACKNOWLEDGED' });
    const updated = await until('another', () => told('issues')[1]);
    assert.deepEqual([updated.topic, updated.data.status], ['issue.updated', 'ACKNOWLEDGED']);
    status = 200;
    await post(from.source.url);
    const resolved = await until('a third', () => told('issues')[2]);
    assert.deepEqual([resolved.topic, resolved.data.status], ['issue.updated', 'RESOLVED']);
    await ok('PUT', '/notifications/webhooks', { ...body, enabled: false });
    await ok('PUT', `/issues/${opened.data.id}`, { status: 'IGNORED' });
    await wait(600);
    assert.equal(told('issues').length, 3);
  });

  test('tell of attempts and events, but not of their own', async () => {
    const to = await listener('all'), from = await connect();
    await ok('PUT', '/notifications/webhooks', { enabled: true, source_id: to.source.id, topics: ['issue.opened', 'issue.updated', 'deprecated.attempt-failed', 'event.successful'] });
    status = 200;
    await post(from.source.url);
    const good = await until('a notification', () => told('all').find((one) => one.topic === 'event.successful'));
    assert.equal(good.data.webhook_id, from.id);
    assert.equal(good.data.status, 'SUCCESSFUL');
    status = 500;
    await post(from.source.url);
    const bad = await until('a notification', () => told('all').find((one) => one.topic === 'deprecated.attempt-failed'));
    assert.equal(bad.data.response_status, 500);
    assert.deepEqual(bad.data, await ok('GET', `/attempts/${bad.data.id}`));
    await until('the issue', () => told('all').find((one) => one.topic === 'issue.opened'));
    await wait(800);
    assert.equal(told('all').length, 3);
    // A listener that fails opens an issue, and nobody tells it of that.
    await ok('PUT', `/destinations/${to.destination.id}`, { config: { url: `${sink.url}/broken` } });
    await post(to.source.url);
    await until('its issue', async () => (await ok('GET', `/issues?aggregation_keys[webhook_id]=${to.id}`)).count === 1);
    await wait(800);
    assert.equal((await ok('GET', `/requests?source_id=${to.source.id}`)).count, 4);
    await ok('PUT', '/notifications/webhooks', { enabled: false, source_id: to.source.id, topics: [] });
  });

  test('are rejected as any request when the source leads nowhere, and dropped when it is deleted', async () => {
    const source = await ok('POST', '/sources', { name: 'nowhere' }), from = await connect();
    await ok('PUT', '/notifications/webhooks', { enabled: true, source_id: source.id, topics: ['deprecated.attempt-failed'] });
    status = 500;
    await post(from.source.url);
    const { models: [request] } = await until('the request', async () => {
      const page = await ok('GET', `/requests?source_id=${source.id}`);
      return page.count && page;
    });
    assert.equal(request.rejection_cause, 'NO_CONNECTION');
    await ok('DELETE', `/sources/${source.id}`);
    await post(from.source.url);
    await wait(600);
    assert.equal((await ok('GET', `/requests?source_id=${source.id}`)).count, 1);
    await refused(410, 'PUT', '/notifications/webhooks', { enabled: true, source_id: source.id, topics: [] });
  });

  test('survive a kill', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-notify-'));
    try {
      let own = await startGateway({ dir });
      const calls = callsOf(own), to = await listener('killed', calls), from = await connect(calls);
      await calls.ok('PUT', '/notifications/webhooks', { enabled: true, source_id: to.source.id, topics: ['deprecated.attempt-failed'] });
      status = 500;
      for (let i = 0; i < 20; i++) await post(from.source.url);
      await own.stop({ signal: 'SIGKILL' });
      own = await startGateway({ dir });
      await until('all failures are told', async () => {
        const { models } = await callsOf(own).ok('GET', '/attempts?limit=255');
        const ids = models.filter((attempt) => attempt.status === 'FAILED').map((attempt) => attempt.id);
        const known = new Set(told('killed').map((one) => one.data.id));
        return ids.length >= 20 && ids.every((id) => known.has(id));
      });
      await own.stop();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('refuse what does not fit', async () => {
    const source = await ok('POST', '/sources', { name: 'good' });
    const good = { enabled: false, topics: ['issue.opened'], source_id: source.id };
    await refusesStrangers(refused, 'PUT', '/notifications/webhooks', good);
    await refusesEach(refused, 'PUT', '/notifications/webhooks', [
      [{}, /^enabled: is required/], [{ ...good, topics: undefined }, /^topics: is required/], [{ ...good, enabled: 'yes' }, /^enabled: /],
      [{ ...good, topics: ['issue.closed'] }, /^topics\[0\]: /], [{ ...good, topics: 'issue.opened' }, /^topics: must be an array/],
      [{ ...good, source_id: null }, /^source_id: /], [{ ...good, more: 1 }, /^more: /],
    ]);
    await refused(404, 'PUT', '/notifications/webhooks', { ...good, source_id: 'src_00000000000' });
  });
});

describe('channels of triggers', () => {
  test('are told when they have a setting, once more after a failure', async () => {
    const from = await connect();
    hooks.received.length = mails.received.length = 0;
    await ok('POST', '/issue-triggers', {
      type: 'delivery', configs: { strategy: 'first_attempt', connections: [from.id] },
      channels: { slack: { channel_name: 'ops' }, pagerduty: {}, opsgenie: {}, email: {} },
    });
    status = 503;
    await post(from.source.url);
    const issue = await until('an issue', async () => (await ok('GET', `/issues?aggregation_keys[webhook_id]=${from.id}`)).models[0]);
    await until('both are told, the one that failed again', () => hooks.received.length === 3);
    assert.deepEqual([...new Set(hooks.received.map((entry) => entry.url))].sort(), ['/pagerduty', '/slack']);
    const slack = JSON.parse(hooks.received.find((entry) => entry.url === '/slack').body);
    assert.match(slack.text, new RegExp(`Deliveries of the connection ${from.name} \\(${from.id}\\) fail with status 503`));
    assert.equal(slack.content, slack.text);
    assert.equal(slack.topic, 'issue.opened');
    assert.deepEqual(slack.channel, { channel_name: 'ops' });
    assert.equal(slack.issue.id, issue.id);
    const mail = await until('the mail', () => mails.received.find((one) => one.text.includes(issue.id)));
    assert.equal(mail.from, 'gate@example.com');
    assert.deepEqual(mail.to, ['a@example.com', 'b@example.com']);
    assert.match(mail.head, /^Subject: Issue opened: Deliveries of the connection /m);
    assert.match(mail.text, /fail with status 503/);
    await post(from.source.url);
    await wait(500);
    assert.equal(mails.received.filter((one) => one.text.includes(issue.id)).length, 1);
  });
});
