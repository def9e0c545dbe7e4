// Where deliveries may go: addresses in every spelling, names, redirects, the gateway itself. What is refused is never
// connected to: sinks listen on several loopback addresses, and those that must not be reached count their connections.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { startGateway, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { startProxy } from './wire_servers.mjs';

const ALLOWED = '127.0.0.2';
let open, strict, good, forbidden;

// On one loopback address. /go?to=URL&status=N redirects; every other path is answered with 200.
async function listen(host, port = 0) {
  const sink = { connections: 0, received: [] };
  const server = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url, 'http://sink');
      sink.received.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      if (!url.pathname.startsWith('/go')) return reply.writeHead(200).end('here');
      const location = Buffer.from(url.searchParams.get('to')).toString('latin1');
      return reply.writeHead(Number(url.searchParams.get('status') ?? 307), { location }).end('there');
    });
  });
  server.on('connection', () => { sink.connections++; });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  sink.port = server.address().port;
  sink.at = (path) => sink.received.filter(({ url }) => url.startsWith(path));
  sink.stop = () => new Promise((resolve) => { server.closeAllConnections?.(); server.close(resolve); });
  return sink;
}

before(async () => {
  good = await listen(ALLOWED);
  forbidden = await listen('127.0.0.1');
  open = await startGateway();
  strict = await startGateway({ args: ['--set', 'egress_private=refuse', '--set', `egress_allow=${ALLOWED}`,
    '--set', 'egress_deny=denied.example, *.denied.example, localhost'] });
});
after(async () => {
  await open?.stop();
  await strict?.stop();
  await good?.stop();
  await forbidden?.stop();
});

let counter = 0;
// One webhook to each of the destinations; gives for each { problem } when it could not be made, else { attempt }.
async function deliver(gateway, configs) {
  const { ok } = callsOf(gateway);
  const name = `s${++counter}`;
  const made = [];
  for (const [i, config] of configs.entries()) {
    const reply = await gateway.api('PUT', '/connections', { name: `${name}-${i}`, source: { name },
      destination: { name: `${name}-${i}`, type: 'HTTP', config: { path_forwarding_disabled: true, ...config } } });
    assert.ok([200, 422].includes(reply.status), JSON.stringify(reply.body));
    made.push(reply.status === 422 ? { problem: reply.body.message } : { connection: reply.body });
  }
  const first = made.find(({ connection }) => connection);
  if (!first) return made;
  const sent = await fetch(gateway.url + /\/e\/.*/.exec(first.connection.source.url)[0], { method: 'POST', headers: { 'content-type': 'application/json', cookie: 'a=b', 'x-event': 'paid' }, body: '{"a":1}' });
  const { request_id } = await sent.json();
  const events = await until(`the end of ${name}`, async () => {
    const { models } = await ok('GET', `/events?request_id=${request_id}&limit=250`);
    return models.length === made.filter(({ connection }) => connection).length && models.every(({ attempts, status }) => attempts > 0 && status !== 'QUEUED') && models;
  }, { tries: 400 });
  for (const row of made.filter(({ connection }) => connection)) {
    const event = events.find(({ webhook_id }) => webhook_id === row.connection.id);
    const { models: [{ id }] } = await ok('GET', `/attempts?event_id=${event.id}`);
    row.attempt = await ok('GET', `/attempts/${id}`);
  }
  return made;
}

function assertRefused(url, { problem, attempt }, reason) {
  if (attempt) assert.deepEqual([attempt.status, attempt.error_code, attempt.response_status], ['FAILED', 'INVALID_URL', null], `${url}: ${JSON.stringify(attempt)}`);
  assert.match(problem ?? String(attempt.body), reason, url);
}

const PORT = () => forbidden.port;
// Spellings of 127.0.0.1 and others; P stands for the port of a server that must not be reached.
const LOOPBACK = [
  'http://127.0.0.1:P/', 'http://127.1:P/', 'http://127.0.1:P/', 'http://2130706433:P/', 'http://0x7f000001:P/', 'http://0x7F.0.0.1:P/',
  'http://0x7f.1:P/', 'http://017700000001:P/', 'http://0177.0.0.1:P/', 'http://0177.1:P/', 'http://0x7f.0x0.0x0.0x1:P/',
  'http://127.0.0.1.:P/', 'http://127.1.:P/', 'http://%31%32%37.0.0.1:P/', 'http://127%2e0%2e0%2e1:P/', 'http://0000177.0000.0.01:P/',
  'http://good.example@127.0.0.1:P/', 'http://good.example:80@127.0.0.1:P/', 'http://127.0.0.2:80@127.0.0.1:P/', 'http://a@b@127.0.0.1:P/',
  'http://good.example%40127.0.0.1:P/', 'http://127.0.0.2:9\\@127.0.0.1:P/', 'http://127.0.0.1:P#@127.0.0.2/', 'http://127.0.0.1:P?@127.0.0.2/',
  'http://[::ffff:127.0.0.1]:P/', 'http://[::ffff:7f00:1]:P/', 'http://[::FFFF:7F00:0001]:P/', 'http://[0:0:0:0:0:ffff:127.0.0.1]:P/',
  'http://[::127.0.0.1]:P/', 'http://[::7f00:1]:P/', 'http://[64:ff9b::127.0.0.1]:P/', 'http://[64:ff9b::7f00:1]:P/',
  'http://[64:ff9b:1::7f00:1]:P/', 'http://[2002:7f00:1::]:P/', 'http://[2001:0:808:808::80ff:fffe]:P/', 'http://[::ffff:0:127.0.0.1]:P/',
  'http://[2a00:1450::5efe:7f00:1]:P/', 'http://[::1]:P/', 'http://[0:0:0:0:0:0:0:1]:P/', 'http://[::1%25lo]:P/', 'http://localhost:P/', 'http://LOCALHOST:P/',
  'http://localhost.:P/', 'http://x.localhost:P/', 'http://127.255.255.254:P/', 'http://4294967297:P/', 'http://%6cocalhost:P/',
  'http://127.0.0.1\t:P/', 'http://①②⑦.⓪.⓪.①:P/', 'http://127。0。0。1:P/', 'HTTP://127.0.0.1:P/', 'http:127.0.0.1:P/', 'http:///127.0.0.1:P/',
];
const ALWAYS = [
  ['http://169.254.169.254/latest/meta-data/', /metadata/], ['http://169.254.169.254./', /metadata/], ['http://2852039166/', /metadata/],
  ['http://0xa9fea9fe/', /metadata/], ['http://0251.0376.0251.0376/', /metadata/], ['http://169.254.43518/', /metadata/],
  ['http://0xa9.254.0251.0xfe/', /metadata/], ['http://[::ffff:169.254.169.254]/', /metadata/], ['http://[::ffff:a9fe:a9fe]/', /metadata/],
  ['http://[2002:a9fe:a9fe::]/', /metadata/], ['http://[64:ff9b::a9fe:a9fe]/', /metadata/], ['http://[2001:0:a9fe:a9fe::]/', /metadata/],
  ['http://[2001:0:808:808::5601:5601]/', /metadata/], ['http://[fd00:ec2::254]/', /metadata/], ['http://[fd20:ce::254]/', /metadata/],
  ['http://100.100.100.200/', /metadata/], ['http://192.0.0.192/', /metadata/], ['http://168.63.129.16/', /metadata/],
  ['http://169.254.170.2/', /metadata/], ['http://user@169.254.169.254/', /metadata/], ['https://169.254.169.254/', /metadata/],
  ['http://169.254.1.1/', /link-local/], ['http://[fe80::1]/', /link-local/], ['http://[fe80::1%25eth0]/', /link-local/],
  ['http://[febf::1]/', /link-local/], ['http://0.0.0.0:P/', /unspecified/], ['http://0:P/', /unspecified/], ['http://0x0:P/', /unspecified/],
  ['http://00.0:P/', /unspecified/], ['http://[::]:P/', /unspecified/], ['http://[::ffff:0.0.0.0]:P/', /unspecified/],
  ['http://0.0.0.1:P/', /reserved/], ['http://224.0.0.1/', /multicast/], ['http://[ff02::1]/', /multicast/], ['http://239.1.2.3/', /multicast/],
  ['http://255.255.255.255/', /broadcast/], ['http://4294967295/', /broadcast/], ['http://240.0.0.1/', /reserved/], ['http://192.0.0.1/', /reserved/],
  ['http://[100::1]/', /reserved/], ['http://[4000::1]/', /reserved/],
];
const PRIVATE = [
  'http://10.0.0.1/', 'http://0xa000001/', 'http://012.1/', 'http://172.16.0.1/', 'http://172.31.255.255/', 'http://192.168.0.1/', 'http://3232235521/',
  'http://100.64.0.1/', 'http://[fc00::1]/', 'http://[fd12:3456::1]/', 'http://[fec0::1]/', 'http://[::ffff:10.0.0.1]/', 'http://[64:ff9b::10.0.0.1]/',
  'http://198.18.0.1/', 'http://192.0.2.1/', 'http://[2001:db8::1]/', 'http://127.0.0.3:P/',
];
const place = (url) => url.replace(/:P(?=[/\\?#])/, `:${PORT()}`);
const REFUSED = /is not called|must be an absolute http or https URL|no URL that can be called|no http or https URL|Could not resolve|Couldn't resolve|URL using bad/i;

describe('a gateway that refuses private addresses', () => {
  test('reaches the one that is allowed', async () => {
    const [{ attempt }] = await deliver(strict, [{ url: `http://${ALLOWED}:${good.port}/plain` }]);
    assert.deepEqual([attempt.status, attempt.response_status], ['SUCCESSFUL', 200]);
  });
  test('never connects to a loopback address, however it is written', async () => {
    const rows = await deliver(strict, LOOPBACK.map((url) => ({ url: place(url) })));
    rows.forEach(({ problem, attempt }, i) => {
      if (attempt) assert.equal(attempt.status, 'FAILED', LOOPBACK[i]);
      assert.match(problem ?? String(attempt.body), REFUSED, LOOPBACK[i]);
    });
    assert.equal(forbidden.connections, 0);
    // What names an address is refused where it is written.
    rows.slice(0, 20).forEach(({ problem }, i) => assert.match(problem ?? '', /config.url: (127.0.0.1|0177.0.0.1) is not called: it is a loopback address, which egress_private refuses|absolute/, LOOPBACK[i]));
  });
  test('never calls other private addresses', async () => {
    const rows = await deliver(strict, PRIVATE.map((url) => ({ url: place(url) })));
    rows.forEach((row, i) => assertRefused(PRIVATE[i], row, /egress_private refuses/));
    assert.equal(forbidden.connections, 0);
  });
  test('never calls what nobody may call', async () => {
    const rows = await deliver(strict, ALWAYS.map(([url]) => ({ url: place(url) })));
    rows.forEach((row, i) => assertRefused(ALWAYS[i][0], row, ALWAYS[i][1]));
    assert.equal(forbidden.connections, 0);
  });
  test('does not follow redirects to any of them', async () => {
    const targets = [...LOOPBACK, ...PRIVATE, ...ALWAYS.map(([url]) => url)].map(place);
    const urls = targets.map((url, i) => `http://${ALLOWED}:${good.port}/go?status=${[301, 302, 303, 307, 308][i % 5]}&to=${encodeURIComponent(url)}`);
    const rows = await deliver(strict, urls.map((url) => ({ url })));
    rows.forEach(({ attempt }, i) => {
      const own = /^http:\/\/127\.0\.0\.2/.test(attempt.body);
      assert.ok(attempt.status === 'FAILED' || (own && attempt.body === 'here'), `${targets[i]}: ${JSON.stringify(attempt)}`);
      if (attempt.status === 'FAILED') assert.ok(attempt.response_status === null || attempt.response_status >= 300, targets[i]);
    });
    assert.equal(forbidden.connections, 0);
    const said = rows.filter(({ attempt }) => /^the redirect to .* is not followed: .* is not called: /.test(attempt.body));
    assert.ok(said.length > 90, `${said.length} of ${rows.length}`);
  });
  test('denied names are refused where they are written, and behind redirects', async () => {
    const rows = await deliver(strict, [
      { url: 'http://denied.example/' }, { url: 'http://DENIED.example./' }, { url: 'http://a.b.denied.example/' }, { url: 'http://x@denied.example:81/' },
      { url: `http://${ALLOWED}:${good.port}/go?to=${encodeURIComponent('http://x.denied.example/')}` },
    ]);
    rows.forEach((row, i) => assertRefused(i, row, /egress_deny holds (\*\.)?denied.example/));
  });
  test('nor are they asked for tokens', async () => {
    const auth = (auth_server) => ({ url: `http://${ALLOWED}:${good.port}/`, auth_type: 'OAUTH2_CLIENT_CREDENTIALS',
      auth: { auth_server, client_id: 'a', client_secret: 'b', authentication_type: 'basic' } });
    const rows = await deliver(strict, [auth(place('http://127.1:P/token')), auth('http://denied.example/'), auth(place('http://x.localhost:P/token')),
      auth(`http://${ALLOWED}:${good.port}/go?to=${encodeURIComponent(place('http://127.0.0.1:P/'))}`)]);
    assert.match(rows[0].problem, /config.auth.auth_server: 127.0.0.1 is not called/);
    assert.match(rows[1].problem, /egress_deny holds denied.example/);
    assert.equal(rows[2].attempt.error_code, 'OAUTH2_HANDSHAKE_FAILED');
    assert.match(rows[2].attempt.body, /is not called/);
    assert.equal(rows[3].attempt.error_code, 'OAUTH2_HANDSHAKE_FAILED');
    assert.equal(forbidden.connections, 0);
  });
});

describe('by default', () => {
  test('private addresses are called', async () => {
    const before = forbidden.connections;
    const rows = await deliver(open, ['http://127.1:P/', 'http://localhost:P/', 'http://2130706433:P/', 'http://[::ffff:127.0.0.1]:P/'].map((url) => ({ url: place(url) })));
    rows.forEach(({ attempt }) => assert.deepEqual([attempt.status, attempt.body], ['SUCCESSFUL', 'here']));
    assert.ok(forbidden.connections > before);
  });
  test('what nobody may call is not called all the same', async () => {
    const before = forbidden.connections;
    const rows = await deliver(open, ALWAYS.map(([url]) => ({ url: place(url) })));
    rows.forEach((row, i) => assertRefused(ALWAYS[i][0], row, ALWAYS[i][1]));
    assert.equal(forbidden.connections, before);
  });
  test('a change that names no URL is not held against one that is there', async () => {
    const { ok, refused } = callsOf(open);
    const made = await ok('POST', '/destinations', { name: `d${++counter}`, type: 'HTTP', config: { url: 'http://127.0.0.1:1/' } });
    await ok('PUT', `/destinations/${made.id}`, { description: 'x' });
    const error = await refused(422, 'PUT', `/destinations/${made.id}`, { config: { url: 'http://169.254.169.254/' } });
    assert.deepEqual(error.data, ['config.url: 169.254.169.254 is not called: it is a cloud metadata address, which is always refused']);
  });
});

describe('the gateway itself', () => {
  test('takes webhooks from itself, and no calls of its API', async () => {
    const { ok } = callsOf(open);
    const port = new URL(open.url).port;
    const next = await ok('PUT', '/connections', { name: 'next', source: { name: 'next' }, destination: { name: 'next', type: 'MOCK_API' } });
    const paths = ['/metrics', '/', '/2025-07-01/sources', '/openapi.json', '/e', '/e/../metrics', '/e/%2e%2e/../../metrics', '//e/x', '/E/x', '/v1/publish', '/cli-auth', '/sign-in/x'];
    const hosts = ['127.0.0.1', '127.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'];
    const rows = await deliver(open, [{ url: next.source.url }, ...hosts.flatMap((host) => paths.map((path) => ({ url: `http://${host}:${port}${path}` }))),
      { url: `http://${ALLOWED}:${good.port}/go?to=${encodeURIComponent(`http://127.0.0.1:${port}/metrics`)}` },
      { url: `http://${ALLOWED}:${good.port}/go?to=${encodeURIComponent(`http://localhost:${port}/e/../2025-07-01/sources`)}` },
      { url: `http://${ALLOWED}:${good.port}/go?to=${encodeURIComponent(next.source.url)}` },
      { url: `http://localhost:${port}/e/${next.source.url.split('/e/')[1]}` }]);
    const [direct, ...others] = rows;
    const [chained, byName] = others.splice(-2);
    for (const row of [direct, chained, byName]) assert.deepEqual([row.attempt.status, row.attempt.response_status], ['SUCCESSFUL', 200]);
    for (const { problem, attempt } of others) {
      const text = problem ?? String(attempt.body); // a name may have another address, where nobody listens
      assert.match(text, /it is this gateway, which is called at \/e\/ and \/v1\/publish\/ only/);
      if (attempt) assert.equal(attempt.response_status, null);
    }
  });
  test('is found at each address that it listens on', async () => {
    const gateway = await startGateway({ args: ['--listen', '0.0.0.0:0', '--public-url', 'https://hooks.example/in'] });
    try {
      const port = new URL(gateway.url).port;
      const rows = await deliver(gateway, [`http://127.0.0.1:${port}/metrics`, `http://127.7.7.7:${port}/metrics`, `http://localhost:${port}/metrics`,
        `http://[::ffff:127.9.9.9]:${port}/metrics`, `http://0.0.0.0:${port}/metrics`, 'https://hooks.example/in/metrics', 'https://HOOKS.example.:443/in'].map((url) => ({ url })));
      assert.ok(rows.every(({ problem, attempt }) => /it is this gateway|unspecified/.test(problem ?? attempt.body)), JSON.stringify(rows));
    } finally {
      await gateway.stop();
    }
  });
  test('can be called where that is allowed', async () => {
    const gateway = await startGateway({ env: { FAIRLEAD_EGRESS_OWN_API: 'allow' } });
    try {
      const [{ attempt }] = await deliver(gateway, [{ url: `${gateway.url}/metrics`, http_method: 'GET' }]);
      assert.deepEqual([attempt.status, attempt.response_status], ['SUCCESSFUL', 200]);
      assert.match(attempt.body, /fairlead_/);
    } finally {
      await gateway.stop();
    }
  });
});

describe('beside deliveries', () => {
  test('a proxy is not asked for what is refused', async () => {
    const proxy = await startProxy();
    const gateway = await startGateway({ args: ['--set', 'egress_private=refuse', '--set', `egress_allow=${ALLOWED}`, '--set', 'egress_deny=denied.example',
      '--set', `delivery_proxy=${proxy.url}`] });
    try {
      const via = (to) => ({ url: `http://${ALLOWED}:${good.port}/go?to=${encodeURIComponent(place(to))}` });
      const rows = await deliver(gateway, [{ url: `http://${ALLOWED}:${good.port}/plain` }, via('http://127.1:P/'), via('http://denied.example/'), via('https://127.0.0.1:P/'),
        via('http://169.254.169.254/'), { url: 'http://DENIED.example/' }, { url: place('http://127.0.0.1:P/') }]);
      assert.equal(rows[0].attempt.response_status, 200); // though the proxy is at a private address
      rows.slice(1).forEach((row, i) => assertRefused(i, row, /is not called/));
      assert.ok(proxy.seen.length >= 5 && proxy.seen.every(({ url }) => url.startsWith(`http://${ALLOWED}:`)), JSON.stringify(proxy.seen.map(({ url }) => url)));
    } finally {
      await gateway.stop();
      await proxy.stop();
    }
  });
  test('the channels of issues are held against it', async () => {
    const before = forbidden.connections;
    const gateway = await startGateway({ args: ['--set', 'egress_private=refuse', '--set', `egress_allow=${ALLOWED}`, '--set', 'issue_check_ms=100',
      '--set', `slack_url=http://127.0.0.1:${PORT()}/`, '--set', `discord_url=http://${ALLOWED}:${good.port}/channel`] });
    try {
      const { ok } = callsOf(gateway);
      await ok('POST', '/issue-triggers', { type: 'delivery', configs: { strategy: 'first_attempt', connections: '*' }, channels: { slack: { channel_name: '#a' }, discord: { channel_id: '1', channel_name: '#b' } } });
      await deliver(gateway, [{ url: `http://${ALLOWED}:${good.port}/go?status=500&to=x` }]);
      await until('the message that is allowed', () => good.at('/channel').length > 0);
      await until('the refusal of the other', () => /slack could not be sent.*127.0.0.1 is not called: it is a loopback address/.test(gateway.log()));
      assert.equal(forbidden.connections, before);
    } finally {
      await gateway.stop();
    }
  });
});
