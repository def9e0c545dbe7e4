// Wherever a secret is kept: sealed on disk, and never in the log, in lists, in records or in refusals. Shown when it is
// asked for, and used as if it were plain.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { pemOf, rsaPair } from './key_pair.mjs';
import { callsOf } from './resource.mjs';
import { makeCertificates, startTokenServer } from './auth_servers.mjs';
import { signers } from './verify/signers.mjs';

const SOURCE = 'hidden-source-5f1', BEFORE = 'hidden-before-5f1', BEARER = 'hidden-bearer-5f1', KEY = 'hidden-key-5f1';
const QUERY = 'hidden-query-5f1', PASSWORD = 'hidden-password-5f1', SIGNING = 'hidden-signing-5f1', AWS = 'hidden-aws-5f1';
const CLIENT = 'hidden-client-5f1', REFRESH = 'hidden-refresh-5f1', NEWER = 'hidden-newer-5f1', ACCESS = 'hidden-access-5f1';
const ENV = 'hidden-env-5f1', RULE_ENV = 'hidden-rule-env-5f1', INTEGRATION = 'hidden-integration-5f1';
const WHSEC = Buffer.from('hidden-standard-webhooks-5f1').toString('base64');
const SLACK = 'hidden-slack-5f1', MAIL = 'hidden-mail-5f1';
const BODY = '{"n":1}';
const hidden = new Set([SOURCE, BEFORE, BEARER, KEY, QUERY, PASSWORD, SIGNING, AWS, CLIENT, REFRESH, NEWER, ACCESS, ENV, RULE_ENV,
  INTEGRATION, WHSEC, SLACK, MAIL, Buffer.from(`ann:${PASSWORD}`).toString('base64'), Buffer.from(`id:${CLIENT}`).toString('base64')]);

let dir, gateway, ok, sink, tokens, certificates, made;

const hmac = (secret, more = {}) => ({ auth_type: 'HMAC', auth: { webhook_secret_key: secret, header_key: 'x-sig', ...more } });
const post = (source, secret) => fetch(source.url.replace(/^http:\/\/[^/]+/, gateway.url), {
  method: 'POST', body: BODY,
  headers: { 'content-type': 'application/json', 'x-sig': createHmac('sha256', secret).update(BODY).digest('hex') },
});

async function start() {
  gateway = await startGateway({ dir, args: ['--config', join(dir, 'settings')] });
  ({ ok } = callsOf(gateway));
}

const DESTINATIONS = {
  bearer: () => ({ auth_type: 'BEARER_TOKEN', auth: { token: BEARER } }),
  key: () => ({ auth_type: 'API_KEY', auth: { key: 'X-Key', api_key: KEY } }),
  query: () => ({ auth_type: 'API_KEY', auth: { key: 'k', api_key: QUERY, to: 'query' } }),
  basic: () => ({ auth_type: 'BASIC_AUTH', auth: { username: 'ann', password: PASSWORD } }),
  signature: () => ({ auth_type: 'CUSTOM_SIGNATURE', auth: { key: 'x-sign', signing_secret: SIGNING } }),
  aws: () => ({ auth_type: 'AWS_SIGNATURE', auth: { access_key_id: 'AKID', secret_access_key: AWS, region: 'eu-west-1', service: 'lambda' } }),
  standard: () => ({ auth_type: 'STANDARD_WEBHOOKS', auth: { secret: `whsec_${WHSEC}` } }),
  client: () => ({ auth_type: 'OAUTH2_CLIENT_CREDENTIALS', auth: { auth_server: tokens.url, client_id: 'id', client_secret: CLIENT } }),
  refused: () => ({ auth_type: 'OAUTH2_CLIENT_CREDENTIALS', auth: { auth_server: `${tokens.url}`, client_id: 'refused', client_secret: CLIENT,
    authentication_type: 'x-www-form-urlencoded' } }),
  refresh: () => ({ auth_type: 'OAUTH2_AUTHORIZATION_CODE',
    auth: { auth_server: tokens.url, client_id: 'id', client_secret: CLIENT, refresh_token: REFRESH } }),
  account: () => ({ auth_type: 'GCP_SERVICE_ACCOUNT', auth: { service_account_key: JSON.stringify({
    client_email: 'a@example.com', private_key: accountKey, token_uri: tokens.url }) } }),
  tls: () => ({ url: 'https://127.0.0.1:9', tls: { client_certificate: certificates.read('client.pem'), client_key: certificates.read('client.key') } }),
};
const accountKey = pemOf(rsaPair()).privateKey;
// A piece from the middle of a key in PEM: line ends are escaped in JSON.
const pieceOf = (pem) => pem.split('\n')[1].slice(4, 44);

// The authorization server repeats what it was sent when it refuses.
function answerTokens({ body }) {
  if (body.get('client_id') === 'refused')
    return { status: 400, body: { error: `bad ${body.get('client_secret')}`, error_description: `wrong: ${body.get('client_secret')}` } };
  return { body: { access_token: ACCESS, token_type: 'bearer', expires_in: 3600,
    ...(body.get('grant_type') === 'refresh_token' ? { refresh_token: NEWER } : {}) } };
}

// A source of every type with its secret and the one before it, and an integration of every provider.
async function makeTypes() {
  const types = {};
  for (const [name, { type = name, auth_type, keys }] of Object.entries(signers)) {
    const config = { auth: keys.auth, ...(auth_type ? { auth_type } : {}) };
    types[name] = await ok('POST', '/sources', { name: `type-${Object.keys(types).length}`, type, config });
    for (const [member, value] of Object.entries(keys.auth))
      if (/secret|^(previous_)?(api_key|token|password)$|verif/.test(member) && value.length >= 8) hidden.add(value);
    await gateway.api('POST', '/integrations', { provider: auth_type ?? type, configs: keys.auth, features: ['VERIFICATION'] });
  }
  return types;
}

async function makeAll() {
  const source = await ok('POST', '/sources', { name: 'shop', type: 'WEBHOOK',
    config: hmac(SOURCE, { previous_webhook_secret_key: BEFORE }) });
  const destinations = {};
  for (const [name, config] of Object.entries(DESTINATIONS)) {
    const connection = await ok('PUT', '/connections', { name, source_id: source.id,
      destination: { name, type: 'HTTP', config: { url: `${sink.url}/${name}`, ...config() } } });
    destinations[name] = connection.destination;
  }
  for (const name of ['bearer', 'key', 'query', 'basic', 'client'])
    await ok('PUT', '/connections', { name: `mock-${name}`, source_id: source.id,
      destination: { name: `mock-${name}`, type: 'MOCK_API', config: DESTINATIONS[name]() } });
  const transformation = await ok('POST', '/transformations', { name: 'change', env: { KEY: ENV },
    code: 'addHandler("transform", (request) => { request.body.length = process.env.KEY.length; return request; })' });
  await ok('PUT', '/connections', { name: 'changed', source_id: source.id, destination: { name: 'changed', type: 'MOCK_API' },
    rules: [{ type: 'transform', transformation_id: transformation.id }] });
  await ok('PUT', '/connections', { name: 'inline', source_id: source.id, destination: { name: 'inline', type: 'MOCK_API' },
    rules: [{ type: 'transform', transformation: { name: 'inline', code: 'addHandler("transform", (request) => request)', env: { KEY: RULE_ENV } } }] });
  await ok('POST', '/sources', { name: 'signs', type: 'ALIPAY', config: { auth: { ...signers.ALIPAY.keys.auth, private_key: accountKey } } });
  const integration = await ok('POST', '/integrations', { provider: 'GITHUB', features: ['VERIFICATION'],
    configs: { webhook_secret_key: INTEGRATION } });
  const project = (await ok('GET', '/projects'))[0];
  const apiKey = (await ok('POST', `/projects/${project.id}/keys`, { name: 'another' })).key;
  await ok('PUT', `/projects/${project.id}/rotate_secret`, { overlap: 1000 });
  const { signing_secret, previous_signing_secret } = await ok('GET', `/projects/${project.id}`);
  [apiKey, signing_secret, previous_signing_secret, pieceOf(accountKey), pieceOf(certificates.read('client.key'))].forEach((text) => hidden.add(text));
  return { source, destinations, transformation, integration, project, types: await makeTypes() };
}

function assertHidden(text, where) {
  for (const secret of hidden) assert.equal(text.indexOf(secret), -1, `${where} holds ${secret}`);
}

function assertSealed() {
  const files = readdirSync(dir).filter((name) => !['storage-key', 'api-key', 'settings'].includes(name));
  assert.ok(files.includes('fairlead.db') && (gateway.child.exitCode !== null || files.includes('fairlead.db-wal')), files.join());
  for (const name of files) assertHidden(readFileSync(join(dir, name)), name);
  assertHidden(gateway.log(), 'the log');
}

const IDS = { sources: 'source', destinations: 'destination', connections: 'connection', integrations: 'integration', transformations: 'transformation',
  requests: 'request', events: 'event', attempts: 'attempt', executions: 'execution', issues: 'issue' };

// All that the API shows without being asked for secrets.
async function assertShownWithout() {
  for (const noun of Object.keys(IDS)) {
    for (const query of ['', '?include=data', '?include=config.auth']) {
      const path = `/${noun}${query}${query ? '&' : '?'}limit=100`;
      const { body } = await gateway.api('GET', path);
      assertHidden(JSON.stringify(body), path);
      if (query) continue;
      for (const { id } of (body.models ?? []).slice(0, 20)) {
        if (noun === 'transformations') continue; // shows its variables: it has no other way
        const shown = await ok('GET', `/${noun}/${id}`);
        assertHidden(JSON.stringify(shown), `${path}: ${id}`);
      }
    }
  }
  assertHidden(JSON.stringify(await ok('GET', '/projects')), '/projects');
  assertHidden(JSON.stringify(await ok('GET', `/projects/${made.project.id}/keys`)), 'the keys of the project');
}

async function allDelivered(count) {
  const names = Object.keys(DESTINATIONS).filter((name) => name !== 'refused' && name !== 'tls');
  await until(`${count} deliveries to each destination`, () => names.every((name) =>
    sink.received.filter(({ url }) => url.split(/[/?]/)[1] === name).length >= count), { tries: 400 });
  await until('all attempts', async () => (await ok('GET', '/events?status=QUEUED')).models.length === 0);
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-secrets-'));
  sink = await startSink();
  tokens = await startTokenServer(answerTokens);
  certificates = makeCertificates();
  writeFileSync(join(dir, 'settings'), `log_level = debug\nslack_url = ${sink.url}/${SLACK}\nsmtp_url = smtp://u:${MAIL}@127.0.0.1:9\nsmtp_from = a@example.com\nsmtp_to = b@example.com\n`);
  await start();
  made = await makeAll();
});
after(async () => {
  await gateway?.stop();
  await Promise.all([sink?.stop(), tokens?.stop()]);
  certificates?.remove();
  rmSync(dir, { recursive: true, force: true });
});

describe('secrets of every kind', () => {
  test('are used, and lie nowhere', async () => {
    for (const secret of [SOURCE, BEFORE]) assert.equal((await post(made.source, secret)).status, 200);
    assert.equal((await post(made.source, 'wrong')).status, 401);
    await allDelivered(2);
    const sent = (name) => sink.received.find(({ url }) => url.split(/[/?]/)[1] === name);
    assert.equal(sent('bearer').headers.authorization, `Bearer ${BEARER}`);
    assert.equal(sent('key').headers['x-key'], KEY);
    assert.match(sent('query').url, new RegExp(`k=${QUERY}`));
    assert.equal(sent('basic').headers.authorization, `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`);
    assert.equal(sent('client').headers.authorization, `Bearer ${ACCESS}`);
    assertSealed();
  });

  test('of every type of source pass, and lie nowhere', async () => {
    let count = 0;
    for (const [name, source] of Object.entries(made.types)) {
      const row = signers[name], { keys } = row;
      if (row.publish) continue; // its key would be fetched
      const request = { url: `${source.url}/hook?a=1`, body: row.body ?? '{"amount":1200}', now: Date.now() };
      const signed = await row.sign(request, keys.key);
      const sent = JSON.stringify([signed.headers, signed.body, Object.fromEntries(new URLSearchParams(signed.query))]);
      if (sent.includes(keys.key) || /^Basic /.test(signed.headers?.authorization ?? signed.headers?.Authorization))
        continue; // its senders send the secret itself
      const reply = await fetch(request.url + (signed.query ? `&${signed.query}` : ''), { method: 'POST', body: signed.body ?? request.body,
        headers: { 'content-type': 'application/json', ...signed.headers } });
      await reply.arrayBuffer();
      count++;
    }
    assert.ok(count > 80, `${count} types`);
    assertSealed();
  });

  test('are in no list, record or reply, unless they are asked for', async () => {
    await assertShownWithout();
    const shown = (path) => ok('GET', `${path}?include=config.auth`);
    assert.deepEqual((await shown(`/sources/${made.source.id}`)).config.auth, hmac(SOURCE, { previous_webhook_secret_key: BEFORE }).auth);
    assert.equal((await shown(`/destinations/${made.destinations.bearer.id}`)).config.auth.token, BEARER);
    assert.equal((await shown(`/destinations/${made.destinations.tls.id}`)).config.tls.client_key, certificates.read('client.key'));
    assert.equal((await shown(`/integrations/${made.integration.id}`)).configs.webhook_secret_key, INTEGRATION);
    assert.deepEqual((await ok('GET', `/integrations/${made.integration.id}`)).configs, {});
    assert.deepEqual((await ok('GET', `/transformations/${made.transformation.id}`)).env, { KEY: ENV });
    for (const { env } of (await ok('GET', '/transformations')).models) assert.equal(env, null);
  });

  test('that are sent are hidden in records, and in what mocks answer', async () => {
    const shown = async (name) => {
      const event = (await ok('GET', `/events?destination_id=${(await ok('GET', `/destinations?name=${name}`)).models[0].id}`)).models[0];
      const attempt = (await ok('GET', `/attempts?event_id=${event.id}`)).models[0];
      return { data: (await ok('GET', `/events/${event.id}`)).data, attempt: await ok('GET', `/attempts/${attempt.id}`) };
    };
    const bearer = await shown('mock-bearer'), key = await shown('mock-key'), query = await shown('query'), refused = await shown('refused');
    assert.equal(bearer.attempt.body.headers.authorization, 'hidden');
    assert.equal(bearer.data.headers.authorization, 'hidden');
    assert.equal(key.attempt.body.headers['X-Key'] ?? key.attempt.body.headers['x-key'], 'hidden');
    assert.match(query.attempt.requested_url, /\/query\?k=hidden$/);
    assert.match(query.data.url, /\/query\?k=hidden$/);
    assert.match(JSON.stringify(refused.attempt.body), /answered 400: \(it repeats a secret\): \(it repeats a secret\)/);
  });

  test('stay sealed through a rotation of the storage key among webhooks, kill -9 and a start', async () => {
    let going = true;
    const statuses = [];
    const traffic = (async () => { while (going) statuses.push((await post(made.source, statuses.length % 2 ? SOURCE : BEFORE)).status); })();
    for (let i = 0; i < 3; i++) await ok('PUT', '/storage_key/rotate');
    going = false;
    await traffic;
    assert.ok(statuses.length > 3 && statuses.every((status) => status === 200), statuses.join());
    assertSealed();
    await gateway.stop({ signal: 'SIGKILL' });
    assertSealed();
    const calls = tokens.calls.length;
    await start();
    assertSealed();
    for (const secret of [SOURCE, BEFORE]) assert.equal((await post(made.source, secret)).status, 200);
    assert.deepEqual((await ok('GET', `/destinations/${made.destinations.refresh.id}?include=config.auth`)).config.auth.refresh_token, REFRESH);
    await until('a call for a token', () => tokens.calls.slice(calls).some(({ body }) => body.get('refresh_token') === NEWER));
    assertSealed();
  });
});

describe('what is wrong is refused without repeating it', () => {
  const MARK = 'hidden-mistake-5f1';
  const account = (more) => JSON.stringify({ client_email: 'a@example.com', private_key: MARK, ...more });
  const source = (config, type = 'WEBHOOK') => ['POST', '/sources', { name: 'wrong', type, config }];
  const destination = (config, type = 'HTTP') => ['POST', '/destinations', { name: 'wrong', type, config: { url: 'http://127.0.0.1:9', ...config } }];
  const sends = (auth_type, auth) => destination({ auth_type, auth });
  const calls = {
    'an algorithm': source(hmac(MARK, { algorithm: MARK })),
    'an encoding': source(hmac(MARK, { encoding: MARK })),
    'the name of a header': source(hmac(MARK, { header_key: `${MARK} x` })),
    'an object': source({ auth_type: 'HMAC', auth: { webhook_secret_key: { [MARK.length]: MARK }, header_key: 'x-sig' } }),
    'a text for the whole auth': source({ auth_type: 'HMAC', auth: MARK }),
    'an array': source({ auth_type: 'HMAC', auth: [MARK] }),
    'a longer secret than there may be': source(hmac(MARK.repeat(1000))),
    'a secret of another form': source({ auth: { webhook_secret_key: `${MARK}?` } }, 'SVIX'),
    'a key that is none': source({ auth: { public_key: MARK } }, 'ALIPAY'),
    'a key to sign with': source({ auth: { ...signers.ALIPAY.keys.auth, private_key: MARK } }, 'ALIPAY'),
    'an environment': source({ auth: { environment: MARK } }, 'FIREBLOCKS'),
    'a key that opens nothing': sends('GCP_SERVICE_ACCOUNT', { service_account_key: account() }),
    'an account that is no JSON': sends('GCP_SERVICE_ACCOUNT', { service_account_key: `{"private_key": "${MARK}" x` }),
    'an account\'s server': sends('GCP_SERVICE_ACCOUNT', { service_account_key: account({ token_uri: MARK }) }),
    'a place': sends('API_KEY', { key: 'k', api_key: MARK, to: MARK }),
    'a way to authenticate': sends('OAUTH2_CLIENT_CREDENTIALS', { auth_server: 'http://127.0.0.1:9', client_id: 'i', client_secret: MARK, authentication_type: MARK }),
    'a secret with a line end': sends('BEARER_TOKEN', { token: `${MARK}\n` }),
    'a user name with a colon': sends('BASIC_AUTH', { username: `a:${MARK}`, password: MARK }),
    'a standard secret': sends('STANDARD_WEBHOOKS', { secret: MARK }),
    'a region': sends('AWS_SIGNATURE', { access_key_id: 'a', secret_access_key: MARK, region: `${MARK} x`, service: 's' }),
    'a client\'s key': destination({ tls: { client_certificate: MARK, client_key: MARK } }),
    'a password in a URL': destination({ url: `http://ann:${MARK}@127.0.0.1:9/` }),
    'a password in an authorization server\'s URL': sends('OAUTH2_CLIENT_CREDENTIALS', { auth_server: `http://ann:${MARK}@127.0.0.1:9/`, client_id: 'i', client_secret: 's' }),
    'a variable that is no text': ['POST', '/transformations', { name: 'wrong', code: '', env: { A: [MARK] } }],
    'variables in an array': ['POST', '/transformations', { name: 'wrong', code: '', env: [MARK] }],
    'an integration\'s algorithm': ['POST', '/integrations', { provider: 'HMAC', configs: { webhook_secret_key: MARK, algorithm: MARK, encoding: MARK, header_key: 'x' } }],
    'an integration\'s key': ['POST', '/integrations', { provider: 'DISCORD', configs: { public_key: MARK } }],
  };
  const bodies = {
    'a body that ends early': `{"name":"wrong","config":{"auth":{"webhook_secret_key":"${MARK}`,
    'a body with a word too many': `{"name":"wrong","config":{"auth":{"webhook_secret_key":"${MARK}" "x"}}}`,
    'a body without quotes': `{"name":"wrong","config":{"auth":{"webhook_secret_key":${MARK}}}}`,
    'a body with a line end in a text': `{"name":"wrong","config":{"auth":{"webhook_secret_key":"${MARK}\n"}}}`,
    'a body with a wrong escape': `{"name":"wrong","config":{"auth":{"webhook_secret_key":"${MARK}\\x"}}}`,
    'a body with a name twice': `{"name":"wrong","config":{"auth":{"webhook_secret_key":"${MARK}","webhook_secret_key":"${MARK}"}}}`,
    'a body behind the body': `{"name":"wrong"} "${MARK}"`,
  };
  const assertRefused = async (reply) => {
    const text = await reply.text();
    assert.ok([400, 422].includes(reply.status), `${reply.status}: ${text}`);
    assert.ok(!text.includes(MARK), text);
    assert.ok(JSON.parse(text).message.length > 10);
  };
  const call = (method, path, body) => fetch(`${gateway.url}/2025-07-01${path}`, { method, body,
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' } });

  for (const [what, [method, path, body]] of Object.entries(calls))
    test(what, async () => assertRefused(await call(method, path, JSON.stringify(body))));
  for (const [what, body] of Object.entries(bodies))
    test(what, async () => assertRefused(await call('POST', '/sources', body)));

  test('a name that is taken', async () => {
    for (const [path, body] of [['/sources', { name: 'shop', type: 'WEBHOOK', config: hmac(MARK) }],
      ['/destinations', { name: 'bearer', type: 'HTTP', config: { url: sink.url } }],
      ['/transformations', { name: 'change', code: 'x', env: { KEY: MARK } }]]) {
      const { status, body: reply } = await gateway.api('POST', path, body);
      assert.equal(status, 409, path);
      assertHidden(JSON.stringify(reply), path);
      assert.ok(!JSON.stringify(reply).includes(MARK), path);
    }
  });

  after(() => {
    assert.ok(!gateway.log().includes(MARK), 'the log holds a mistake');
    for (const name of readdirSync(dir).filter((file) => file.startsWith('fairlead.db')))
      assert.equal(readFileSync(join(dir, name)).indexOf(MARK), -1, name);
  });
});
