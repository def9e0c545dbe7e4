// Keys that are fetched from those who send: only from their own hosts, once for all who wait, and never at others' cost.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { startGateway, until } from './gateway.mjs';
import { ecPair, ed25519Pair, rsaPair } from './key_pair.mjs';
import { callsOf } from './resource.mjs';
import { EBAY_AUTH, GOOGLE_AUTH, PAYPAL_NAME, SNS_SUBSCRIBE, SNS_TOPIC, ebayHeader, ebaySignature, fetched, googleToken, paypalSigned, snsMessage } from './verify/fetched.mjs';
import { startProviders } from './verify/providers.mjs';

const BODY = JSON.stringify({ id: 'evt_1', amount: 1200 });
const JSON_TYPE = { 'content-type': 'application/json' };
const FAILURE_MS = 400, AGAIN_MS = 1500, KEPT_MS = 20000;
const LIMITS = {
  provider_failure_ms: FAILURE_MS, provider_again_ms: AGAIN_MS, provider_key_most_ms: KEPT_MS, provider_wait_ms: 4000, provider_call_ms: 1500, provider_source_calls: 1000,
};
const settings = (limits) => Object.entries(limits).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let providers, gateway, made = 0;
const start = (limits = {}) => startGateway({ args: [...providers.args, ...settings({ ...LIMITS, ...limits })] });
const sourceOf = (type, auth, at = gateway) => callsOf(at).ok('POST', '/sources', { name: `s${++made}`, type, config: auth ? { auth } : {} });

before(async () => {
  providers = await startProviders();
  for (const row of Object.values(fetched)) row.publish(providers);
  gateway = await start();
});
after(async () => {
  await gateway?.stop();
  await providers?.stop();
});

async function post(source, { headers = {}, body = BODY }, name = '') {
  const at = Date.now();
  const reply = await fetch(source.url, { method: 'POST', headers: { ...JSON_TYPE, ...headers, 'x-case': name }, body });
  const text = await reply.text();
  return { status: reply.status, text, took: Date.now() - at };
}
const recorded = async (source, at = gateway) => (await callsOf(at).ok('GET', `/requests?source_id=${source.id}&include=data&limit=200`)).models;

// What became of a request: [status, verified, cause], and what is known of the cause.
async function judged(source, sent, at = gateway) {
  const name = `c${++made}`;
  const { status } = await post(source, sent, name);
  const request = await until('the request is recorded', async () => (await recorded(source, at)).find((own) => own.data.headers['x-case'] === name));
  return { is: [status, request.verified, request.rejection_cause], detail: request.rejection_detail, request };
}
const GOOD = [200, true, 'NO_CONNECTION'], FORGED = [200, false, 'VERIFICATION_FAILED'], LATER = [503, false, 'VERIFICATION_FAILED'];
const signed = async (title, key = fetched[title].keys.key, now = Date.now()) => {
  const sent = await fetched[title].sign({ url: 'http://x/', body: BODY, now }, key);
  return { headers: sent.headers, body: sent.body ?? BODY };
};
const sns = (key, url, more) => ({ headers: { 'content-type': 'text/plain' }, body: JSON.stringify(snsMessage(key, url, more)) });
const paypal = (key, url, options) => paypalSigned({ body: BODY, now: Date.now() }, key, url, options);

let numbers = 0;
const newPath = () => `SimpleNotificationService-${(++numbers).toString(16).padStart(32, '0')}.pem`;
// A certificate at a new URL of SNS.
function published(certificate, document = certificate.chain) {
  const path = newPath();
  providers.answers[`sns.us-east-1.amazonaws.com/${path}`] = document;
  return `https://sns.us-east-1.amazonaws.com/${path}`;
}

describe('where keys are looked for', () => {
  test('only at the sender\'s hosts: nothing else is called', async () => {
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), path = newPath();
    for (const host of ['evil.example', 'sns.us-east-1.amazonaws.com', 'api.paypal.com']) providers.answers[host] = certificate.chain;
    const before = providers.calls.length, source = await sourceOf('AWS_SNS');
    for (const url of [
      `http://sns.us-east-1.amazonaws.com/${path}`, `https://evil.example/${path}`, `https://sns.us-east-1.amazonaws.com.evil.example/${path}`,
      `https://evil.example/sns.us-east-1.amazonaws.com/${path}`, `https://sns.us-east-1.amazonaws.com:8443/${path}`, `https://sns.us-east-1.amazonaws.com:443/${path}`,
      `https://user@sns.us-east-1.amazonaws.com/${path}`, `https://sns.us-east-1.amazonaws.com@evil.example/${path}`, `https://sns.evil.amazonaws.com.evil.example/${path}`,
      `https://sns.a.b.amazonaws.com/${path}`, `https://xsns.us-east-1.amazonaws.com/${path}`, `https://sns.us-east-1.amazonaws.com./${path}`,
      `https://SNS.us-east-1.amazonaws.com/${path}`, `HTTPS://sns.us-east-1.amazonaws.com/${path}`, `https://sns.us-east-1.amazonaws.com/${path}?x=1`,
      `https://sns.us-east-1.amazonaws.com/${path}#x`, `https://sns.us-east-1.amazonaws.com/x/../${path}`, `https://sns.us-east-1.amazonaws.com//${path}`,
      `https://sns.us-east-1.amazonaws.com/?Action=x&${path}`, `https://sns.us-east-1.amazonaws.com\\${path}`, `https://evil.example\\@sns.us-east-1.amazonaws.com/${path}`,
      `https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a%2f.pem`, `https://127.0.0.1/${path}`, `https://sns.us-east-1.amazonaws.com`, ` https://sns.us-east-1.amazonaws.com/${path}`, '', 7,
    ]) assert.deepEqual([url, (await judged(source, sns(certificate.key, url))).is], [url, FORGED]);
    const payment = await sourceOf('PAYPAL', { webhook_id: 'WH-1' });
    for (const url of ['https://api.paypal.com/v1/notifications/certs/', 'https://api.paypal.com/v1/other/CERT-1', 'https://www.paypal.com/v1/notifications/certs/CERT-1',
      'https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1', 'https://api.paypal.com/v1/notifications/certs/CERT-1/x', 'http://api.paypal.com/v1/notifications/certs/CERT-1'])
      assert.deepEqual([url, (await judged(payment, paypal(certificate.key, url))).is], [url, FORGED]);
    const { key } = fetched.EBAY.keys, ebay = await sourceOf('EBAY', EBAY_AUTH);
    for (const kid of ['../k-1', 'k-1?x', 'k-1#', 'a/b', '', ' ', 'k%2d1', '.', undefined, 7]) {
      const header = ebayHeader({ alg: 'ecdsa', kid, signature: ebaySignature(BODY, key.pair), digest: 'SHA1' });
      assert.deepEqual([kid, (await judged(ebay, { headers: { 'x-ebay-signature': header } })).is], [kid, FORGED]);
    }
    assert.deepEqual(providers.calls.slice(before), []);
    for (const host of ['evil.example', 'sns.us-east-1.amazonaws.com', 'api.paypal.com']) delete providers.answers[host];
  });

  test('a URL that the user enters is of the sender\'s too', async () => {
    const { ok, refused } = callsOf(gateway);
    for (const url of ['http://ep-a-1.neonauth.us-east-1.aws.neon.tech/neondb/auth', 'https://evil.example/neondb/auth', 'https://ep-a-1.neonauth.us-east-1.aws.neon.tech.evil.example/a',
      'https://ep-a-1.neonauth.us-east-1.aws.neon.tech/neondb/auth/', 'https://evil.example/.neonauth.x.neon.tech/a', 'https://ep-a-1.neonauth.us-east-1.aws.neon.tech/../a', 'x']) {
      const error = await refused(422, 'POST', '/sources', { name: `n${++made}`, type: 'NEON', config: { auth: { neon_auth_url: url } } });
      assert.match(error.data.join(), /config\.auth\.neon_auth_url: must be a URL of Neon/);
    }
    assert.equal((await ok('POST', '/sources', { name: `n${++made}`, type: 'NEON', config: { auth: { neon_auth_url: 'https://ep-b-2.neonauth.c-2.eu-west-2.aws.neon.tech/my_db/auth' } } })).authenticated, true);
    assert.equal((await sourceOf('AWS_SNS')).authenticated, true);
    assert.equal((await sourceOf('NEON')).authenticated, false);
  });

  test('a host without the certificate for its name is not believed', async () => {
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), path = newPath(), before = providers.calls.length;
    providers.answers[`sns.ap-south-1.amazonaws.com/${path}`] = certificate.chain;
    const { is, detail } = await judged(await sourceOf('AWS_SNS'), sns(certificate.key, `https://sns.ap-south-1.amazonaws.com/${path}`));
    assert.deepEqual(is, LATER);
    assert.match(detail, /^https:\/\/sns\.ap-south-1\.amazonaws\.com\/.*no answer/);
    assert.equal(providers.calls.length, before);
  });

  test('redirects are not followed', async () => {
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), target = published(certificate), source = await sourceOf('AWS_SNS');
    const url = published(certificate, { status: 302, headers: { location: target } });
    const { is, detail } = await judged(source, sns(certificate.key, url));
    assert.deepEqual([is, /answered 302$/.test(detail)], [LATER, true]);
    assert.equal(providers.callsTo('sns.us-east-1.amazonaws.com', new URL(target).pathname), 0);
    assert.deepEqual((await judged(source, sns(certificate.key, target))).is, GOOD);
  });
});

describe('certificates', () => {
  test('of AWS_SNS', async () => {
    const source = await sourceOf('AWS_SNS'), { certificate, selfSigned } = providers, of = (more) => certificate({ name: 'sns.amazonaws.com', ...more });
    const past = { from: '20200101000000Z', until: '20200201000000Z' }, future = { from: '20480101000000Z', until: '20490101000000Z' };
    const rows = [
      ['by itself', of(), 'pem', GOOD], ['with the one between', of(), 'chain', GOOD], ['of a region', of({ name: 'sns-signing.eu-south-1.amazonaws.com' }), 'chain', GOOD],
      ['whose name is only its subject', of({ alternatives: [] }), 'chain', GOOD], ['with more names', of({ name: 'x', alternatives: ['x.example', 'sns.amazonaws.com'] }), 'chain', GOOD],
      ['for another name', of({ name: 'sns.amazonaws.com.evil.example' }), 'chain', LATER, /another name/], ['whose subject only is right', of({ alternatives: ['evil.example'] }), 'chain', LATER, /another name/],
      ['for any name', of({ name: '*.amazonaws.com' }), 'chain', LATER, /another name/], ['that is over', of(past), 'chain', LATER, /not valid at this time/],
      ['by itself, that is over', of(past), 'pem', LATER, /not valid at this time/], ['of a time to come', of(future), 'chain', LATER, /not valid at this time/],
      ['of a stranger, with the one between', of({ ca: 'between-other' }), 'chain', LATER, /not trusted/], ['of itself', selfSigned('sns.amazonaws.com'), 'pem', LATER, /not trusted/],
      ['beside one that did not sign it', { ...of(), chain: of().pem + of().pem }, 'chain', LATER, /not trusted/],
    ];
    for (const [what, own, form, is, why] of rows) {
      const got = await judged(source, sns(own.key, published(own, own[form])));
      assert.deepEqual([what, got.is], [what, is]);
      if (why) assert.match(got.detail, why, what);
    }
  });

  test('of PAYPAL', async () => {
    const source = await sourceOf('PAYPAL', { webhook_id: 'WH-1' }), { certificate, selfSigned, answers } = providers;
    const rows = [
      ['with the one between', certificate({ name: PAYPAL_NAME }), 'chain', GOOD], ['of the sandbox', certificate({ name: 'messageverificationcerts.sandbox.paypal.com' }), 'chain', GOOD, 'api.sandbox.paypal.com'],
      ['by itself', certificate({ name: PAYPAL_NAME }), 'pem', LATER], ['for another name', certificate({ name: 'www.paypal.com' }), 'chain', LATER],
      ['of a stranger', certificate({ name: PAYPAL_NAME, ca: 'between-other' }), 'chain', LATER], ['of itself', selfSigned(PAYPAL_NAME), 'chain', LATER],
    ];
    for (const [what, own, form, is, host = 'api.paypal.com'] of rows) {
      const path = `/v1/notifications/certs/CERT-x${++numbers}`;
      answers[host + path] = own[form];
      assert.deepEqual([what, (await judged(source, paypal(own.key, `https://${host}${path}`))).is], [what, is]);
    }
    const url = `https://api.paypal.com/v1/notifications/certs/CERT-x${numbers - 5}`, { key } = rows[0][1];
    assert.deepEqual((await judged(source, paypal(key, url))).is, GOOD);
    for (const options of [{ algorithm: 'SHA1withRSA' }, { algorithm: 'none' }, { algorithm: '' }, { webhook: 'WH-2' }])
      assert.deepEqual([options, (await judged(source, paypal(key, url, options))).is], [options, FORGED]);
  });

  test('answers that are none', async () => {
    const source = await sourceOf('AWS_SNS'), certificate = providers.certificate({ name: 'sns.amazonaws.com' });
    for (const [document, is, why] of [
      ['', LATER, /no certificates/], ['{}', LATER, /no certificates/], ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', LATER, /no certificates/],
      [certificate.pem.slice(0, 600), LATER, /no certificates/], [certificate.pem.repeat(9), LATER, /or too many/], [certificate.chain + ' '.repeat(70000), LATER, /more than 65536 bytes/],
      [{ status: 500, body: certificate.chain }, LATER, /answered 500$/], [{ status: 204, body: '' }, LATER, /answered 204$/], [{ status: 404, body: '' }, FORGED, /answered 404: there is no such key/],
    ]) {
      const got = await judged(source, sns(certificate.key, published(certificate, document)));
      assert.deepEqual([document, got.is], [document, is]);
      assert.match(got.detail, why);
    }
  });

  test('that end are not kept longer', async () => {
    const stamp = (ms) => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
    const source = await sourceOf('AWS_SNS'), end = Date.now() + 3000;
    const certificate = providers.certificate({ name: 'sns.amazonaws.com', until: stamp(end) }), url = published(certificate);
    assert.deepEqual((await judged(source, sns(certificate.key, url))).is, GOOD);
    await sleep(end - Date.now() + 100);
    const got = await judged(source, sns(certificate.key, url));
    assert.deepEqual([got.is, /not valid at this time/.test(got.detail)], [LATER, true]);
  });
});

describe('what is signed', () => {
  test('tokens of GOOGLE_PUBSUB', async () => {
    const source = await sourceOf('GOOGLE_PUBSUB', GOOGLE_AUTH), { key } = fetched.GOOGLE_PUBSUB.keys, now = Date.now(), s = Math.floor(now / 1000);
    const publicKey = key.pair.publicKey.export({ type: 'spki', format: 'pem' });
    const none = (await googleToken(key, now)).split('.'), b64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const shared = `${b64({ alg: 'HS256', kid: key.kid })}.${none[1]}`;
    const ec = ecPair();
    for (const [what, token, is] of [
      ['genuine', await googleToken(key, now), GOOD], ['the other name of the issuer', await googleToken(key, now, { iss: 'accounts.google.com' }), GOOD],
      ['a little late', await googleToken(key, now, { exp: s - 30 }), GOOD], ['late', await googleToken(key, now, { exp: s - 90 }), FORGED], ['without an end', await googleToken(key, now, { exp: undefined }), FORGED],
      ['another issuer', await googleToken(key, now, { iss: 'https://accounts.google.com.evil.example' }), FORGED], ['another audience', await googleToken(key, now, { aud: 'https://else.example' }), FORGED],
      ['audiences', await googleToken(key, now, { aud: [GOOGLE_AUTH.audience] }), FORGED], ['another account', await googleToken(key, now, { email: 'x@y.z' }), FORGED], ['no account', await googleToken(key, now, { email: undefined }), FORGED],
      ['an account that is not sure', await googleToken(key, now, { email_verified: false }), FORGED], ['the same, unsaid', await googleToken(key, now, { email_verified: undefined }), FORGED],
      ['no key named', await googleToken(key, now, {}, { kid: undefined }), FORGED], ['none', `${b64({ alg: 'none', kid: key.kid })}.${none[1]}.`, FORGED],
      ['the public key as a shared one', `${shared}.${createHmac('sha256', publicKey).update(shared).digest('base64url')}`, FORGED],
      ['a key of its own', await googleToken({ pair: rsaPair(), kid: key.kid }, now, {}, { jku: 'https://evil.example/jwks', jwk: ec.publicKey.export({ format: 'jwk' }) }), FORGED],
    ]) assert.deepEqual([what, (await judged(source, { headers: { authorization: `Bearer ${token}` } })).is], [what, is]);
    for (const [prefix, is] of [['bearer ', GOOD], ['', FORGED], ['Basic ', FORGED], ['Bearer', FORGED]])
      assert.deepEqual([prefix, (await judged(source, { headers: { authorization: prefix + await googleToken(key, now) } })).is], [prefix, is]);
  });

  test('headers of EBAY', async () => {
    const source = await sourceOf('EBAY', EBAY_AUTH), { key } = fetched.EBAY.keys, signature = ebaySignature(BODY, key.pair);
    const fields = { alg: 'ecdsa', kid: key.kid, signature, digest: 'SHA1' };
    for (const [what, given, is] of [
      ['genuine', fields, GOOD], ['with more in it', { ...fields, x: [1, { y: 2 }] }, GOOD], ['another digest', { ...fields, digest: 'SHA256' }, FORGED],
      ['another digest, rightly', { ...fields, digest: 'SHA256', signature: ebaySignature(BODY, key.pair, 'SHA256') }, FORGED], ['the digest under another name', { ...fields, digest: undefined }, FORGED],
      ['another algorithm', { ...fields, alg: 'none' }, FORGED], ['no signature', { ...fields, signature: undefined }, FORGED], ['an empty one', { ...fields, signature: '' }, FORGED],
      ['a short one', { ...fields, signature: signature.slice(0, -8) }, FORGED], ['a long one', { ...fields, signature: `${signature}AAAA` }, FORGED], ['of another body', { ...fields, signature: ebaySignature('{}', key.pair) }, FORGED],
      ['of a stranger', { ...fields, signature: ebaySignature(BODY, ecPair()) }, FORGED], ['no object', [fields], FORGED], ['nothing', {}, FORGED],
    ]) assert.deepEqual([what, (await judged(source, { headers: { 'x-ebay-signature': ebayHeader(given) } })).is], [what, is]);
    for (const header of ['', '{}', JSON.stringify(fields), ebayHeader(fields).slice(0, -9), 'A'.repeat(9000)])
      assert.deepEqual([header, (await judged(source, { headers: { 'x-ebay-signature': header } })).is], [header, FORGED]);
    assert.equal(providers.callsTo('api.ebay.com'), 0, 'the sandbox only');
  });

  test('messages of AWS_SNS', async () => {
    const source = await sourceOf('AWS_SNS'), own = await sourceOf('AWS_SNS', { topic_arn: SNS_TOPIC });
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), url = published(certificate), { key } = certificate;
    const changed = (message, more) => ({ headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ ...snsMessage(key, url, message), ...more }) });
    for (const [what, sent, is, at = source] of [
      ['genuine', sns(key, url), GOOD], ['of the topic', sns(key, url), GOOD, own], ['of another topic', sns(key, url, { TopicArn: 'arn:aws:sns:us-east-1:666666666666:Other' }), FORGED, own],
      ['another topic, where any is taken', sns(key, url, { TopicArn: 'arn:aws:sns:us-east-1:666666666666:Other' }), GOOD], ['another subject', changed({ Subject: 'a' }, { Subject: 'b' }), FORGED],
      ['a subject that was none', changed({}, { Subject: 'b' }), FORGED], ['another version', changed({ version: '1' }, { SignatureVersion: '2' }), FORGED],
      ['a version to come', changed({}, { SignatureVersion: '3' }), FORGED], ['no version', changed({}, { SignatureVersion: undefined }), FORGED], ['another type', changed({}, { Type: 'SubscriptionConfirmation' }), FORGED],
      ['a type that is none', changed({ Type: 'Notification' }, { Type: 'Notification\n' }), FORGED], ['another moment', changed({}, { Timestamp: '2026-05-02T00:54:06.656Z' }), FORGED],
      ['without the envelope', { headers: { 'content-type': 'text/plain', 'x-amz-sns-message-type': 'Notification' }, body: 'Hello' }, FORGED], ['nothing', { body: '{}' }, FORGED],
    ]) assert.deepEqual([what, (await judged(at, sent)).is], [what, is]);
  });
});

describe('subscriptions of AWS_SNS', () => {
  const confirmations = (host = 'sns.us-east-1.amazonaws.com') => providers.calls.filter((call) => call.host === host && call.url.includes('ConfirmSubscription'));
  const answered = (answer) => { providers.answers['sns.us-east-1.amazonaws.com/'] = answer; };
  const xml = '<ConfirmSubscriptionResponse/>', Type = 'SubscriptionConfirmation';

  test('are confirmed when they are signed, and only then', async () => {
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), url = published(certificate), source = await sourceOf('AWS_SNS'), before = confirmations().length;
    answered(xml);
    const forged = sns(providers.certificate({ name: 'sns.amazonaws.com', fresh: true }).key, url, { Type });
    assert.deepEqual((await judged(source, forged)).is, FORGED);
    assert.equal(confirmations().length, before);
    const reply = await post(source, sns(certificate.key, url, { Type }));
    assert.deepEqual([reply.status, reply.text], [200, '']);
    assert.deepEqual(confirmations().slice(before).map((call) => [call.method, call.url]), [['GET', SNS_SUBSCRIBE.replace('https://sns.us-east-1.amazonaws.com', '')]]);
    assert.equal((await recorded(source)).length, 1, 'only the forged one');
    assert.match(gateway.log(), /the subscription that its sender asked about is confirmed/);
    const own = await sourceOf('AWS_SNS', { topic_arn: SNS_TOPIC });
    assert.deepEqual((await judged(own, sns(certificate.key, url, { Type, TopicArn: 'arn:aws:sns:us-east-1:666666666666:Other' }))).is, FORGED);
    assert.equal(confirmations().length, before + 1);
  });

  test('are confirmed at the sender\'s hosts only', async () => {
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), url = published(certificate), source = await sourceOf('AWS_SNS'), before = providers.calls.length;
    for (const SubscribeURL of ['https://evil.example/?Action=ConfirmSubscription&Token=1', 'http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1',
      'https://sns.us-east-1.amazonaws.com/?Action=DeleteTopic&TopicArn=x', 'https://sns.us-east-1.amazonaws.com.evil.example/?Action=ConfirmSubscription&x', 'https://x@sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&x', undefined]) {
      const got = await judged(source, sns(certificate.key, url, { Type, SubscribeURL }));
      assert.deepEqual([SubscribeURL, got.is, got.detail], [SubscribeURL, FORGED, 'the URL for the confirmation is not the sender\'s']);
    }
    assert.equal(providers.calls.length, before + 1, 'the certificate');
  });

  test('are asked for again when the sender fails', async () => {
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), url = published(certificate), source = await sourceOf('AWS_SNS');
    let before = confirmations().length;
    answered(() => (confirmations().length - before < 2 ? { status: 500, body: 'no' } : xml));
    assert.equal((await post(source, sns(certificate.key, url, { Type }))).status, 200);
    assert.equal(confirmations().length - before, 2);
    before = confirmations().length;
    answered({ status: 403, body: 'expired' });
    const got = await judged(source, sns(certificate.key, url, { Type }));
    assert.deepEqual([got.is, got.detail, confirmations().length - before], [LATER, 'the subscription could not be confirmed: answered 403', 1]);
    answered(xml);
    assert.equal((await post(source, sns(certificate.key, url, { Type }))).status, 200, 'as it sends again');
  });
});

describe('who waits for whom', () => {
  test('one call for all that wait, and others do not wait', async () => {
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), source = await sourceOf('AWS_SNS'), other = await sourceOf('WEBHOOK');
    const url = published(certificate, { body: certificate.chain, delay: 1000 });
    let arrived = 0;
    const waiting = Array.from({ length: 40 }, () => post(source, sns(certificate.key, url)).then((reply) => { arrived++; return reply; }));
    await until('the certificate is asked for', () => providers.callsTo('sns.us-east-1.amazonaws.com', new URL(url).pathname) === 1);
    for (let i = 0; i < 20; i++) assert.equal((await post(other, {})).status, 200);
    assert.equal(arrived, 0, 'they went by all who wait');
    assert.deepEqual([...new Set((await Promise.all(waiting)).map(({ status }) => status))], [200]);
    assert.equal(providers.callsTo('sns.us-east-1.amazonaws.com', new URL(url).pathname), 1);
    assert.equal((await recorded(source)).filter((request) => request.verified).length, 40);
  });

  test('a set without the key is asked for once more, and not by each', async () => {
    const { key } = fetched.NEON.keys, host = 'ep-b-2.neonauth.c-2.eu-west-2.aws.neon.tech', path = '/db/auth/.well-known/jwks.json';
    const jwk = (kid, { publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid });
    const later = { pair: ed25519Pair(), kid: 'k-later' };
    providers.answers[host + path] = { keys: [jwk(key.kid, key.pair)] };
    const source = await sourceOf('NEON', { neon_auth_url: `https://${host}/db/auth` });
    assert.deepEqual((await judged(source, await signed('NEON', key))).is, GOOD);
    await sleep(AGAIN_MS);
    const storm = await Promise.all(Array.from({ length: 20 }, async () => judged(source, await signed('NEON', later))));
    assert.deepEqual([...new Set(storm.map(({ is }) => is[0]))].filter((status) => status !== 200 && status !== 503), []);
    assert.ok(storm.some(({ detail }) => detail === 'the sender publishes no key "k-later"'));
    assert.equal(providers.callsTo(host, path), 2);
    assert.deepEqual((await judged(source, await signed('NEON', key))).is, GOOD, 'of the known key, meanwhile');
    providers.answers[host + path] = { keys: [jwk(later.kid, later.pair)] };
    const soon = await judged(source, await signed('NEON', later));
    assert.deepEqual([soon.is, /had no key "k-later" when it was asked a moment ago/.test(soon.detail)], [LATER, true]);
    await sleep(AGAIN_MS);
    assert.deepEqual((await judged(source, await signed('NEON', later))).is, GOOD);
    assert.equal(providers.callsTo(host, path), 3);
  });

  test('a provider that is down, and then is not', async () => {
    const { ok } = callsOf(gateway), certificate = providers.certificate({ name: 'sns.amazonaws.com' }), url = published(certificate);
    const { source } = await ok('POST', '/connections', { source: { name: `down${++made}`, type: 'AWS_SNS' }, destination: { name: `down${made}`, type: 'MOCK_API' } });
    await providers.down();
    const refused = await judged(source, sns(certificate.key, url));
    assert.deepEqual(refused.is, LATER);
    assert.match(refused.detail, /no answer: /);
    const again = await judged(source, sns(certificate.key, url));
    assert.deepEqual([again.is, again.detail], [LATER, refused.detail]);
    await providers.up();
    await sleep(FAILURE_MS);
    const passed = await judged(source, sns(certificate.key, url));
    assert.deepEqual([passed.is[0], passed.is[1], passed.is[2]], [200, true, null]);
    assert.equal(providers.callsTo('sns.us-east-1.amazonaws.com', new URL(url).pathname), 1);
    await ok('POST', `/requests/${refused.request.id}/retry`, {});
    await until('the refused one is delivered', async () => (await ok('GET', `/events?source_id=${source.id}&status=SUCCESSFUL`)).models.length === 2);
  });

  test('a failure is remembered for a while', async () => {
    const own = await start({ provider_failure_ms: 60000 });
    try {
      const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), url = published(certificate, { status: 500, body: '' });
      const source = await sourceOf('AWS_SNS', undefined, own), other = await sourceOf('AWS_SNS');
      const calls = () => providers.callsTo('sns.us-east-1.amazonaws.com', new URL(url).pathname);
      for (let i = 0; i < 3; i++) assert.equal((await post(source, sns(certificate.key, url))).status, 503);
      assert.equal(calls(), 1);
      await post(other, sns(certificate.key, url));
      await sleep(FAILURE_MS);
      await post(other, sns(certificate.key, url));
      assert.equal(calls(), 3, 'and is asked for again then');
    } finally { await own.stop(); }
  });

  test('credentials that the provider does not take', async () => {
    const ebay = await judged(await sourceOf('EBAY', { ...EBAY_AUTH, client_secret: 'wrong' }), await signed('EBAY'));
    assert.deepEqual(ebay.is, LATER);
    assert.match(ebay.detail, /answered 401: it does not take the credentials of config\.auth$/);
    const circle = await judged(await sourceOf('CIRCLE', { api_key: 'wrong' }), await signed('CIRCLE, fetched'));
    assert.deepEqual([circle.is, /credentials of config\.auth$/.test(circle.detail)], [LATER, true]);
    const { data } = await callsOf(gateway).refused(422, 'POST', '/sources', { name: `s${++made}`, type: 'CIRCLE', config: { auth: { api_key: 'k\r\nx: y' } } });
    assert.match(data.join(), /cannot be sent in a header/);
    // what others got with theirs is not for these
    assert.deepEqual((await judged(await sourceOf('CIRCLE', fetched['CIRCLE, fetched'].keys.auth), await signed('CIRCLE, fetched'))).is, GOOD);
    assert.doesNotMatch(gateway.log(), /TEST_API_KEY|cert-1|wrong/);
  });

  test('what is kept is asked for again in its time', async () => {
    const own = await start({ provider_key_most_ms: 1000 }), { key } = fetched.GOOGLE_PUBSUB.keys;
    try {
      const source = await sourceOf('GOOGLE_PUBSUB', GOOGLE_AUTH, own), calls = () => providers.callsTo('www.googleapis.com'), before = calls();
      const send = async () => post(source, { headers: { authorization: `Bearer ${await googleToken(key, Date.now())}` } });
      await Promise.all([send(), send(), send()]);
      assert.equal(calls(), before + 1);
      await sleep(1100);
      await send();
      assert.equal(calls(), before + 2);
    } finally { await own.stop(); }
  });
});

describe('bounds', () => {
  test('requests that wait, and how long', async () => {
    const own = await start({ provider_waiting: 5, provider_source_waiting: 3, provider_wait_ms: 3000, provider_call_ms: 30000 });
    try {
      const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), source = await sourceOf('AWS_SNS', undefined, own);
      const url = published(certificate, { body: certificate.chain, delay: 6000 });
      const details = async (at) => (await recorded(at, own)).map((request) => request.rejection_detail).sort();
      const other = await sourceOf('AWS_SNS', undefined, own), send = (at, length) => Array.from({ length }, () => post(at, sns(certificate.key, url)));
      const first = send(source, 10);
      await until('three wait and seven are told', async () => (await details(source)).length === 7);
      const replies = await Promise.all([...first, ...send(other, 5)]);
      assert.deepEqual([...new Set(replies.map(({ status }) => status))], [503]);
      const late = 'the provider did not answer in time';
      assert.deepEqual(await details(source), [...Array(3).fill(late), ...Array(7).fill('too many requests of this source wait for keys of their senders')]);
      assert.deepEqual(await details(other), [...Array(2).fill(late), ...Array(3).fill('too many requests wait for keys of their senders')]);
      await until('what came late is kept', async () => (await post(source, sns(certificate.key, url))).status === 200);
      assert.equal(providers.callsTo('sns.us-east-1.amazonaws.com', new URL(url).pathname), 1);
    } finally { await own.stop(); }
  });

  test('calls of a source, and keys that are kept', async () => {
    const own = await start({ provider_source_calls: 20, provider_keys: 16, provider_failure_ms: 60000 });
    try {
      const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), url = published(certificate), { key } = certificate;
      const good = await sourceOf('AWS_SNS', undefined, own), flooded = await sourceOf('AWS_SNS', undefined, own), before = providers.calls.length;
      assert.deepEqual((await judged(good, sns(key, url), own)).is, GOOD);
      for (let i = 0; i < 60; i++) await post(flooded, sns(key, `https://sns.eu-west-1.amazonaws.com/${newPath()}`));
      const made = providers.calls.length - before - 1;
      assert.ok(made === 20 || (made > 20 && made <= 40), `${made} calls; a minute may have ended between`);
      const details = (await recorded(flooded, own)).map((request) => request.rejection_detail);
      assert.equal(details.filter((text) => text === 'this source\'s requests asked for too many keys within a minute').length, 60 - made);
      assert.deepEqual((await judged(good, sns(key, url), own)).is, GOOD, 'its key was not pushed out');
      assert.equal(providers.callsTo('sns.us-east-1.amazonaws.com', new URL(url).pathname), 1);
    } finally { await own.stop(); }
  });

  test('a stop lets nobody wait', async () => {
    const own = await start();
    const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), source = await sourceOf('AWS_SNS', undefined, own);
    const url = published(certificate, { body: certificate.chain, delay: 3000 });
    const reply = post(source, sns(certificate.key, url));
    await until('the certificate is asked for', () => providers.callsTo('sns.us-east-1.amazonaws.com', new URL(url).pathname) === 1);
    await own.stop();
    assert.equal((await reply).status, 503);
  });

  test('settings that are none', async () => {
    for (const [setting, why] of [['provider_ca=/nowhere.pem', /provider_ca: \/nowhere\.pem holds no certificates/], ['provider_ca=package.json', /provider_ca/], ['provider_connect=x', /provider_connect must be HOST=ADDRESS:PORT/],
      ['provider_connect=a=127.0.0.1:0', /provider_connect/], ['provider_connect=a=127.0.0.1:1,b', /provider_connect/]])
      await assert.rejects(startGateway({ args: ['--set', setting] }), why);
    const own = await startGateway({ args: providers.args.filter((word) => !word.startsWith('provider_ca')).slice(1) });
    try {
      const certificate = providers.certificate({ name: 'sns.amazonaws.com' }), source = await sourceOf('AWS_SNS', undefined, own);
      const { is, detail } = await judged(source, sns(certificate.key, published(certificate)), own);
      assert.deepEqual(is, LATER, 'the system trusts no authority of the tests');
      assert.match(detail, /no answer/);
    } finally { await own.stop(); }
  });
});
