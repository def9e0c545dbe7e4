// What config.auth of a source takes, and what becomes of requests when it was wrong.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach } from './resource.mjs';

let gateway, sink, ok, refused, count = 0;
before(async () => {
  gateway = await startGateway();
  sink = await startSink();
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});
const made = (type, config) => ok('POST', '/sources', { name: `a${++count}`, type, config });
const whole = (source) => ok('GET', `/sources/${source.id}?include=config.auth`);
const KEY = { webhook_secret_key: 'key' };
async function sent(source, key, body = '{}') {
  const signature = createHmac('sha256', key).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` };
  return (await fetch(source.url, { method: 'POST', headers, body })).status;
}
const last = async (source) => (await ok('GET', `/requests?source_id=${source.id}&limit=1`)).models[0];

describe('config.auth', () => {
  test('is what the type needs, and is shown when asked for only', async () => {
    for (const [type, auth, authenticated] of [
      ['STRIPE', KEY, true], ['STRIPE', { ...KEY, previous_webhook_secret_key: 'old' }, true], ['GITLAB', { api_key: 'k' }, true],
      ['TIKTOK_SHOP', { ...KEY, app_key: 'a' }, true], ['POSTMARK', { username: 'u', password: 'p' }, true],
      ['VAPI', { ...KEY, header_key: 'x-v', algorithm: 'sha1', encoding: 'base64' }, true],
      // with a key that is fetched
      ['PAYPAL', { webhook_id: 'w' }, true], ['FIREBLOCKS', { environment: 'EU2' }, true], ['GOOGLE_PUBSUB', { audience: 'a', service_account_email: 'e' }, true],
      ['EBAY', { environment: 'SANDBOX', dev_id: 'd', client_id: 'c', client_secret: 's', verification_token: 'v' }, true],
      ['NEON', { neon_auth_url: 'https://ep-a-1.neonauth.us-east-1.aws.neon.tech/neondb/auth' }, true], ['AWS_SNS', { topic_arn: 't' }, true],
      // nothing is checked: that is said
      ['VAPI', KEY, false], ['VERCEL_LOG_DRAINS', { log_drains_secret: 'v' }, false], ['BONDSMITH', KEY, false], ['FISERV', { ...KEY, store_name: 's' }, false],
    ]) {
      const source = await made(type, { auth });
      assert.deepEqual([type, source.authenticated, source.config.auth], [type, authenticated, undefined]);
      assert.deepEqual((await whole(source)).config.auth, auth);
    }
    const open = await made('STRIPE');
    assert.deepEqual([open.authenticated, open.config], [false, {}]);
  });

  test('is refused by the name of the member that does not fit', async () => {
    const of = (type, auth, auth_type) => ({ name: 'refused', type, config: { auth, ...(auth_type ? { auth_type } : {}) } });
    await refusesEach(refused, 'POST', '/sources', [
      [of('STRIPE', { app_key: 'x' }), /^config\.auth\.webhook_secret_key: is required$/],
      [of('STRIPE', { ...KEY, token: 'x' }), /^config\.auth\.token: is not a field of this request$/],
      [of('STRIPE', { ...KEY, more: 'x' }), /^config\.auth\.more: is not a field of this request$/],
      [of('STRIPE', { webhook_secret_key: '' }), /^config\.auth\.webhook_secret_key: must not be empty$/],
      [of('STRIPE', { webhook_secret_key: 7 }), /^config\.auth\.webhook_secret_key: must be a string or null, not an integer$/],
      [of('STRIPE', { webhook_secret_key: null }), /^config\.auth\.webhook_secret_key: must be a string, not null$/],
      [of('STRIPE', { webhook_secret_key: 'x'.repeat(4097) }), /^config\.auth\.webhook_secret_key: must have at most 4096 characters$/],
      [of('GITLAB', KEY), /^config\.auth\.api_key: is required$/],
      [of('POSTMARK', { username: 'u' }), /^config\.auth\.password: is required$/],
      [of('TIKTOK_SHOP', KEY), /^config\.auth\.app_key: is required$/],
      [of('VAPI', { ...KEY, algorithm: 'md5' }), /^config\.auth\.algorithm: is not one of the allowed values: sha256, sha1 or sha512$/],
      [of('VAPI', { ...KEY, header_key: 'a b' }), /^config\.auth\.header_key: must be the name of a header$/],
      [of('FIREBLOCKS', { environment: 'MOON' }), /^config\.auth\.environment: is not one of the allowed values: US_PRODUCTION, EU, EU2 or SANDBOX$/],
      [of('SVIX', { webhook_secret_key: 'whsec_!' }), /^config\.auth\.webhook_secret_key: must be "whsec_" and base64$/],
      [of('AIRTABLE', { webhook_secret_key: '!' }), /^config\.auth\.webhook_secret_key: must be base64$/],
      [of('ADYEN', { webhook_secret_key: 'xyz' }), /^config\.auth\.webhook_secret_key: must be hexadecimal$/],
      [of('WECHAT', { public_key: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' }), /^config\.auth\.public_key: must be a public key in PEM$/],
      [of('DISCORD', { public_key: 'ab' }), /^config\.auth\.public_key: must be an Ed25519 public key/],
      [of('SLACK', { ...KEY, previous_webhook_secret_key: '' }), /^config\.auth\.previous_webhook_secret_key: must not be empty$/],
      [of('WEBHOOK', { webhook_secret_key: 'k!' }, 'SVIX'), /^config\.auth\.webhook_secret_key: must be "whsec_" and base64$/],
      [of('WEBHOOK', KEY, 'HMAC'), /^config\.auth\.header_key: is required$/],
      [of('WEBHOOK', { app_key: 'x' }), /^config\.auth_type: is required with these members of config\.auth$/],
      [of('WEBHOOK', KEY, 'NOBODY'), /^config\.auth_type: "NOBODY" is not one of the allowed values$/],
      [of('WEBHOOK', null, 'STRIPE'), /^config\.auth: is required with config\.auth_type$/],
      [of('HTTP', KEY, 'STRIPE'), /^config\.auth_type: a source of type HTTP does not take "STRIPE"$/],
      [of('STRIPE', KEY, 'GITHUB'), /^config\.auth_type: a source of type STRIPE does not take "GITHUB"$/],
      [of('STRIPE', { ...KEY, header_key: 'x' }, 'HMAC'), /^config\.auth_type: a source of type STRIPE does not take "HMAC"$/],
      [of('PUBLISH_API', KEY), /^config\.auth\.webhook_secret_key: is not a field of this request$/],
    ]);
  });

  test('a type that is not checked takes a generic kind', async () => {
    for (const type of ['BONDSMITH', 'STRAVA', 'VOLUME']) {
      const source = await made(type, { auth_type: 'API_KEY', auth: { header_key: 'x-key', api_key: 'k' } });
      assert.equal(source.authenticated, true);
      assert.equal((await fetch(source.url, { method: 'POST' })).status, 401);
      assert.equal((await fetch(source.url, { method: 'POST', headers: { 'x-key': 'k' } })).status, 200);
    }
  });

  test('follows the type when that changes', async () => {
    const source = await made('GITHUB', { auth: KEY });
    assert.deepEqual([await sent(source, 'key'), await sent(source, 'other')], [200, 401]);
    await refusesEach(refused, 'PUT', `/sources/${source.id}`, [[{ type: 'GITLAB' }, /^config\.auth\.api_key: is required$/]]);
    await ok('PUT', `/sources/${source.id}`, { type: 'FACEBOOK' });
    assert.deepEqual([await sent(source, 'key'), (await last(source)).verified], [200, true]);
    assert.deepEqual([await sent(source, 'other'), (await last(source)).verified], [200, false]);
  });

  test('the form of earlier versions names the provider in small letters', async () => {
    const made = await gateway.api('POST', '/sources', { name: 'older', verification: { type: 'github', configs: KEY } });
    assert.deepEqual([made.status, made.body.type, made.body.verification.type, made.body.authenticated], [200, 'WEBHOOK', 'github', true]);
    assert.deepEqual([await sent(made.body, 'key'), await sent(made.body, 'other')], [200, 401]);
  });
});

describe('what failed', () => {
  test('is kept, seen, and goes its way once the secret is mended', async () => {
    const source = await made('GITHUB', { auth: { webhook_secret_key: 'wrong' } });
    const destination = { name: 'sink', config: { url: sink.url } };
    await ok('POST', '/connections', { source_id: source.id, destination });
    assert.equal(await sent(source, 'right', '{"n":1}'), 401);
    const request = await last(source);
    assert.deepEqual([request.verified, request.rejection_cause, request.events_count], [false, 'VERIFICATION_FAILED', 0]);
    assert.deepEqual((await ok('GET', `/requests?source_id=${source.id}&status=rejected&rejection_cause=VERIFICATION_FAILED`)).models.length, 1);
    assert.deepEqual((await ok('GET', `/requests/${request.id}/raw_body`)).body, '{"n":1}');
    assert.deepEqual(sink.received, []);
    await ok('PUT', `/sources/${source.id}`, { config: { auth: { webhook_secret_key: 'right' } } });
    assert.equal(await sent(source, 'right', '{"n":2}'), 200);
    await ok('POST', `/requests/${request.id}/retry`, {});
    await until('both are there', () => sink.received.length === 2);
    const said = sink.received.map(({ body, headers }) => [String(body), headers['x-hookdeck-verified']]).sort();
    assert.deepEqual(said, [['{"n":1}', 'false'], ['{"n":2}', 'true']]);
  });

  test('secrets are in no log and in no error', async () => {
    await made('GITHUB', { auth: { webhook_secret_key: 'very-secret-indeed' } });
    await refused(422, 'POST', '/sources', { name: 'refused', type: 'ADYEN', config: { auth: { webhook_secret_key: 'very-secret-indeed' } } });
    assert.ok(!gateway.log().includes('very-secret-indeed'));
    assert.ok(!JSON.stringify(await ok('GET', '/sources')).includes('very-secret-indeed'));
  });
});
