// What senders that want it are answered: that it was taken, signed so that they know by whom.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, verify } from 'node:crypto';
import { startGateway } from './gateway.mjs';
import { ecPair, pemOf, rsaPair } from './key_pair.mjs';
import { callsOf, refusesEach } from './resource.mjs';
import { PRAXIS_BODIES, signers } from './verify/signers.mjs';

const OWN = rsaPair();
const PRIVATE_KEY = OWN.privateKey.export({ type: 'pkcs8', format: 'pem' });
const ALIPAY = { ...signers.ALIPAY.keys.auth, private_key: PRIVATE_KEY };
const SUCCESS = '{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}';

let gateway, ok, refused, count = 0;
before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

const made = (type, auth, more = {}) =>
  ok('POST', '/sources', { name: `a${++count}`, type, config: { ...(auth ? { auth } : {}), ...more } });

async function sent(source, name, { key = signers[name].keys.key, path = '/hook?a=1', body = signers[name].body ?? '{"n":1}', headers = {} } = {}) {
  const url = source.url + path;
  const signed = await signers[name].sign({ url, body, now: Date.now() }, key);
  const reply = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...signed.headers, ...headers } });
  return { status: reply.status, type: reply.headers.get('content-type'), headers: reply.headers, text: await reply.text(), path: new URL(url) };
}
const signaturesOf = (reply) => ['gt-authentication', 'external-request-signature', 'signature'].filter((name) => reply.headers.has(name));

describe('ALIPAY', () => {
  const check = (reply) => {
    const time = reply.headers.get('response-time');
    const [, signature] = /^algorithm=RSA256,keyVersion=1,signature=([^,]+)$/.exec(reply.headers.get('signature'));
    const content = `POST ${reply.path.pathname}${reply.path.search}\n${reply.headers.get('client-id')}.${time}.${reply.text}`;
    assert.ok(verify('RSA-SHA256', Buffer.from(content), OWN.publicKey, Buffer.from(decodeURIComponent(signature), 'base64')), content);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 10000, time);
  };

  test('the answer is signed with the key of one\'s own', async () => {
    const source = await made('ALIPAY', ALIPAY);
    for (const key of [signers.ALIPAY.keys.key, signers.ALIPAY.keys.old]) {
      const reply = await sent(source, 'ALIPAY', { key });
      assert.deepEqual([reply.status, reply.type, reply.text, reply.headers.get('client-id')], [200, 'application/json', SUCCESS, 'client']);
      check(reply);
    }
    assert.equal((await ok('GET', `/requests?source_id=${source.id}`)).models.filter(({ verified }) => verified).length, 2);
  });

  test('in the other forms of the key', async () => {
    const pkcs1 = OWN.privateKey.export({ type: 'pkcs1', format: 'pem' });
    const bare = PRIVATE_KEY.replace(/-----.*-----|\n/g, '');
    for (const key of [pkcs1, bare, pkcs1.replaceAll('\n', '\\n')]) {
      check(await sent(await made('ALIPAY', { ...ALIPAY, private_key: key }), 'ALIPAY'));
    }
  });

  test('without such a key it is not signed', async () => {
    const reply = await sent(await made('ALIPAY', signers.ALIPAY.keys.auth), 'ALIPAY');
    assert.deepEqual([reply.status, reply.text, signaturesOf(reply)], [200, SUCCESS, []]);
  });

  test('a key that cannot sign is refused', async () => {
    const other = pemOf(ecPair()).privateKey;
    const short = pemOf(rsaPair(512)).privateKey;
    const of = (private_key) => ({ name: 'x', type: 'ALIPAY', config: { auth: { ...ALIPAY, private_key } } });
    const says = /^config\.auth\.private_key: must be a private RSA key in PEM$/;
    await refusesEach(refused, 'POST', '/sources', [[of('x'), says], [of(ALIPAY.public_key), says], [of(other), says], [of(short), says],
      [of(1), /^config\.auth\.private_key: must be a string/], [of('x'.repeat(10000)), /at most/]]);
  });
});

describe('PRAXIS', () => {
  const SECRET = signers.PRAXIS.keys;
  const check = (reply, secret) => {
    const { status, timestamp, version } = JSON.parse(reply.text);
    assert.deepEqual([reply.status, reply.type, status, version], [200, 'application/json', 0, '1.3']);
    assert.ok(Math.abs(timestamp - Date.now() / 1000) < 10, `${timestamp}`);
    const signature = createHash('sha384').update(`0${timestamp}${secret}`).digest('hex');
    assert.deepEqual(['gt-authentication', 'external-request-signature'].map((name) => reply.headers.get(name)), [signature, signature]);
  };

  for (const name of ['PRAXIS', 'PRAXIS subscription']) {
    test(`${name}: the answer is signed with the secret that its sender has`, async () => {
      const source = await made('PRAXIS', SECRET.auth);
      check(await sent(source, name), SECRET.key);
      check(await sent(source, name, { key: SECRET.old }), SECRET.old);
    });
  }

  test('in an integration too', async () => {
    const integration = await ok('POST', '/integrations', { provider: 'PRAXIS', features: ['VERIFICATION'], configs: { webhook_secret_key: SECRET.key } });
    const source = await made('WEBHOOK');
    await ok('PUT', `/integrations/${integration.id}/attach/${source.id}`);
    check(await sent(source, 'PRAXIS'), SECRET.key);
  });

  test('who has no secret gets no signature', async () => {
    const source = await made('PRAXIS', SECRET.auth), open = await made('PRAXIS');
    const forged = [await sent(source, 'PRAXIS', { key: SECRET.other }), await sent(open, 'PRAXIS'),
      await sent(source, 'PRAXIS', { body: JSON.stringify(PRAXIS_BODIES.payment), headers: { 'gt-authentication': 'ab'.repeat(48) } })];
    for (const reply of forged) assert.deepEqual([reply.status, signaturesOf(reply)], [200, []]);
    assert.doesNotMatch(forged[0].text, /"status":0/); // which would say that it was taken
    assert.match(forged[1].text, /"status":0/);
    const { models } = await ok('GET', `/requests?source_id=${source.id}`);
    assert.deepEqual(models.map(({ rejection_cause }) => rejection_cause), ['VERIFICATION_FAILED', 'VERIFICATION_FAILED']);
  });

  test('what is published is not acknowledged so', async () => {
    const source = await made('PRAXIS', SECRET.auth);
    const reply = await fetch(`${gateway.url}/v1/publish`, { method: 'POST', body: '{}', headers: {
      authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json', 'x-hookdeck-source-id': source.id } });
    assert.deepEqual([reply.status, signaturesOf(reply)], [200, []]);
    assert.match(await reply.text(), /"status":"SUCCESS"/);
  });

  test('a response of one\'s own goes before', async () => {
    const own = await made('PRAXIS', SECRET.auth, { custom_response: { content_type: 'text', body: 'mine' } });
    const reply = await sent(own, 'PRAXIS');
    assert.deepEqual([reply.text, signaturesOf(reply)], ['mine', []]);
    const asked = await sent(await made('PRAXIS', SECRET.auth), 'PRAXIS', { path: '?x-hookdeck-response=[text]asked' });
    assert.deepEqual([asked.text, signaturesOf(asked)], ['asked', []]);
  });

  test('what is no JSON is refused', async () => {
    const source = await made('PRAXIS');
    const reply = await fetch(source.url, { method: 'POST', body: '{"event":', headers: { 'content-type': 'application/json' } });
    assert.deepEqual([reply.status, signaturesOf(reply)], [400, []]);
  });
});
