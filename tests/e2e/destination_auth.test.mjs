// What destinations are told by the gateway to know it, judged by the code of the other side.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import aws4 from 'aws4';
import { importSPKI, jwtVerify } from 'jose';
import { SignatureV4 } from '@smithy/signature-v4';
import sha256 from '@aws-crypto/sha256-js';
import { Webhook } from 'standardwebhooks';
import { startGateway, startSink, until } from './gateway.mjs';
import { pemOf, rsaPair } from './key_pair.mjs';
import { callsOf } from './resource.mjs';
import { CLIENTS, makeCertificates, startAuthorizationServer, startNginx, startTokenServer } from './auth_servers.mjs';

const SETTINGS = { deliveries: 4, token_failure_ms: 200, token_timeout_ms: 2000 };
const args = Object.entries(SETTINGS).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
const RETRY = [{ type: 'retry', strategy: 'linear', interval: 1000, count: 3 }];
const BODY = '{"order":1,"name":"é"}';

let gateway, ok, refused, sink;
const answers = new Map(); // by the first segment of the path

before(async () => {
  sink = await startSink((entry) => answers.get(entry.url.split(/[/?]/)[1])?.(entry));
  gateway = await startGateway({ args });
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

let counter = 0;
// A connection of its own to a destination with that auth: what it is sent, and how to send it something.
async function connect(auth_type, auth, { url, config = {}, rules = [], calls = ok } = {}) {
  const name = `auth-${++counter}`;
  const connection = await calls('PUT', '/connections', {
    name, rules, source: { name }, destination: { name, type: 'HTTP', config: { url: url ?? `${sink.url}/${name}`, auth_type, auth, ...config } },
  });
  const send = async (path = '', { method = 'POST', headers = {}, body = BODY } = {}) => {
    const reply = await fetch(connection.source.url + path, { method, body: method === 'GET' ? undefined : body,
      headers: { 'content-type': 'application/json', ...headers } });
    assert.equal(reply.status, 200);
  };
  return {
    name, send, connection, id: connection.destination.id,
    got: () => sink.received.filter((entry) => entry.url.split(/[/?]/)[1] === name),
    // Of all its events, the oldest first.
    async attempts() {
      const events = (await calls('GET', `/events?destination_id=${connection.destination.id}`)).models;
      if (events.length === 0) return [];
      return (await calls('GET', `/attempts?${events.map(({ id }) => `event_id=${id}`).join('&')}&dir=asc`)).models;
    },
    event: async () => (await calls('GET', `/events?destination_id=${connection.destination.id}`)).models[0],
  };
}
const first = (destination) => until('a delivery', () => destination.got()[0]);
const attempted = (destination, count = 1) => until(`${count} attempts`, async () => {
  const attempts = await destination.attempts();
  return attempts.length >= count && attempts;
});
const tokenOf = (entry) => /^Bearer (\S+)$/.exec(entry.headers.authorization)?.[1];

/* ---- OAuth2 ---- */

describe('OAuth2 against an authorization server', () => {
  let server;
  before(async () => { server = await startAuthorizationServer(); });
  after(() => server?.stop());

  for (const [way, client] of Object.entries(CLIENTS)) {
    test(`client credentials, ${way}: one token for many deliveries`, async () => {
      server.calls.length = 0;
      const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, scope: 'read write', ...client });
      await Promise.all(Array.from({ length: 25 }, () => destination.send()));
      await until('all deliveries', () => destination.got().length === 25);
      const tokens = new Set(destination.got().map(tokenOf));
      assert.equal(tokens.size, 1);
      assert.equal(server.calls.length, 1);
      const known = await server.look([...tokens][0]);
      assert.deepEqual([known.active, known.client_id, known.scope], [true, client.client_id, 'read write']);
    });
  }

  test('a sender\'s authorization gives way', async () => {
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, ...CLIENTS.basic });
    await destination.send('', { headers: { authorization: 'Bearer theirs' } });
    assert.equal((await server.look(tokenOf(await first(destination)))).active, true);
  });

  test('a token is renewed before it expires', async () => {
    server.settings.lifetime = 3;
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, ...CLIENTS.basic });
    const tokens = new Set();
    const end = Date.now() + 7000;
    server.calls.length = 0;
    while (Date.now() < end) {
      const count = destination.got().length;
      await destination.send();
      await until('a delivery', () => destination.got().length > count, { every: 10 });
      const token = tokenOf(destination.got().at(-1));
      tokens.add(token);
      assert.equal((await server.look(token)).active, true);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    server.settings.lifetime = 3600;
    assert.equal(tokens.size, server.calls.length);
    assert.ok(tokens.size >= 3 && tokens.size <= 4, `${tokens.size} tokens in 7 s`);
  });

  test('a destination that refuses a token gets another at the next attempt', async () => {
    server.calls.length = 0;
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, ...CLIENTS.basic }, { rules: RETRY });
    await destination.send();
    const token = tokenOf(await first(destination));
    answers.set(destination.name, (entry) => (tokenOf(entry) === token ? { status: 401 } : {}));
    await destination.send();
    await until('a second token', () => destination.got().some((entry) => tokenOf(entry) !== token));
    assert.equal(server.calls.length, 2);
    const statuses = (await attempted(destination, 3)).map(({ response_status }) => response_status);
    assert.deepEqual(statuses, [200, 401, 200]);
  });

  test('a destination that refuses every token costs the authorization server one call more', async () => {
    server.calls.length = 0;
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, ...CLIENTS.basic });
    answers.set(destination.name, () => ({ status: 401 }));
    for (let i = 1; i <= 6; i++) {
      await destination.send();
      await attempted(destination, i);
    }
    assert.equal(server.calls.length, 2);
    answers.delete(destination.name);
    await destination.send();
    await attempted(destination, 7);
    answers.set(destination.name, () => ({ status: 401 })); // and later on it is asked again
    await destination.send();
    await attempted(destination, 8);
    await destination.send();
    await attempted(destination, 9);
    assert.equal(server.calls.length, 3);
  });

  test('credentials that are wrong fail attempts, which are retried until they are right', async () => {
    const auth = { auth_server: server.url, ...CLIENTS.basic };
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { ...auth, client_secret: 'wrong' }, { rules: RETRY });
    await destination.send();
    const [attempt] = await attempted(destination);
    assert.deepEqual([attempt.status, attempt.error_code, attempt.response_status], ['FAILED', 'OAUTH2_HANDSHAKE_FAILED', null]);
    const { body, requested_url } = await ok('GET', `/attempts/${attempt.id}`);
    assert.equal(requested_url, `${sink.url}/${destination.name}`);
    assert.match(JSON.stringify(body), /the authorization server answered 401: invalid_client/);
    assert.doesNotMatch(JSON.stringify(body), /wrong/);
    assert.equal((await destination.event()).error_code, 'OAUTH2_HANDSHAKE_FAILED');
    assert.equal(destination.got().length, 0);
    await ok('PUT', `/destinations/${destination.id}`, { config: { auth_type: 'OAUTH2_CLIENT_CREDENTIALS', auth } });
    await first(destination);
    assert.equal((await until('success', async () => (await destination.event()).status === 'SUCCESSFUL' && await destination.event())).error_code, null);
  });

  test('other changes of a destination keep its token, changes of its credentials do not', async () => {
    const auth = { auth_server: server.url, ...CLIENTS.basic };
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', auth);
    const next = async () => {
      const count = destination.got().length;
      await destination.send();
      await until('a delivery', () => destination.got().length > count);
      return tokenOf(destination.got().at(-1));
    };
    const token = await next();
    await ok('PUT', `/destinations/${destination.id}`, { description: 'd' });
    assert.equal(await next(), token);
    await ok('PUT', `/destinations/${destination.id}`, { config: { auth: { ...auth, scope: 'read' } } });
    const other = await next();
    assert.notEqual(other, token);
    assert.equal((await server.look(other)).scope, 'read');
  });

  test('a refresh token that the server replaces is used from then on, also after a kill', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-auth-'));
    let own = await startGateway({ dir, args });
    try {
      const auth = { auth_server: server.url, client_id: CLIENTS.basic.client_id, client_secret: CLIENTS.basic.client_secret,
        refresh_token: await server.refreshToken() };
      const calls = (...words) => callsOf(own).ok(...words);
      const destination = await connect('OAUTH2_AUTHORIZATION_CODE', auth, { calls });
      server.calls.length = 0;
      for (let round = 1; round <= 3; round++) {
        const url = new URL(destination.connection.source.url);
        await fetch(own.url + url.pathname, { method: 'POST', body: BODY });
        await until('a delivery', () => destination.got().length === round);
        const known = await server.look(tokenOf(destination.got().at(-1)));
        assert.deepEqual([known.active, known.sub], [true, 'someone'], `round ${round}`);
        assert.equal(server.calls.length, round);
        await until('its record', async () => (await destination.event()).status === 'SUCCESSFUL'); // or it is delivered again
        await own.stop({ signal: 'SIGKILL' });
        own = await startGateway({ dir, args });
        // Who saves the same settings once more does not bring back a token that is used up.
        await calls('PUT', '/destinations', { name: destination.name, config: { auth_type: 'OAUTH2_AUTHORIZATION_CODE', auth } });
      }
      assert.equal((await calls('GET', `/destinations/${destination.id}?include=config.auth`)).config.auth.refresh_token, auth.refresh_token);
    } finally {
      await own.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('authorization servers of any kind', () => {
  const client = { client_id: 'i', client_secret: 's' };
  const failing = async (t, answer, pattern) => {
    const server = await startTokenServer(answer);
    t.after(server.stop);
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, ...client });
    await destination.send();
    const [attempt] = await attempted(destination);
    assert.equal(attempt.error_code, 'OAUTH2_HANDSHAKE_FAILED');
    assert.match(JSON.stringify((await ok('GET', `/attempts/${attempt.id}`)).body), pattern);
    assert.equal(destination.got().length, 0);
    return server;
  };
  const endless = ({ reply }) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    const more = () => { while (!reply.destroyed && reply.write(' '.repeat(65536))); };
    reply.on('drain', more);
    more();
  };
  const CASES = [
    ['no JSON', () => '<html>', /no access_token/], ['no object', () => '[1]', /no access_token/], ['nothing', () => '', /no access_token/],
    ['no token', () => '{"token_type":"bearer"}', /no access_token/], ['a token that is no text', () => '{"access_token":1}', /no access_token/],
    ['a token with a line end', () => '{"access_token":"a\\r\\nx-evil: 1"}', /no access_token/],
    ['another type', () => '{"access_token":"a","token_type":"mac"}', /of the type mac/],
    ['an error with control characters', () => ({ status: 400, body: '{"error":"a\\r\\nb","error_description":"\\u0007c"}' }), /answered 400: a\?\?b: \?c/],
    ['a redirect', ({ reply }) => ({ status: 307, headers: { location: `http://${reply.req.headers.host}/elsewhere` }, body: '' }), /answered 307/],
    ['an endless reply', endless, /no access_token/],
    ['no answer', () => undefined, /no answer from the authorization server/],
    ['a connection that breaks', ({ reply }) => { reply.destroy(); }, /no answer from the authorization server/],
  ];
  for (const [name, answer, pattern] of CASES) {
    test(`${name} is a failed handshake`, async (t) => {
      const server = await failing(t, answer, pattern);
      assert.equal(server.calls.length, 1);
    });
  }

  test('nobody there is a failed handshake', async () => {
    const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: 'http://127.0.0.1:1/', ...client });
    await destination.send();
    assert.equal((await attempted(destination))[0].error_code, 'OAUTH2_HANDSHAKE_FAILED');
  });

  test('what a client sends', async (t) => {
    const server = await startTokenServer(() => '{"access_token":"t","expires_in":"60"}');
    t.after(server.stop);
    const asked = async (type, auth) => {
      const destination = await connect(type, { auth_server: server.url, ...client, ...auth });
      await destination.send();
      assert.equal(tokenOf(await first(destination)), 't');
      const { headers, body } = server.calls.at(-1);
      assert.deepEqual([headers['content-type'], headers.accept], ['application/x-www-form-urlencoded', 'application/json']);
      return [headers.authorization, Object.fromEntries(body)];
    };
    const basic = `Basic ${Buffer.from('i:s').toString('base64')}`;
    const grant_type = 'client_credentials';
    assert.deepEqual(await asked('OAUTH2_CLIENT_CREDENTIALS', {}), [basic, { grant_type }]);
    assert.deepEqual(await asked('OAUTH2_CLIENT_CREDENTIALS', { scope: 'a b', authentication_type: 'basic' }), [basic, { grant_type, scope: 'a b' }]);
    assert.deepEqual(await asked('OAUTH2_CLIENT_CREDENTIALS', { authentication_type: 'bearer' }), ['Bearer s', { grant_type, client_id: 'i' }]);
    assert.deepEqual(await asked('OAUTH2_CLIENT_CREDENTIALS', { authentication_type: 'x-www-form-urlencoded' }), [undefined, { grant_type, ...client }]);
    assert.deepEqual(await asked('OAUTH2_AUTHORIZATION_CODE', { refresh_token: 'r+' }), [basic, { grant_type: 'refresh_token', refresh_token: 'r+' }]);
  });

  test('deliveries that wait for tokens hold no slots of others', async (t) => {
    const server = await startTokenServer(() => undefined);
    t.after(server.stop);
    const stuck = await Promise.all(Array.from({ length: SETTINGS.deliveries * 2 }, () =>
      connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, ...client })));
    const healthy = await connect('BEARER_TOKEN', { token: 't' });
    await Promise.all(stuck.flatMap((destination) => [destination.send(), destination.send(), destination.send()]));
    await until('all ask', () => server.calls.length === stuck.length);
    const began = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => healthy.send()));
    await until('deliveries of another', () => healthy.got().length === 20, { every: 10 });
    assert.ok(Date.now() - began < 1000, `${Date.now() - began} ms`);
    assert.equal(server.calls.length, stuck.length);
    for (const destination of stuck) {
      const attempts = await attempted(destination, 3);
      assert.ok(attempts.every(({ error_code }) => error_code === 'OAUTH2_HANDSHAKE_FAILED'));
    }
    assert.equal(server.calls.length, stuck.length);
  });
});

describe('the end of a gateway whose deliveries wait for a token', () => {
  const client = { client_id: 'i', client_secret: 's' };
  const session = async (limits, answer, work) => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-auth-'));
    const server = await startTokenServer(answer);
    const words = Object.entries(limits).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    let own = await startGateway({ dir, args: words });
    try {
      const calls = (...rest) => callsOf(own).ok(...rest);
      const destination = await connect('OAUTH2_CLIENT_CREDENTIALS', { auth_server: server.url, ...client }, { calls });
      await destination.send();
      await destination.send();
      await until('the call', () => server.calls.length === 1);
      const began = Date.now();
      await own.stop();
      const took = Date.now() - began;
      own = await startGateway({ dir, args: words });
      await work({ server, destination, took });
    } finally {
      await own.stop();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  };
  test('waits for the answer', () => session({ token_timeout_ms: 700, token_failure_ms: 0 }, () => undefined, async ({ destination, took }) => {
    assert.ok(took < 3000, `${took} ms`);
    const [attempt] = await attempted(destination);
    assert.equal(attempt.error_code, 'OAUTH2_HANDSHAKE_FAILED');
  }));
  test('does not wait for ever, and delivers after the next start', () => session({ shutdown_ms: 200 },
    (call, count) => (count === 1 ? undefined : '{"access_token":"t"}'), async ({ destination, took }) => {
      assert.ok(took < 3000, `${took} ms`);
      await until('both', () => destination.got().length === 2);
      assert.ok((await attempted(destination, 2)).every(({ status, attempt_number }) => status === 'SUCCESSFUL' && attempt_number === 1));
    }));
});

/* ---- Google ---- */

test('a service account\'s assertion is what jose takes, and its token is kept', async (t) => {
  const { publicKey, privateKey } = pemOf(rsaPair());
  const problems = [];
  const server = await startTokenServer(async ({ body, headers }) => {
    try {
      assert.deepEqual([...body.keys()], ['grant_type', 'assertion']);
      assert.equal(headers.authorization, undefined);
      assert.equal(body.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
      const { payload, protectedHeader } = await jwtVerify(body.get('assertion'), await importSPKI(publicKey, 'RS256'),
        { issuer: 'gateway@project.example', audience: server.url, algorithms: ['RS256'], typ: 'JWT', maxTokenAge: '5s' });
      assert.deepEqual([protectedHeader.kid, payload.exp - payload.iat], ['key-1', 3600]);
      return { body: { access_token: `for ${payload.scope}`.replaceAll(' ', '.'), expires_in: 3600, token_type: 'Bearer' } };
    } catch (error) {
      problems.push(error);
      return { status: 400, body: { error: 'invalid_grant' } };
    }
  });
  t.after(server.stop);
  const service_account_key = JSON.stringify({ type: 'service_account', client_email: 'gateway@project.example', private_key_id: 'key-1',
    private_key: privateKey, token_uri: server.url });
  for (const [scope, expected] of [['a', 'for.a'], [undefined, 'for.https://www.googleapis.com/auth/cloud-platform']]) {
    const destination = await connect('GCP_SERVICE_ACCOUNT', { service_account_key, ...(scope && { scope }) });
    await destination.send();
    await destination.send();
    await until('two deliveries', () => destination.got().length === 2);
    assert.deepEqual(problems, []);
    assert.deepEqual(destination.got().map(tokenOf), [expected, expected]);
  }
  assert.equal(server.calls.length, 2);
});

/* ---- AWS ---- */

describe('AWS Signature Version 4', () => {
  const KEYS = { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  // The request as a service has it, signed once more with the same headers and at the same time.
  async function byAmazon({ method, url, headers, body }, region, service) {
    const [path, query = ''] = url.split('?');
    const names = /SignedHeaders=([^,]+)/.exec(headers.authorization)[1].split(';');
    const signed = Object.fromEntries(names.map((name) => [name, headers[name]]));
    const parameters = {};
    for (const part of query.split('&').filter(Boolean)) {
      const [name, value] = part.split('=').map(decodeURIComponent);
      parameters[name] = name in parameters ? [parameters[name], value].flat() : value;
    }
    const date = headers['x-amz-date'].replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
    const signer = new SignatureV4({ service, region, sha256: sha256.Sha256, uriEscapePath: service !== 's3',
      credentials: { accessKeyId: KEYS.access_key_id, secretAccessKey: KEYS.secret_access_key } });
    const request = { method, protocol: 'http:', hostname: headers.host, path, query: parameters, headers: signed, body };
    return (await signer.sign(request, { signingDate: new Date(date) })).headers.authorization;
  }
  const byAws4 = ({ method, url, headers, body }, region, service) => {
    const names = /SignedHeaders=([^,]+)/.exec(headers.authorization)[1].split(';');
    const signed = Object.fromEntries(names.map((name) => [name, headers[name]]));
    const signer = new aws4.RequestSigner({ method, path: url, host: headers.host, headers: signed, body, region, service, doNotModifyHeaders: true },
      { accessKeyId: KEYS.access_key_id, secretAccessKey: KEYS.secret_access_key });
    signer.datetime = headers['x-amz-date'];
    return signer.sign().headers.Authorization;
  };
  const CASES = [
    ['plain', ''], ['a path', '/a/b'], ['a slash at the end', '/a/'], ['slashes', '//a///b'], ['encoded', '/a%20b/%C3%A9/%2F/~-_.'],
    ['what could be encoded', '/a+b:c@d!$&\'()*,;='], ['dots', '/a/./b/../c'], ['dots that are encoded', '/a/%2e%2E/b'],
    ['a query', '?b=2&a=1'], ['names that begin alike', '?a-b=1&a=2&a.=3'], ['a name twice', '?a=2&a=10&a=1'], ['no value', '?flag&x='],
    ['a plus', '?a=b+c&d=%2B'], ['signs', '?a=~-_.!*\'()&%20=%2F%3d&é=é'.replaceAll('é', '%C3%A9')], ['empty parts', '?&a=1&&b=2&'],
    ['an equals sign in a value', '?a=b=c'], ['a header of theirs', '/h', { headers: { 'x-amz-meta-note': '  two   words ', 'x-amz-date': 'forged', 'x-amz-security-token': 'forged' } }],
    ['an authorization of theirs', '', { headers: { authorization: 'AWS4-HMAC-SHA256 forged' } }],
    ['an empty body', '', { body: '' }], ['binary', '', { body: Buffer.from([0, 255, 13, 10]), headers: { 'content-type': 'text/plain' } }],
    ['another method', '/m', { method: 'PUT' }],
  ];
  for (const service of ['lambda', 's3']) {
    test(`two libraries make the same signature: ${service}`, async () => {
      const destination = await connect('AWS_SIGNATURE', { ...KEYS, region: 'eu-west-1', service });
      for (const [what, path, options] of CASES) {
        const count = destination.got().length;
        await destination.send(path, options);
        const entry = await until(what, () => destination.got()[count], { every: 10 });
        const { authorization } = entry.headers;
        assert.match(authorization, /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/(lambda|s3)\/aws4_request, SignedHeaders=/, what);
        assert.equal(entry.headers['x-amz-content-sha256'], createHash('sha256').update(entry.body).digest('hex'), what);
        assert.ok(Math.abs(Date.now() - Date.parse(entry.headers['x-amz-date'].replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))) < 10000, what);
        assert.equal(await byAmazon(entry, 'eu-west-1', service), authorization, `${what}: ${entry.url}`);
        // For S3 it takes %2F for a slash, and the first of several values.
        if (service !== 's3' || !/%2F|&a=/.test(entry.url)) assert.equal(byAws4(entry, 'eu-west-1', service), authorization, `${what}: ${entry.url}`);
        assert.equal(entry.headers['x-amz-security-token'], undefined);
      }
      const signed = destination.got().find((entry) => entry.headers['x-amz-meta-note']).headers.authorization;
      assert.match(signed, /SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-note,/);
      const forged = { ...destination.got()[0], method: 'DELETE' };
      assert.notEqual(await byAmazon(forged, 'eu-west-1', service), forged.headers.authorization);
    });
  }
});

/* ---- signatures of webhooks ---- */

test('Standard Webhooks: its library takes what is sent, with each secret it may have', async () => {
  for (const size of [24, 32, 64]) {
    const secret = `whsec_${Buffer.alloc(size, 7).toString('base64')}`;
    const destination = await connect('STANDARD_WEBHOOKS', { secret });
    await destination.send('', { headers: { 'webhook-id': 'forged', 'webhook-signature': 'v1,forged', 'webhook-timestamp': '1' } });
    const { headers, body } = await first(destination);
    assert.deepEqual(new Webhook(secret).verify(body.toString(), headers), JSON.parse(BODY));
    assert.throws(() => new Webhook(secret).verify(`${body} `, headers));
    assert.equal(headers['webhook-id'], headers['x-hookdeck-eventid']);
    assert.equal(headers['x-hookdeck-signature'], undefined);
  }
});

/* ---- TLS ---- */

describe('TLS of one\'s own, before nginx', () => {
  let certificates, nginx, tls;
  before(async () => {
    certificates = makeCertificates();
    nginx = await startNginx(certificates);
    const { read } = certificates;
    tls = { ca: read('ca.pem'), client_certificate: read('client.pem'), client_key: read('client.key') };
  });
  after(async () => {
    await nginx?.stop();
    certificates?.remove();
  });
  const outcome = async (config) => {
    const destination = await connect('HOOKDECK_SIGNATURE', {}, { url: nginx.url, config });
    await destination.send();
    const [attempt] = await attempted(destination);
    return { ...attempt, ...(await ok('GET', `/attempts/${attempt.id}`)) };
  };

  test('a certificate of the authority is let in, by name', async () => {
    for (let i = 0; i < 3; i++) {
      const { response_status, body } = await outcome({ tls });
      assert.equal(response_status, 200);
      assert.match(JSON.stringify(body), /SUCCESS O=fairlead,CN=gateway/);
    }
  });
  test('who has none, or another\'s, is not', async () => {
    const { response_status, body } = await outcome({ tls: { ca: tls.ca } });
    assert.equal(response_status, 400);
    assert.match(JSON.stringify(body), /No required SSL certificate/);
    const stranger = { ca: tls.ca, client_certificate: certificates.read('stranger.pem'), client_key: certificates.read('stranger.key') };
    assert.equal((await outcome({ tls: stranger })).response_status, 400);
  });
  test('a server of an authority that is not trusted gets nothing', async () => {
    for (const config of [{}, { tls: { ...tls, ca: certificates.read('other.pem') } }]) {
      const { response_status, error_code } = await outcome(config);
      assert.equal(response_status, null);
      assert.match(error_code, /^(SELF_SIGNED_CERT|SSL_ERROR_CA_UNKNOWN|UNABLE_TO_GET_ISSUER_CERT)$/);
    }
  });
  test('it is shown with the auth only, kept by other changes, and goes with null', async () => {
    const { id } = await connect('HOOKDECK_SIGNATURE', {}, { url: nginx.url, config: { tls } });
    const shown = async (query = '') => (await ok('GET', `/destinations/${id}${query}`)).config.tls;
    assert.equal(await shown(), undefined);
    assert.deepEqual(await shown('?include=config.auth'), tls);
    await ok('PUT', `/destinations/${id}`, { description: 'd', config: { http_method: 'PUT' } });
    assert.deepEqual(await shown('?include=config.auth'), tls);
    await ok('PUT', `/destinations/${id}`, { config: { tls: null } });
    assert.equal(await shown('?include=config.auth'), undefined);
  });
  test('what could not be used is refused', async () => {
    const { read } = certificates;
    const cases = [
      [{ ca: 'x' }, /config\.tls\.ca: /], [{ ca: read('ca.key') }, /config\.tls\.ca: /], [{ ca: `${tls.ca}${tls.ca.slice(0, 200)}\n-----END CERTIFICATE-----\n` }, /config\.tls\.ca: /],
      [{ client_certificate: tls.client_certificate }, /config\.tls\.client_key: is required/],
      [{ client_key: tls.client_key }, /config\.tls\.client_certificate: is required/],
      [{ client_certificate: 'x', client_key: tls.client_key }, /config\.tls\.client_certificate: must be/],
      [{ client_certificate: tls.client_certificate, client_key: read('server.key') }, /config\.tls\.client_key: is not the key/],
      [{ client_certificate: tls.client_certificate, client_key: read('locked.key') }, /config\.tls\.client_key: must be .* without a passphrase/],
      [{ cert: 'x' }, /config\.tls\.cert: /], [{ ca: 1 }, /config\.tls\.ca: /],
    ];
    for (const [value, pattern] of cases) {
      const error = await refused(422, 'POST', '/destinations', { name: 'refused', config: { url: nginx.url, tls: value } });
      assert.ok(error.data.some((text) => pattern.test(text)), `${JSON.stringify(value).slice(0, 60)}: ${error.data}`);
    }
    const plain = await refused(422, 'POST', '/destinations', { name: 'refused', config: { url: sink.url, tls } });
    assert.match(plain.data[0], /config\.tls: is for destinations with an https URL/);
    await ok('POST', '/destinations', { name: 'chain', config: { url: nginx.url, tls: { ca: tls.ca + read('other.pem') } } });
  });
});

/* ---- records ---- */

test('secrets are shown with include=config.auth only', async () => {
  const auth = { auth_server: 'https://auth.example/token', ...CLIENTS.basic };
  const { connection } = await connect('OAUTH2_CLIENT_CREDENTIALS', auth);
  const { id } = connection.destination;
  for (const path of [`/destinations/${id}`, `/destinations?id=${id}`, `/connections/${connection.id}`])
    assert.doesNotMatch(JSON.stringify(await ok('GET', path)), /p%:|by:header/, path);
  assert.deepEqual((await ok('GET', `/destinations/${id}?include=config.auth`)).config.auth, auth);
});

test('auth that could not be sent is refused', async () => {
  const client = { auth_server: 'https://a.example/', client_id: 'i', client_secret: 's' };
  const aws = { access_key_id: 'i', secret_access_key: 's', region: 'r', service: 's' };
  const { privateKey } = pemOf(rsaPair(1024));
  const account = (members) => ({ service_account_key: JSON.stringify({ client_email: 'e', private_key: privateKey, ...members }) });
  const cases = [
    ['OAUTH2_CLIENT_CREDENTIALS', {}, /auth_server: is required/], ['OAUTH2_CLIENT_CREDENTIALS', { ...client, auth_server: 'a.example' }, /auth_server: must be/],
    ['OAUTH2_CLIENT_CREDENTIALS', { ...client, authentication_type: 'x' }, /authentication_type: /], ['OAUTH2_CLIENT_CREDENTIALS', { ...client, refresh_token: 'r' }, /refresh_token: /],
    ['OAUTH2_CLIENT_CREDENTIALS', { ...client, client_secret: '' }, /client_secret: must not be empty/],
    ['OAUTH2_AUTHORIZATION_CODE', client, /refresh_token: is required/], ['AWS_SIGNATURE', { ...aws, region: 'a/b' }, /region: /],
    ['AWS_SIGNATURE', { ...aws, access_key_id: 'a,b' }, /access_key_id: /], ['AWS_SIGNATURE', { ...aws, service: undefined }, /service: is required/],
    ['GCP_SERVICE_ACCOUNT', { service_account_key: '{}' }, /client_email/], ['GCP_SERVICE_ACCOUNT', { service_account_key: 'x' }, /must be the JSON/],
    ['GCP_SERVICE_ACCOUNT', account({}), /RSA key/], ['GCP_SERVICE_ACCOUNT', account({ private_key: 'x' }), /RSA key/], ['GCP_SERVICE_ACCOUNT', account({ token_uri: 'x' }), /token_uri/],
    ['STANDARD_WEBHOOKS', { secret: 'x' }, /secret: must be whsec_/], ['STANDARD_WEBHOOKS', { secret: 'whsec_AAAA' }, /24 to 64 bytes/], ['STANDARD_WEBHOOKS', { secret: 'whsec_!' }, /whsec_/],
  ];
  for (const [auth_type, auth, pattern] of cases) {
    const error = await refused(422, 'POST', '/destinations', { name: 'refused', config: { url: sink.url, auth_type, auth } });
    assert.ok(error.data.some((text) => text.startsWith('config.auth.') && pattern.test(text)), `${auth_type} ${JSON.stringify(auth)}: ${error.data}`);
  }
});
