// Redirects: which are followed, with what method, body and headers, and what stays behind when they leave the origin.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { startGateway, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { makeChains, startServer } from './wire_servers.mjs';

const SIGNED = 'x-hookdeck-signature';
let chains, gateway, same, from, to, secure, otherSecure;

// /go?status=N&to=URL redirects; /slow answers late. Everything is kept.
async function startSite(tls) {
  const received = [];
  const handle = (request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url, 'http://site');
      const subject = request.socket.getPeerCertificate?.().subject?.CN ?? null;
      received.push({ method: request.method, path: pathname, headers: request.headers, body: Buffer.concat(chunks).toString(), subject });
      const answer = () => {
        if (!searchParams.has('status')) return reply.end('here');
        return reply.writeHead(Number(searchParams.get('status')), searchParams.has('to') ? { location: searchParams.get('to') } : {}).end('there');
      };
      setTimeout(answer, Number(searchParams.get('delay') ?? 0));
    });
  };
  const server = tls ? createHttpsServer({ ...chains.of('good'), requestCert: true, rejectUnauthorized: false }, handle) : createServer(handle);
  return { ...await startServer(server, tls ? 'https' : 'http'), received };
}

before(async () => {
  chains = makeChains();
  gateway = await startGateway();
  same = await startGateway({ args: ['--set', 'redirect_hosts=same', '--set', 'redirect_downgrade=allow', '--set', 'delivery_redirects=2'] });
  [from, to, secure, otherSecure] = await Promise.all([startSite(), startSite(), startSite(true), startSite(true)]);
});
after(async () => {
  for (const one of [gateway, same, from, to, secure, otherSecure]) await one?.stop();
  chains?.remove();
});

const go = (site, to, status = 307, more = '') => `${site.url}/go?status=${status}&to=${encodeURIComponent(to)}${more}`;
let counter = 0;
// One webhook by a destination of that config; gives its attempt.
async function deliver(url, config = {}, { on = gateway, method = 'POST' } = {}) {
  const { ok } = callsOf(on);
  const name = `r${++counter}`;
  for (const site of [from, to, secure, otherSecure]) site.received.length = 0;
  const connection = await ok('PUT', '/connections', { name, source: { name, config: { allowed_http_methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] } },
    destination: { name, type: 'HTTP', config: { url, path_forwarding_disabled: true, ...config } } });
  const sent = await fetch(connection.source.url, { method, ...(method !== 'GET' && { body: '{"a":1}' }),
    headers: { ...(method !== 'GET' && { 'content-type': 'application/json' }), cookie: 'a=b', 'x-gitlab-token': 'secret', 'x-event': 'paid' } });
  const { request_id } = await sent.json();
  const attempt = await until(`the attempt of ${name}`, async () => {
    const [event] = (await ok('GET', `/events?request_id=${request_id}`)).models;
    return event?.attempts > 0 && (await ok('GET', `/attempts?event_id=${event.id}`)).models[0];
  });
  return ok('GET', `/attempts/${attempt.id}`);
}

function assertRefused(attempt, code, reason) {
  assert.deepEqual([attempt.status, attempt.error_code, attempt.response_status], ['FAILED', code, null]);
  assert.match(attempt.body, reason);
}

describe('a redirect', () => {
  test('keeps method and body, but for 303', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const status of [301, 302, 303, 307, 308]) {
        const attempt = await deliver(go(from, '/end', status), {}, { method });
        assert.deepEqual([attempt.status, attempt.response_status, attempt.body], ['SUCCESSFUL', 200, 'here'], `${method} ${status}`);
        const { method: got, body, headers } = from.received.find(({ path }) => path === '/end');
        assert.deepEqual([got, body], status === 303 ? ['GET', ''] : [method, '{"a":1}'], `${method} ${status}`);
        assert.equal(headers['content-type'], status === 303 ? undefined : 'application/json');
        assert.equal(headers['content-length'], status === 303 ? undefined : '7');
      }
    }
  });
  test('of a GET stays one', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      assert.equal((await deliver(go(from, '/end', status), {}, { method: 'GET' })).response_status, 200);
      assert.equal(from.received.at(-1).method, 'GET');
    }
  });
  test('may be relative, and is read as the client reads URLs', async () => {
    for (const location of ['/end', 'end', './x/../end', '?x', `//127.0.0.1:${from.port}/end`, `HTTP://127.0.0.1:${from.port}/end`, '/end#part']) {
      assert.equal((await deliver(go(from, location))).response_status, 200, location);
    }
  });
  test('that says not where to is the reply, and so is any other 3xx', async () => {
    for (const [url, status] of [[`${from.url}/go?status=302`, 302], [go(from, '/end', 300), 300], [go(from, '/end', 304), 304], [go(from, '/end', 305), 305]]) {
      const attempt = await deliver(url);
      assert.deepEqual([attempt.status, attempt.error_code, attempt.response_status], ['FAILED', null, status]);
      assert.equal(from.received.length, 1);
    }
  });
  test('is followed so many times', async () => {
    const chain = (length, last) => Array.from({ length }).reduce((url) => go(from, url), last);
    assert.equal((await deliver(chain(5, `${from.url}/end`))).response_status, 200);
    assert.equal(from.received.length, 6);
    assertRefused(await deliver(chain(6, `${from.url}/end`)), 'TOO_MANY_REDIRECTS', /there were 5 redirects before it/);
    assert.equal(from.received.length, 6);
    assertRefused(await deliver(chain(3, `${from.url}/end`), {}, { on: same }), 'TOO_MANY_REDIRECTS', /there were 2 redirects before it/);
  });
  test('is the reply where none is to be followed', async () => {
    const none = await startGateway({ env: { FAIRLEAD_DELIVERY_REDIRECTS: '0' } });
    try {
      const attempt = await deliver(go(from, '/end'), {}, { on: none });
      assert.deepEqual([attempt.status, attempt.error_code, attempt.response_status, attempt.body], ['FAILED', null, 307, 'there']);
      assert.equal(from.received.length, 1);
    } finally {
      await none.stop();
    }
  });
  test('does not begin the time anew', async () => {
    const slow = await startGateway({ args: ['--set', 'delivery_timeout_ms=1500'] });
    try {
      const url = Array.from({ length: 4 }).reduce((url) => go(from, url, 307, '&delay=600'), `${from.url}/end`);
      const attempt = await deliver(url, {}, { on: slow });
      assert.equal(attempt.error_code, 'TIMEOUT');
      assert.ok(from.received.every(({ path }) => path === '/go'));
    } finally {
      await slow.stop();
    }
  });
  test('to what is no URL to call is refused', async () => {
    for (const location of ['ftp://127.0.0.1/', 'file:///etc/passwd', 'gopher://127.0.0.1:70/x', 'http://', 'javascript:1', 'smtp://127.0.0.1:25/'])
      assertRefused(await deliver(go(from, location)), 'INVALID_URL', /is not followed/);
  });
});

describe('what leaves the origin', () => {
  const AUTHS = [
    ['authorization', { auth_type: 'BEARER_TOKEN', auth: { token: 'secret' } }],
    ['authorization', { auth_type: 'BASIC_AUTH', auth: { username: 'u', password: 'p' } }],
    ['x-odd', { auth_type: 'API_KEY', auth: { key: 'x-odd', api_key: 'secret' } }],
    ['x-mine', { auth_type: 'CUSTOM_SIGNATURE', auth: { key: 'x-mine', signing_secret: 'secret' } }],
    ['authorization', { auth_type: 'AWS_SIGNATURE', auth: { access_key_id: 'A', secret_access_key: 's', region: 'eu-west-1', service: 'lambda' } }],
    [SIGNED, { auth_type: 'HOOKDECK_SIGNATURE', auth: {} }],
  ];
  test('leaves the credentials behind, and the sender\'s too', async () => {
    for (const [header, config] of AUTHS) {
      assert.equal((await deliver(go(from, `${to.url}/end`), config)).response_status, 200, header);
      const [first, second] = [from.received[0].headers, to.received[0].headers];
      for (const name of [header, 'cookie', 'x-gitlab-token']) {
        assert.ok(first[name], `${name} at first`);
        assert.equal(second[name], undefined, `${name} elsewhere`);
      }
      assert.deepEqual([second['x-event'], second['content-type'], second['x-hookdeck-eventid'], to.received[0].body],
        ['paid', 'application/json', first['x-hookdeck-eventid'], '{"a":1}']);
    }
  });
  test('leaves those of a redirect\'s URL behind', async () => {
    const named = go({ url: to.url.replace('//', '//user:secret@') }, `${from.url}/end`);
    assert.equal((await deliver(go(from, named))).response_status, 200);
    assert.equal(to.received[0].headers.authorization, `Basic ${Buffer.from('user:secret').toString('base64')}`);
    assert.equal(from.received.at(-1).headers.authorization, undefined);
    assert.equal((await deliver(`${to.url}/next`)).response_status, 200);
    assert.equal(to.received[0].headers.authorization, undefined);
  });
  test('does not get them back on the way', async () => {
    assert.equal((await deliver(go(from, go(to, `${from.url}/end`)), AUTHS[0][1])).response_status, 200);
    assert.deepEqual(from.received.map(({ headers }) => headers.authorization), ['Bearer secret', undefined]);
  });
  test('what stays keeps them', async () => {
    for (const [header, config] of AUTHS) {
      assert.equal((await deliver(go(from, '/end', 308), config)).response_status, 200);
      for (const { headers } of from.received) assert.ok(headers[header] && headers.cookie && headers['x-gitlab-token'], header);
    }
  });
  test('a client certificate is shown to its own origin only', async () => {
    const tls = { ca: chains.read('root.pem'), client_certificate: chains.read('good.pem'), client_key: chains.read('good.key') };
    assert.equal((await deliver(go(secure, '/end'), { tls })).response_status, 200);
    assert.deepEqual(secure.received.map(({ subject }) => subject), ['good', 'good']);
    assert.equal((await deliver(go(secure, `${otherSecure.url}/end`), { tls })).response_status, 200);
    assert.deepEqual([secure.received[0].subject, otherSecure.received[0].subject], ['good', null]);
  });
});

describe('by policy', () => {
  const tls = () => ({ tls: { ca: chains.read('root.pem') } });
  test('no redirect leads from https to http', async () => {
    assertRefused(await deliver(go(secure, `${to.url}/end`), tls()), 'INVALID_URL', /^the redirect to http:.* is not followed: it leaves https for http, and redirect_downgrade is refuse/);
    assert.equal(to.received.length, 0);
    assert.equal((await deliver(go(secure, `${to.url}/end`), tls(), { on: same })).response_status, 200);
  });
  test('redirects stay at their host', async () => {
    const elsewhere = to.url.replace('127.0.0.1', '127.0.0.2');
    assertRefused(await deliver(go(from, `${elsewhere}/end`), {}, { on: same }), 'INVALID_URL', /it is another host, and redirect_hosts is same/);
    assertRefused(await deliver(go(from, `http://localhost:${to.port}/end`), {}, { on: same }), 'INVALID_URL', /another host/);
    assert.equal(to.received.length, 0);
    assert.equal((await deliver(go(from, `${to.url}/end`), {}, { on: same })).response_status, 200);
    assert.equal((await deliver(go(from, '/end'), {}, { on: same })).response_status, 200);
  });
});
