// The flags that set up sources, destinations and rules, which several commands of hookdeck-cli share: what each makes of
// the record, and how the gateway then behaves.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mostWithin } from '../e2e/arrivals.mjs';
import { CLIENTS } from '../e2e/auth_servers.mjs';
import { until } from '../e2e/gateway.mjs';
import { pemOf, rsaPair } from '../e2e/key_pair.mjs';

// { 'api-key': 'k' } → ['--source-api-key', 'k']
export const words = (flags, prefix = '') => Object.entries(flags).flatMap(([name, value]) => [`--${prefix}${name}`, value]);

const hmac = (algorithm, encoding, secret, body) => createHmac(algorithm, secret).update(body).digest(encoding);
const basic = (pair) => `Basic ${Buffer.from(pair).toString('base64')}`;
const BODY = '{"order":1}';

/* ---- sources ---- */

const HMAC = { header_key: 'x-webhook-signature', encoding: 'hex' };
const KEY_CONFIG = { auth_type: 'API_KEY', auth: { header_key: 'x-own-key', api_key: 'own' } };

// `proof`: headers that let a webhook in, which is refused without them.
export const SOURCE_SETTINGS = [
  { name: 'webhook-secret', flags: { 'webhook-secret': 'w' }, config: { auth: { ...HMAC, algorithm: 'sha256', webhook_secret_key: 'w' } },
    proof: { 'x-webhook-signature': hmac('sha256', 'hex', 'w', BODY) } },
  { name: 'hmac', flags: { 'hmac-secret': 'h', 'hmac-algo': 'SHA512' }, config: { auth: { ...HMAC, algorithm: 'sha512', webhook_secret_key: 'h' } },
    proof: { 'x-webhook-signature': hmac('sha512', 'hex', 'h', BODY) } },
  { name: 'api-key', flags: { 'api-key': 'k' }, config: { auth: { header_key: 'x-api-key', api_key: 'k' } }, proof: { 'x-api-key': 'k' } },
  { name: 'basic', flags: { 'basic-auth-user': 'u', 'basic-auth-pass': 'p' }, config: { auth: { username: 'u', password: 'p' } },
    proof: { authorization: basic('u:p') } },
  { name: 'methods', flags: { 'allowed-http-methods': 'PUT,PATCH' }, config: { allowed_http_methods: ['PUT', 'PATCH'] }, method: 'PATCH' },
  { name: 'response', flags: { 'custom-response-content-type': 'xml', 'custom-response-body': '<taken/>' },
    config: { custom_response: { content_type: 'xml', body: '<taken/>' } }, answer: '<taken/>' },
  { name: 'config', flags: { config: JSON.stringify(KEY_CONFIG) }, config: KEY_CONFIG, proof: { 'x-own-key': 'own' } },
  { name: 'config-file', flags: { 'config-file': 'source.json' }, config: KEY_CONFIG, proof: { 'x-own-key': 'own' } },
];
export const SOURCE_FILES = { 'source.json': JSON.stringify(KEY_CONFIG) };

// The source, shown with its auth, is what the flags said, and takes and refuses webhooks accordingly.
export async function checkSource(source, { name, config, proof, method = 'POST', answer }) {
  const send = async (how, headers) => {
    const reply = await fetch(source.url, { method: how, headers: { 'content-type': 'application/json', ...headers }, body: BODY });
    return { status: reply.status, text: await reply.text() };
  };
  for (const [member, value] of Object.entries(config)) assert.deepEqual(source.config[member], value, `${name}: ${member}`);
  const taken = await send(method, proof);
  assert.equal(taken.status, 200, name);
  if (answer) assert.equal(taken.text, answer, name);
  if (proof) assert.equal((await send('POST', {})).status, 401, name);
  if (method !== 'POST') assert.equal((await send('POST', {})).status, 405, name);
}

/* ---- destinations ---- */

const BEARER_CONFIG = { auth_type: 'BEARER_TOKEN', auth: { token: 'own' } };
const auth = (method, flags, auth_type, members) => ({
  name: `${method}${flags['api-key-to'] ?? ''}`, flags: { 'auth-method': method, ...flags }, config: { auth_type, auth: members },
});
const signed = (header, secret) => ({ headers, body }) => assert.equal(headers[header], hmac('sha256', 'base64', secret, body));

const OVERRIDES = '{"9":{"rate":1,"rate_period":"hour"}}';
// `sent`: looks at the request that a destination got; each is given a URL of its own, which ends with /in/NAME.
export const DESTINATION_SETTINGS = [
  { name: 'method', flags: { 'http-method': 'PUT' }, config: { http_method: 'PUT' }, sent: ({ method }) => assert.equal(method, 'PUT') },
  { ...auth('hookdeck', {}, 'HOOKDECK_SIGNATURE', {}),
    sent: ({ headers }) => assert.match(headers['x-hookdeck-signature'], /^[A-Za-z0-9+/]{43}=$/) },
  { ...auth('bearer', { 'bearer-token': 't' }, 'BEARER_TOKEN', { token: 't' }),
    sent: ({ headers }) => assert.equal(headers.authorization, 'Bearer t') },
  { ...auth('basic', { 'basic-auth-user': 'u', 'basic-auth-pass': 'p' }, 'BASIC_AUTH', { username: 'u', password: 'p' }),
    sent: ({ headers }) => assert.equal(headers.authorization, basic('u:p')) },
  { ...auth('api_key', { 'api-key': 'k', 'api-key-header': 'x-key', 'api-key-to': 'header' }, 'API_KEY', { key: 'x-key', api_key: 'k', to: 'header' }),
    sent: ({ headers }) => assert.equal(headers['x-key'], 'k') },
  { ...auth('api_key', { 'api-key': 'k', 'api-key-header': 'key', 'api-key-to': 'query' }, 'API_KEY', { key: 'key', api_key: 'k', to: 'query' }),
    sent: ({ url }) => assert.match(url, /\?(.*&)?key=k/) },
  { ...auth('custom_signature', { 'custom-signature-key': 'x-own', 'custom-signature-secret': 's' }, 'CUSTOM_SIGNATURE',
    { key: 'x-own', signing_secret: 's' }), sent: signed('x-own', 's') },
  { name: 'rate', flags: { 'rate-limit': '2', 'rate-limit-period': 'second' }, config: { delivery_policy: { rate: 2, period: 'second', groups: null } },
    sent: ({ body }) => assert.equal(`${body}`, BODY) },
  { name: 'groups', flags: { 'delivery-group-key': 'body.order', 'delivery-group-rate': '2', 'delivery-group-rate-period': 'second', 'delivery-group-overrides': OVERRIDES },
    config: { delivery_policy: { rate: null, period: null, groups: { key: 'body.order', rate: 2, rate_period: 'second', overrides: JSON.parse(OVERRIDES) } } },
    sent: ({ body }) => assert.equal(`${body}`, BODY) },
];
// Only one of the nouns has these flags.
export const DESTINATION_CONFIG_SETTINGS = [
  { name: 'config', flags: { config: (url) => JSON.stringify({ url, ...BEARER_CONFIG }) }, config: BEARER_CONFIG,
    sent: ({ headers }) => assert.equal(headers.authorization, 'Bearer own') },
  { name: 'config-file', flags: { 'config-file': 'destination.json' }, config: BEARER_CONFIG,
    sent: ({ headers }) => assert.equal(headers.authorization, 'Bearer own') },
];
export const PATH_SETTING = {
  name: 'path', flags: { 'path-forwarding-disabled': 'true' }, config: { path_forwarding_disabled: true },
  sent: ({ url }) => assert.match(url, /\/in\/path$/),
};

// Those that need an authorization server (startAuthorizationServer) or a token server (startTokenServer), and AWS. Only
// connections have these flags.
export async function remoteAuthSettings(server, google) {
  const { client_id, client_secret } = CLIENTS.basic;
  const client = { auth_server: server.url, client_id, client_secret };
  const OAUTH = { 'oauth2-auth-server': server.url, 'oauth2-client-id': client_id, 'oauth2-client-secret': client_secret };
  const AWS = { access_key_id: 'i', secret_access_key: 's', region: 'eu-west-1', service: 'lambda' };
  const { privateKey: private_key } = pemOf(rsaPair());
  const service_account_key = JSON.stringify({ client_email: 'e', private_key, token_uri: google.url });
  const tokenOf = ({ headers }) => /^Bearer (\S+)$/.exec(headers.authorization)[1];
  const refresh_token = await server.refreshToken();
  return [
    { ...auth('oauth2_client_credentials', { ...OAUTH, 'oauth2-scopes': 'read write', 'oauth2-auth-type': 'basic' },
      'OAUTH2_CLIENT_CREDENTIALS', { ...client, scope: 'read write', authentication_type: 'basic' }),
      sent: async (entry) => assert.equal((await server.look(tokenOf(entry))).scope, 'read write') },
    { ...auth('oauth2_authorization_code', { ...OAUTH, 'oauth2-refresh-token': refresh_token }, 'OAUTH2_AUTHORIZATION_CODE', { ...client, refresh_token }),
      sent: async (entry) => assert.equal((await server.look(tokenOf(entry))).sub, 'someone') },
    { ...auth('aws', { 'aws-access-key-id': 'i', 'aws-secret-access-key': 's', 'aws-region': 'eu-west-1', 'aws-service': 'lambda' }, 'AWS_SIGNATURE', AWS),
      sent: ({ headers }) => assert.match(headers.authorization, /^AWS4-HMAC-SHA256 Credential=i\/\d{8}\/eu-west-1\/lambda\/aws4_request, .*Signature=[0-9a-f]{64}$/) },
    { ...auth('gcp', { 'gcp-service-account-key': service_account_key, 'gcp-scope': 'a' }, 'GCP_SERVICE_ACCOUNT', { service_account_key, scope: 'a' }),
      sent: (entry) => assert.equal(tokenOf(entry), 'of-google') },
  ];
}

// A connection to the destination of the settings "rate" or "groups" delivers at their pace. Returns what arrived.
export async function checkPace(sink, source_url, place, orders, expected) {
  const received = () => sink.received.filter(({ url }) => url.startsWith(`/in/${place}`));
  const before = received().length;
  for (const order of orders)
    assert.equal((await fetch(source_url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ order }) })).status, 200);
  await until(`deliveries to ${place}`, () => received().length >= before + expected);
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  const arrived = received().slice(before).map(({ at, body }) => ({ at, order: JSON.parse(body).order }));
  assert.equal(arrived.length, expected);
  for (const order of new Set(orders)) assert.ok(mostWithin(arrived.filter((each) => each.order === order), 999) <= 2, `order ${order}`);
  return arrived;
}

// One webhook to `source_url` reaches every one of `settings` in its own way.
export async function checkDeliveries(sink, source_url, settings) {
  assert.equal((await fetch(`${source_url}/more`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY })).status, 200);
  for (const { place, sent } of settings) {
    const pattern = new RegExp(`^/in/${place}(/more)?(\\?|$)`);
    await sent(await until(`a delivery to ${place}`, () => sink.received.find(({ url }) => pattern.test(url))));
  }
}
