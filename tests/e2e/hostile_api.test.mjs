// Every field and every parameter of the API with values of every wrong kind: 200 or a clear 4xx, and nothing else.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { makeCertificates } from './auth_servers.mjs';
import { callerOf } from './caller.mjs';
import { descriptionOf, operationsOf, places, spell, typeOf, valueAt } from './description.mjs';
import { assertError, send, startFixture } from './hostile.mjs';
import { until } from './gateway.mjs';
import { pemOf, rsaPair } from './key_pair.mjs';

let fixture, description, ids, mark, caller;

before(async () => {
  fixture = await startFixture({ api_queue: 64, sign_ins: 10000 });
  caller = callerOf(fixture.gateway);
  description = await descriptionOf(fixture.gateway);
  await fixture.served('the start');
  const newest = async (noun) => (await fixture.gateway.api('GET', `/${noun}?limit=1`)).body.models[0].id;
  await until('an attempt', async () => (await fixture.gateway.api('GET', '/attempts')).body.count > 0);
  // What is changed again and again is not what the next webhook goes through.
  const victim = (await fixture.gateway.api('PUT', '/connections', {
    name: 'victim', source: { name: 'victim' }, destination: { name: 'victim', type: 'MOCK_API' },
  })).body;
  ids = {
    sources: victim.source_id, destinations: victim.destination_id, connections: victim.id,
    requests: await newest('requests'), events: await newest('events'), attempts: await newest('attempts'),
  };
  const make = async (noun, body) => (await fixture.gateway.api('POST', `/${noun}`, body)).body.id;
  const marked = (await fixture.gateway.api('GET', '/events?limit=1')).body.models[0];
  mark = { event_data_id: marked.event_data_id, webhook_id: marked.webhook_id, label: 'l' };
  Object.assign(ids, {
    transformations: await make('transformations', { name: 'victim', code: 'c' }), bookmarks: await make('bookmarks', mark),
    integrations: await make('integrations', { provider: 'GITHUB' }), projects: await make('projects', { name: 'victim' }),
    client_id: (await fixture.gateway.api('GET', '/cli-auth/validate')).body.client_id,
    'issue-triggers': await make('issue-triggers', TRIGGERS[0]()), issues: await rejected(),
  });
  ids.key_id = await make(`projects/${ids.projects}/keys`, {});
});
after(async () => {
  caller?.close();
  await fixture?.stop();
});

// A webhook that is rejected opens an issue.
async function rejected() {
  const { url } = (await fixture.gateway.api('POST', '/sources', { name: 'rejecting' })).body;
  await send(url, { headers: { 'content-type': 'image/png' }, body: 'x' });
  return (await until('an issue', async () => (await fixture.gateway.api('GET', '/issues?type=request')).body.models[0])).id;
}

const call = (...parts) => caller.call(...parts);
const callAll = (...parts) => caller.callAll(...parts);
const operations = (wanted) => operationsOf(description, wanted);

// ---- values ----

const nest = (open, close, depth) => open.repeat(depth) + close.repeat(depth);
// What is JSON, by its type; integers also fit where a range allows them.
const TYPED = [
  ['null', 'null'], ['boolean', 'true'], ['boolean', 'false'], ['integer', '0'], ['integer', '-1'], ['integer', '2147483648'],
  ['integer', '9223372036854775807'], ['number', '1.5'], ['number', '-0.0'], ['number', '1e300'], ['string', '""'], ['string', '" "'],
  ['string', '"x\\u0001\\r\\ny: z"'], ['string', '"\\ud83d\\ude00\\u00e4"'], ['string', `"${'x'.repeat(100000)}"`], ['string', '"../../etc/passwd"'],
  ['string', '"%s%n%x\'\\"; DROP TABLE source; --"'], ['array', '[]'], ['array', '[[]]'], ['array', `[${Array(1000).fill('"x"')}]`],
  ['array', nest('[', ']', 1000)], ['object', '{}'], ['object', '{"":{"a":1}}'], ['object', '{"__proto__":1,"nonsense":null}'],
  ['object', `${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`],
];
// What is no JSON that can be taken.
const MALFORMED = [
  '', 'nul', 'NaN', 'Infinity', '01', '+1', '1.', '.5', '1e', '0x10', '\'x\'', '"x', '"\\x"', '"\\u12"', '"\\ud800"', '"\\udc00\\ud800"', '"a\\u0000b"',
  '"a\u0000b"', '"a\nb"', '99999999999999999999999', '-9223372036854775809', '1e999', '{"a":1,"a":2}', '{"a"}', '{a:1}', '[1,]', '{"a\\u0000":1}',
  nest('[', ']', 10000), `${'{"a":'.repeat(10000)}1${'}'.repeat(10000)}`, '['.repeat(100000), '{"a":'.repeat(100000), '"\xff"', '"\xc0\xaf"', '"\xed\xa0\x80"', '"\xf5\x80\x80\x80"',
];

// ---- bodies ----

let counter = 0;
const HTTP = { name: 'hostile-out', type: 'HTTP', config: { url: 'http://127.0.0.1:1/' } };
// Bodies that are good, with all the members that only a table inside the gateway knows.
const RULES = [{ type: 'retry', strategy: 'linear', interval: 1000, count: 3, response_status_codes: ['500-599', '!501'] }, { type: 'delay', delay: 1000 },
  { type: 'filter', body: { a: { $gt: 1, $or: [{ $exist: true }, { $in: ['x'] }] } }, headers: { x: { $startsWith: 'a' } }, query: { $not: { q: 1 } }, path: { $neq: { $ref: '$.a[0]' } } },
  { type: 'deduplicate', window: 60000, include_fields: ['body.items[*].id'] }, { type: 'deduplicate', window: 1000, exclude_fields: ['body.at'] },
  { type: 'transform', transformation: { name: 'h-rule', code: 'c', env: { A: '1' } } }];
const { publicKey, privateKey } = pemOf(rsaPair());
const SOURCE_AUTHS = {
  ALIPAY: { public_key: publicKey, private_key: privateKey },
  HMAC: { algorithm: 'sha256', encoding: 'hex', header_key: 'x-signature', webhook_secret_key: 's' },
  BASIC_AUTH: { username: 'u', password: 'p', previous_password: 'q' }, API_KEY: { header_key: 'x-key', api_key: 'k', previous_api_key: 'j' },
  STRIPE: { webhook_secret_key: 's', previous_webhook_secret_key: 'p' }, RING_CENTRAL: { token: 't', previous_token: 's' }, TIKTOK_SHOP: { webhook_secret_key: 's', app_key: 'a' },
  EBAY: { environment: 'SANDBOX', dev_id: 'd', client_id: 'c', client_secret: 's', verification_token: 'v' },
  GOOGLE_PUBSUB: { audience: 'a', service_account_email: 'e' }, NEON: { neon_auth_url: 'https://ep-a-1.neonauth.us-east-1.aws.neon.tech/neondb/auth' }, AWS_SNS: { topic_arn: 't' }, PAYPAL: { webhook_id: 'w' },
  FISERV: { webhook_secret_key: 's', store_name: 'n' }, VERCEL_LOG_DRAINS: { webhook_secret_key: 's', log_drains_secret: 'd' },
  DISCORD: { public_key: '0'.repeat(64), previous_public_key: '1'.repeat(64) }, FIREBLOCKS: { environment: 'EU' }, FACEBOOK: { webhook_secret_key: 's', verify_token: 'v' },
};
const certificates = makeCertificates();
after(() => certificates.remove());
const OAUTH2_CLIENT = { auth_server: 'http://127.0.0.1:1/', client_id: 'i', client_secret: 's' };
const DESTINATION_AUTHS = {
  CUSTOM_SIGNATURE: { key: 'x-signature', signing_secret: 's' }, BASIC_AUTH: { username: 'u', password: 'p' },
  API_KEY: { key: 'x-key', api_key: 'k', to: 'header' }, BEARER_TOKEN: { token: 't' },
  OAUTH2_CLIENT_CREDENTIALS: { ...OAUTH2_CLIENT, scope: 'a', authentication_type: 'basic' },
  OAUTH2_AUTHORIZATION_CODE: { ...OAUTH2_CLIENT, refresh_token: 'r', scope: 'a', authentication_type: 'bearer' },
  AWS_SIGNATURE: { access_key_id: 'i', secret_access_key: 's', region: 'r', service: 's' },
  GCP_SERVICE_ACCOUNT: { service_account_key: JSON.stringify({ client_email: 'e', private_key: certificates.read('rsa.key') }), scope: 'a' },
  STANDARD_WEBHOOKS: { secret: `whsec_${'A'.repeat(32)}` },
};
const TLS = { ca: certificates.read('ca.pem'), client_certificate: certificates.read('client.pem'), client_key: certificates.read('client.key') };
const PACE = {
  rate_limit: 5, rate_limit_period: 'minute', delivery_order: { by: 'group' }, circuit_breaker: { failures: 5, lasting_ms: 10 },
  delivery_policy: { rate: 5, period: 'second', groups: { key: 'body.a', rate: 2, rate_period: 'hour', overrides: { b: { rate: 1, rate_period: 'hour' } } } },
  delivery_groups: { key: 'body.a', rate_limit: 2, rate_limit_period: 'hour', overrides: { b: { rate_limit: 1, rate_limit_period: 'hour' } } },
};
const name = () => `h-${++counter}`;
const sourceWith = (auth_type) => ({ name: name(), type: 'WEBHOOK', description: 'd', config: { allowed_http_methods: ['POST'],
  custom_response: { content_type: 'json', body: '{}' }, auth_type, auth: { ...SOURCE_AUTHS[auth_type] } } });
const destinationWith = (auth_type) => ({ ...HTTP, name: name(), description: 'd', config: { ...HTTP.config, http_method: 'POST',
  path_forwarding_disabled: true, auth_type, auth: { ...DESTINATION_AUTHS[auth_type] }, ...(auth_type === 'API_KEY' ? structuredClone(PACE) : {}) } });
const destinationWithTls = () => ({ ...HTTP, name: name(), config: { url: 'https://127.0.0.1:1/', tls: { ...TLS },
  transport: { http_version: '1.1', timeout: 1000, proxy: false } } });
const CHANNELS = { slack: { channel_name: 'c' }, microsoft_teams: { channel_name: 'c' }, discord: { channel_name: 'c', channel_id: '1', webhook_url: 'http://127.0.0.1:1/' },
  betteruptime: { escalation_policy_id: '1', escalation_policy_name: 'p' }, incidentio: { severity_id: '1', severity_name: 's' }, pagerduty: {}, opsgenie: {}, email: {} };
const TRIGGER_CONFIGS = {
  delivery: { strategy: 'final_attempt', connections: 'x-*' }, transformation: { log_level: 'error', transformations: 'x' },
  backpressure: { delay: 60000, destinations: 'x' }, request: { rejection_causes: '*', excluded_rejection_causes: ['UNKNOWN'], sources: 'x' },
};
const TRIGGERS = Object.entries(TRIGGER_CONFIGS).map(([type, configs]) => () => ({ name: name(), type, configs: structuredClone(configs), channels: structuredClone(CHANNELS) }));
// Queries of bulk operations that find nothing.
const EVENTS = { id: 'evt_00000000000', status: 'FAILED', attempts: { gte: 3 }, response_status: 500, created_at: { lt: '2020-01-01T00:00:00Z' } };
const IGNORED = { cause: 'DISABLED', webhook_id: 'web_00000000000' };
const REQUESTS = { id: 'req_00000000000', verified: true, events_count: 7, ingested_at: { any: true } };
const EXAMPLES = {
  '/sources': Object.keys(SOURCE_AUTHS).map((type) => () => sourceWith(type)),
  '/destinations': [...Object.keys(DESTINATION_AUTHS).map((type) => () => destinationWith(type)),
    destinationWithTls, () => ({ name: name(), type: 'CLI', config: { path: '/' } })],
  '/connections': [() => ({ name: name(), description: 'd', rules: structuredClone(RULES), source: sourceWith('HMAC'), destination: destinationWith('API_KEY') }),
    () => ({ name: name(), source: sourceWith('HMAC'), destination: destinationWithTls() }),
    () => ({ name: name(), source_id: ids.sources, destination_id: ids.destinations })],
  '/connections/{id}': [() => ({ name: name(), description: 'd', rules: structuredClone(RULES) })],
  '/transformations': [() => ({ name: name(), code: 'c', env: { A: '1' } })],
  '/transformations/run': [() => ({ code: 'addHandler("transform", (request) => request);', env: { A: '1' }, webhook_id: ids.connections,
    request: { headers: { 'content-type': 'text/plain' }, body: 'b', path: '/', query: 'a=1', parsed_query: { a: '1' } } }),
    () => ({ transformation_id: ids.transformations, event_id: ids.events })],
  '/bookmarks': [() => ({ ...mark, name: name() })],
  '/integrations': [() => ({ label: 'l', provider: 'HMAC', features: ['VERIFICATION'], configs: { ...SOURCE_AUTHS.HMAC } })],
  '/teams/current/custom_domains': [() => ({ hostname: `${name()}.example.com` })],
  '/projects/{id}/rotate_secret': [() => ({ overlap: 1 })],
  '/projects': [() => ({ name: name() })], '/projects/{id}': [() => ({ name: name() })],
  '/projects/{id}/keys': [() => ({ name: name(), rate_limit: 1000 })], '/projects/{id}/keys/{key_id}': [() => ({ name: name(), rate_limit: 1000 })],
  '/cli-auth': [() => ({ device_name: name() })], '/cli-auth/ci': [() => ({ device_name: name() })],
  '/cli/guest': [() => ({ device_name: name(), link_context: 'signup' })], '/cli/{client_id}': [() => ({ device_name: name() })],
  '/issue-triggers': TRIGGERS,
  '/issue-triggers/{id}': [() => ({ name: name(), configs: { ...TRIGGER_CONFIGS.delivery }, channels: structuredClone(CHANNELS), disabled_at: '2026-01-01T00:00:00Z' })],
  '/issues/{id}': [() => ({ status: 'OPENED' })],
  '/notifications/webhooks': [() => ({ enabled: false, topics: ['issue.opened'], source_id: ids.sources })],
  '/requests/{id}/retry': [() => ({ webhook_ids: [fixture.connection.id] })],
  '/bulk/events/retry': [() => ({ query: { ...EVENTS, search_term: name() } })],
  '/bulk/events/retry/plan': [() => ({ query: EVENTS })],
  '/bulk/events/cancel': [() => ({ query: { ...EVENTS, search_term: name() } })],
  '/bulk/events/cancel/plan': [() => ({ query: EVENTS })],
  '/bulk/ignored-events/retry': [() => ({ query: { ...IGNORED, transformation_id: name() } })],
  '/bulk/ignored-events/retry/plan': [() => ({ query: IGNORED })],
  '/bulk/requests/retry': [() => ({ query: { ...REQUESTS, search_term: name() } })],
  '/bulk/requests/retry/plan': [() => ({ query: REQUESTS })],
  '/bulk/requests/replay': [() => ({ query: { ...REQUESTS, search_term: name(), target: { source_id: ids.sources, webhook_ids: [ids.connections] } } })],
  '/bulk/requests/replay/plan': [() => ({ query: REQUESTS })],
  '/requests/{id}/replay': [() => ({ source_id: ids.sources, webhook_ids: [ids.connections] })],
  '/events/{id}/replay': [() => ({ source_id: ids.sources, webhook_ids: [ids.connections] })],
};
for (const noun of ['sources', 'destinations', 'transformations', 'bookmarks', 'integrations'])
  EXAMPLES[`/${noun}/{id}`] = EXAMPLES[`/${noun}`];

const concrete = (path) => path.replace('{id}', ids[path.split('/')[1]]).replace(/\{(\w+)\}/, (all, variable) => ids[variable] ?? all);
// Places where anything may stand: the request of a trial, and what filters compare.
const FILTERED = ['body', 'headers', 'query', 'path'];
const isFree = (at) => (at[0] === 'request' && (at[1] === 'body' || at.length > 2)) || (at[0] === 'rules' && FILTERED.includes(at[2]));
// The JSON of the body with the text of a value in one place, whatever it is.
function spoil(body, at, text) {
  const copy = structuredClone(body);
  valueAt(copy, at.slice(0, -1))[at.at(-1)] = '@@here@@';
  return Buffer.from(JSON.stringify(copy).replace('"@@here@@"', () => text), 'latin1');
}

describe('bodies', () => {
  test('every example is taken as it is', async () => {
    for (const { path, method } of operations((operation) => operation.requestBody))
      for (const example of EXAMPLES[path] ?? [])
        assert.equal((await call(method, concrete(path), JSON.stringify(example()))).status, 200, `${method} ${path}`);
  });

  test('the examples hold every field of the description', () => {
    const missing = [];
    const look = (schema, examples, at) => {
      for (const [key, inner] of Object.entries(schema.properties ?? {})) {
        const values = examples.map((example) => example?.[key]).filter((value) => value !== undefined);
        if (values.length === 0) missing.push(`${at}.${key}`);
        else look(inner, values, `${at}.${key}`);
      }
    };
    for (const { path, method, operation } of operations((operation) => operation.requestBody))
      look(operation.requestBody.content['application/json'].schema, (EXAMPLES[path] ?? []).map((example) => example()), `${method} ${path}`);
    // What is refused whatever it holds, or has no value beside null, is in no good example; an inline source is a source.
    const inline = /\/connections\.source\.config\.auth\./;
    assert.deepEqual(missing.filter((at) => !inline.test(at) && !/\.config\.path$/.test(at)), []);
  });

  test('values of the wrong type, in every field', async () => {
    const calls = [];
    for (const { path, method } of operations((operation) => operation.requestBody)) {
      for (const example of EXAMPLES[path] ?? [])
        for (const at of places(example()))
          for (const [type, text] of TYPED) {
            const body = example();
            calls.push({ method, path: concrete(path), body: spoil(body, at, text), at, type, wanted: typeOf(valueAt(body, at)) });
          }
    }
    assert.ok(calls.length > 5000, `${calls.length} calls`);
    await callAll(calls, (reply, { at, type, wanted }, what) => {
      if (type === wanted || type === 'null') return;
      if (at.includes('response_status_codes') && type === 'integer') return;
      if (isFree(at)) return;
      if (at[0] === 'query' && wanted === 'object' && type === 'integer') return; // a number is a filter too
      assert.equal(reply.status, 422, `${what}: ${JSON.stringify(reply.body).slice(0, 300)}`);
      const own = spell(at).replace(/^(source|destination)\.(?=config\.(auth|delivery_\w+)\.)/, '');
      assert.ok(reply.body.data.some((sentence) => sentence.startsWith(own) || sentence.startsWith(spell(at))), `${what}: ${spell(at)} is not named in ${JSON.stringify(reply.body.data).slice(0, 300)}`);
    });
    await fixture.served('wrong types');
  });

  test('what is no JSON, in every field', async () => {
    const calls = [];
    for (const { path, method } of operations((operation) => operation.requestBody)) {
      for (const example of (EXAMPLES[path] ?? []).slice(0, 1))
        for (const at of places(example()))
          for (const text of MALFORMED.filter((text) => text || typeof at.at(-1) === 'string')) calls.push({ method, path: concrete(path), body: spoil(example(), at, text) });
    }
    await callAll(calls, (reply, next, what) => assert.equal(reply.status, 400, what));
    await fixture.served('what is no JSON');
  });

  test('whole bodies that are none', async () => {
    const calls = [];
    for (const { path, method } of operations((operation) => operation.requestBody)) {
      const at = { method, path: concrete(path) };
      for (const text of MALFORMED.filter((text) => text)) calls.push({ ...at, body: Buffer.from(text, 'latin1'), status: 400 });
      for (const [type, text] of TYPED.filter(([type]) => type !== 'object')) calls.push({ ...at, body: text, status: 422, type });
      calls.push({ ...at, body: '\ufeff{}', status: 400 }, { ...at, body: '{} {}', status: 400 }, { ...at, body: '{}\0', status: 400 },
        { ...at, body: '{"no_such_field":1}', status: 422, names: 'no_such_field' }, { ...at, body: '{"":1}', status: 422 },
        { ...at, body: `{${Array.from({ length: 50000 }, (_, i) => `"field${i}":1`)}}`, status: 422 });
    }
    await callAll(calls, (reply, { status, names }, what) => {
      assert.equal(reply.status, status, what);
      if (names) assert.ok(reply.body.data.some((sentence) => sentence.startsWith(`${names}: `)), what);
      assert.ok(JSON.stringify(reply.body).length < 100000, `${what}: the answer is too long`);
    });
    await fixture.served('whole bodies');
  });

  test('unknown members are named wherever they stand', async () => {
    const calls = [];
    for (const { path, method } of operations((operation) => operation.requestBody)) {
      for (const example of EXAMPLES[path] ?? [])
        for (const at of places(example())) {
          const body = example(), parent = valueAt(body, at);
          if (typeOf(parent) !== 'object') continue;
          if ((at[0] === 'request' && at.length > 1) || isFree(at)) continue;
          parent.no_such_field = 1;
          calls.push({ method, path: concrete(path), body: JSON.stringify(body), at });
        }
    }
    assert.ok(calls.length > 10);
    await callAll(calls, (reply, { at }, what) => {
      assert.equal(reply.status, 422, what);
      assert.ok(reply.body.data.some((sentence) => /no_such_field: /.test(sentence)), `${what} ${spell(at)}`);
    });
  });

  test('header names and values that would break a request', async () => {
    const bad = ['x\r\ny', 'x\ny', 'x\ry', 'x y', 'x:', '', 'x\ty', 'ä', 'x,y', 'content-length', 'Transfer-Encoding', 'host', 'connection'];
    const values = ['a\r\nb: c', 'a\nb', 'a\rb', 'a\u0001', 'a\u007f', ' a', 'a '];
    const calls = [];
    const add = (path, body, member) => calls.push({ method: 'POST', path, body: JSON.stringify(body), member });
    const destination = (auth_type, auth) => ({ ...destinationWith(auth_type), config: { ...HTTP.config, auth_type, auth } });
    const source = (auth_type, auth) => ({ name: name(), type: 'WEBHOOK', config: { auth_type, auth } });
    for (const key of bad) {
      add('/destinations', destination('API_KEY', { key, api_key: 'k' }), 'key');
      add('/destinations', destination('CUSTOM_SIGNATURE', { key, signing_secret: 'k' }), 'key');
      if (!/^[a-z-]{4,}$/i.test(key)) {
        add('/sources', source('HMAC', { ...SOURCE_AUTHS.HMAC, header_key: key }), 'header_key');
        add('/sources', source('API_KEY', { api_key: 'k', header_key: key }), 'header_key');
      }
    }
    for (const value of values) {
      add('/destinations', destination('API_KEY', { key: 'x-key', api_key: value }), 'api_key');
      add('/destinations', destination('BEARER_TOKEN', { token: value }), 'token');
      add('/destinations', destination('AWS_SIGNATURE', { ...DESTINATION_AUTHS.AWS_SIGNATURE, region: value }), 'region');
      add('/destinations', destination('OAUTH2_CLIENT_CREDENTIALS', { ...OAUTH2_CLIENT, client_secret: value }), 'client_secret');
    }
    add('/destinations', destination('BASIC_AUTH', { username: 'a:b', password: 'p' }), 'username');
    await callAll(calls, (reply, { member }, what) => {
      assert.equal(reply.status, 422, what);
      assert.ok(reply.body.data.some((sentence) => sentence.startsWith(`config.auth.${member}: `)), `${what}: ${reply.body.data}`);
    });
    for (const url of ['http://', 'http:///x', 'http://a b/', 'http://a/\r\nx: y', 'http://a\0b/', 'file:///etc/passwd', 'gopher://a/', '//a/', 'http://[::1/', 'http://a:99999/', 'http://a:x/'])
      assert.ok([400, 422].includes((await call('POST', '/destinations', JSON.stringify({ ...HTTP, name: name(), config: { url } }))).status), url);
  });
});

describe('parameters', () => {
  const VALUES = [
    '', 'null', 'true', '0', '-1', '1.5', '1e9', '9223372036854775807', '9223372036854775808', 'x', '%00', '%FF', '%C3', '%ED%A0%80', '%', '%zz', '%0d%0a', ' '.replace(' ', '+'),
    '%27%22%3B--', '%25%5F%2A', '{}', '[]', '%7B%22a%22:%7B%22$gt%22:1%7D%7D', ',', ',,,', Array(300).fill('x').join(','), Array(5000).fill('1').join(','), 'y'.repeat(5000),
    '2026-01-01', '2026-13-01', '2026-01-01T00:00:00Z', '0000-00-00T00:00:00Z', '9999-12-31T23:59:59.999Z', 'src_00000000000', 'evt_zzzzzzzzzzz', 'evt_AzL8n0Y58m7',
  ];
  const OPERATORS = ['', '[]', '[0]', '[99999999999999999999]', '[gt]', '[gte]', '[lt]', '[lte]', '[le]', '[any]', '[contains]', '[x]', '[', ']', '[[]]', '[gt][lt]', '[%00]'];

  test('every parameter with every value and operator', async () => {
    const calls = [];
    for (const { path, method, operation } of operations((operation) => operation.parameters.some((parameter) => parameter.in === 'query')))
      for (const parameter of operation.parameters.filter((parameter) => parameter.in === 'query')) {
        for (const operator of OPERATORS)
          for (const value of operator ? VALUES.slice(0, 8) : VALUES)
            calls.push({ method, path: `${concrete(path)}?${parameter.name}${operator}=${value}` });
        calls.push({ method, path: `${concrete(path)}?${parameter.name}` });
        calls.push({ method, path: `${concrete(path)}?${Array(400).fill(`${parameter.name}=true`).join('&')}` });
        calls.push({ method, path: `${concrete(path)}?${Array(1000).fill(`${parameter.name}[gt]=1`).join('&')}` });
        calls.push({ method, path: `${concrete(path)}?${Array(300).fill(`${parameter.name}[any]=true`).join('&')}` });
      }
    assert.ok(calls.length > 5000, `${calls.length} calls`);
    await callAll(calls);
    await fixture.served('parameters');
  });

  test('unknown parameters are named', async () => {
    const calls = [];
    for (const { path, method } of operations(() => true))
      for (const query of ['no_such=1', 'no_such', 'no_such[gt]=1', 'no_such[]=x', 'No_Such=1'].map((query) => query.replace('No_Such', 'LIMIT')))
        if (method === 'GET') calls.push({ method, path: `${concrete(path)}?${query}`, name: query.match(/^\w+/)[0] });
    await callAll(calls, (reply, next, what) => {
      assert.equal(reply.status, 422, what);
      assert.ok(reply.body.data.some((sentence) => sentence.startsWith(next.name)), what);
    });
    for (const path of ['/events?include=everything', '/events?include=', '/sources?order_by=', '/events?dir=up', '/events?progressive=%FF'])
      await callAll([{ method: 'GET', path }]);
    assert.equal((await call('GET', '/events?include=everything')).status, 422);
    assert.equal((await call('GET', `/sources/${ids.sources}?include=everything`)).status, 422);
    assert.equal((await call('GET', `/connections/${ids.connections}?include=everything`)).status, 422);
    assert.equal((await call('GET', `/connections/${ids.connections}?include=config.auth`)).status, 200);
  });

  test('ids that are none', async () => {
    const calls = [];
    const odd = ['%00', '%FF', '%', '%2e%2e%2f', '-1', '0', 'null', 'undefined', 'src_', 'src_00000000000', 'src_zzzzzzzzzzz', 'web_AzL8n0Y58m7',
      'src_' + '9'.repeat(11), 'x'.repeat(8000), '%27', '%22%3E', 'src_0000000000\xe4'.replace('\xe4', '%C3%A4'), '%0d%0aset-cookie:x'];
    for (const { path, method } of operations((operation) => operation.parameters.some((parameter) => parameter.in === 'path')))
      for (const id of odd) calls.push({ method, path: path.replace('{id}', id), body: method === 'GET' ? undefined : '{}' });
    await callAll(calls, (reply, next, what) => assert.ok([404, 405, 422].includes(reply.status), `${what}: ${reply.status}`));
  });
});

describe('webhooks that are hard to show', () => {
  const BODIES = [
    ['application/json', nest('[', ']', 10000), 400], ['application/json', '"\xff"', 400], ['application/json', '"\\ud800"', 400], ['application/json', '{"a":1', 400],
    ['application/json', '{"a":1}\0', 400], ['application/json', '"a\0b"', 400], ['application/json', '['.repeat(60000), 400],
    ['application/json', '{"a":1,"a":2}', 200], ['application/json', '123456789012345678901234567890', 200], ['application/json', '1e308', 200],
    ['application/json', '"\\u0000"', 200], ['application/json', nest('[', ']', 500), 200], ['application/json', 'null', 200],
    ['text/plain', '\xff\xfe\0\x01', 200], ['application/x-www-form-urlencoded', 'a=%00&b=%FF&=&&', 200], ['application/xml', '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 200],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n\0\r\n--x--', 200], ['image/png', 'x', 415], ['\xff/\xff', 'x', 415],
  ];
  test('they are stored or refused, and the API shows them', async () => {
    for (const [type, body, status] of BODIES) {
      const reply = await send(`${fixture.gateway.url}${fixture.path}/%00/%FF/..?a=%00&%FF=%FF&a&=&[]=x&a[b`, {
        headers: { 'content-type': type, 'x-odd': '\xff\x80', 'x-empty': '' }, body: Buffer.from(body, 'latin1'),
      });
      assert.equal(reply.status, status, `${type} ${body.slice(0, 40)}: ${reply.text}`);
      if (status !== 200) assertError(reply.text, status, body.slice(0, 40));
    }
    await fixture.served('odd webhooks');
    const calls = [];
    for (const noun of ['requests', 'events', 'attempts']) {
      const list = await fixture.gateway.api('GET', `/${noun}?limit=100${noun === 'attempts' ? '' : '&include=data'}`);
      assert.equal(list.status, 200);
      for (const model of list.body.models) {
        calls.push({ method: 'GET', path: `/${noun}/${model.id}` });
        if (noun !== 'attempts') calls.push({ method: 'GET', path: `/${noun}/${model.id}/raw_body` });
      }
    }
    await callAll(calls, (reply, next, what) => assert.equal(reply.status, 200, what));
  });

  test('bodies that would take too much memory to show are left to raw_body', async () => {
    const body = `[${'[],'.repeat(500000)}1]`, small = '{"small":true}';
    for (const text of [body, small]) {
      const reply = await send(fixture.gateway.url + fixture.path, { headers: { 'content-type': 'application/json' }, body: text });
      assert.equal(reply.status, 200);
    }
    const list = await fixture.gateway.api('GET', '/requests?limit=2&include=data');
    assert.deepEqual(list.body.models.map((model) => [model.data.body, model.data.is_large_payload]), [[{ small: true }, false], [null, true]]);
    const { id } = list.body.models[1];
    assert.equal((await fixture.gateway.api('GET', `/requests/${id}`)).body.data.is_large_payload, true);
    assert.equal((await fixture.gateway.api('GET', `/requests/${id}/raw_body`)).body.body, body);
    await until('its event', async () => (await fixture.gateway.api('GET', `/requests/${id}/events?include=data`)).body.models[0]?.data.body === null);
    await fixture.served('large bodies');
  });
});
