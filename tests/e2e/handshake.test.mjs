// What providers ask of a URL before they send to it, and what they are answered; none of it is an event or a request.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { startGateway } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { signers } from './verify/signers.mjs';

let gateway, ok;
before(async () => {
  gateway = await startGateway();
  ({ ok } = callsOf(gateway));
});
after(() => gateway?.stop());

let count = 0;
const made = (type, auth, more = {}) =>
  ok('POST', '/sources', { name: `h${++count}`, type, config: { ...(auth ? { auth } : {}), ...more } });
const JSON_TYPE = { 'content-type': 'application/json' };
const recorded = async (source) => (await ok('GET', `/requests?source_id=${source.id}`)).models;

async function asked(source, { method = 'GET', path = '', headers = {}, body } = {}) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(source.url + path, { method, headers: { ...(text ? JSON_TYPE : {}), ...headers }, body: text });
  return { status: reply.status, type: reply.headers.get('content-type'), headers: reply.headers, text: await reply.text() };
}
// The same, signed as the provider signs.
async function askedSigned(type, source, body, { key = signers[type].keys.key, headers = {} } = {}) {
  const made = await signers[type].sign({ url: source.url, body: JSON.stringify(body), now: Date.now() }, key);
  return asked(source, { method: 'POST', headers: { ...made.headers, ...headers }, body: made.body ?? JSON.stringify(body) });
}
const answered = (reply, status, type, text) => assert.deepEqual([reply.status, reply.type, reply.text], [status, type, text]);
const hmac = (key, text, encoding) => createHmac('sha256', key).update(text).digest(encoding);
const SECRET = { webhook_secret_key: 'key' };
const HOSTILE = 'a"\\\n<b>é';

describe('without a signature', () => {
  // type, auth, question, [status, content type, text]
  const rows = [
    ['MICROSOFT_GRAPH', null, { method: 'POST', path: '?validationToken=Validation%3A+a%20%22b%22' }, [200, 'text/plain', 'Validation: a "b"']],
    ['MICROSOFT_SHAREPOINT', null, { method: 'POST', path: '/x?validationtoken=t-1' }, [200, 'text/plain', 't-1']],
    ['NYLAS', SECRET, { path: '?challenge=abc%20d' }, [200, 'text/plain', 'abc d']],
    ['STRAVA', null, { path: '?hub.mode=subscribe&hub.verify_token=x&hub.challenge=15f7' }, [200, 'application/json', '{"hub.challenge":"15f7"}']],
    ['FACEBOOK', SECRET, { path: '?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1158201444' }, [200, 'text/plain', '1158201444']],
    ['WHATSAPP', { ...SECRET, verify_token: 'mine' }, { path: '?hub.mode=subscribe&hub.challenge=7&hub.verify_token=mine' }, [200, 'text/plain', '7']],
    ['OURA', { ...SECRET, verify_token: 'mine' }, { path: '?verification_token=mine&challenge=c' }, [200, 'application/json', '{"challenge":"c"}']],
    ['OKTA', SECRET, { headers: { 'X-Okta-Verification-Challenge': 'o"1' } }, [200, 'application/json', '{"verification":"o\\u00221"}']],
    ['MONDAY', null, { method: 'POST', body: { challenge: HOSTILE } }, [200, 'application/json', JSON.stringify({ challenge: HOSTILE })]],
    ['TWITTER', { api_key: 'key' }, { path: '?crc_token=abc' }, [200, 'application/json', `{"response_token":"sha256=${hmac('key', 'abc', 'base64')}"}`]],
    ['LINKEDIN', SECRET, { path: '?challengeCode=c-1' }, [200, 'application/json', `{"challengeCode":"c-1","challengeResponse":"${hmac('key', 'c-1', 'hex')}"}`]],
    ['SMARTCAR', SECRET, { method: 'POST', body: { eventType: 'VERIFY', data: { challenge: '3a5c-1' } } }, [200, 'application/json', `{"challenge":"${hmac('key', '3a5c-1', 'hex')}"}`]],
    ['TRELLO', SECRET, { method: 'HEAD' }, [200, null, '']],
    ['CIRCLE', { api_key: 'key' }, { method: 'HEAD' }, [200, null, '']],
    ['MAILCHIMP', SECRET, {}, [200, null, '']],
    ['EXACT_ONLINE', SECRET, { method: 'POST' }, [200, null, '']],
    ['SLACK', null, { method: 'POST', body: { type: 'url_verification', challenge: 'c' } }, [200, 'text/plain', 'c']],
  ];
  for (const [type, auth, question, reply] of rows) {
    test(type, async () => {
      const source = await made(type, auth);
      const got = await asked(source, question);
      if (reply[1] === 'application/json') assert.deepEqual([got.status, got.type, JSON.parse(got.text)], [200, reply[1], JSON.parse(reply[2])]);
      else answered(got, ...reply);
      assert.deepEqual(await recorded(source), []);
      await ok('PUT', `/sources/${source.id}/disable`, {});
      assert.notEqual((await asked(source, question)).text || 'none', reply[2], 'a disabled source answers nothing');
    });
  }

  for (const [type, header] of [['ASANA', 'X-Hook-Secret'], ['CLIO', 'X-Hook-Secret'], ['RING_CENTRAL', 'Validation-Token']]) {
    test(`${type} gets its header back`, async () => {
      const source = await made(type, type === 'RING_CENTRAL' ? { token: 't' } : SECRET);
      const got = await asked(source, { method: 'POST', headers: { [header]: 'b5fd5c' } });
      assert.deepEqual([got.status, got.headers.get(header), got.text], [200, 'b5fd5c', '']);
      assert.deepEqual(await recorded(source), []);
    });
  }

  test('EBAY: a digest of code, token and endpoint', async () => {
    const auth = { environment: 'SANDBOX', dev_id: 'd', client_id: 'c', client_secret: 's', verification_token: 'my-token' };
    const source = await made('EBAY', auth);
    const digest = createHash('sha256').update(`code1my-token${source.url}`).digest('hex');
    answered(await asked(source, { path: '?challenge_code=code1' }), 200, 'application/json', JSON.stringify({ challengeResponse: digest }));
  });

  test('VERCEL_LOG_DRAINS: the configured value, as a header', async () => {
    const source = await made('VERCEL_LOG_DRAINS', { ...SECRET, log_drains_secret: 'v-1' });
    const got = await asked(source, { method: 'POST' });
    assert.deepEqual([got.status, got.headers.get('x-vercel-verify')], [200, 'v-1']);
  });
});

describe('with a signature', () => {
  const rows = [
    ['SLACK', { type: 'url_verification', challenge: HOSTILE }, [200, 'text/plain', HOSTILE]],
    ['TEBEX', { id: 'w-1', type: 'validation.webhook' }, [200, 'application/json', '{"id":"w-1"}']],
    ['TWITCH', { challenge: 'pogchamp' }, [200, 'text/plain', 'pogchamp'], { 'Twitch-Eventsub-Message-Type': 'webhook_callback_verification' }],
    ['DISCORD', { version: 1, type: 0 }, [204, null, '']],
    ['DISCORD', { type: 1 }, [200, 'application/json', '{"type":1}']],
    ['XERO', { events: [], firstEventSequence: 0 }, [200, null, '']],
    ['FRONTAPP', { any: 1 }, [200, 'text/plain', 'f-1'], { 'X-Front-Challenge': 'f-1' }],
    ['ZOOM', { event: 'endpoint.url_validation', payload: { plainToken: 'p-1' } },
      [200, 'application/json', JSON.stringify({ plainToken: 'p-1', encryptedToken: hmac(signers.ZOOM.keys.key, 'p-1', 'hex') })]],
  ];
  for (const [type, body, reply, headers] of rows) {
    test(`${type} ${JSON.stringify(body).slice(0, 40)}`, async () => {
      const source = await made(type, signers[type].keys.auth);
      answered(await askedSigned(type, source, body, { headers }), ...reply);
      assert.deepEqual(await recorded(source), []);
      const forged = await askedSigned(type, source, body, { key: signers[type].keys.other, headers });
      assert.equal(forged.status, signers[type].refused ?? 200);
      assert.notEqual(forged.text || 'none', reply[2], 'a stranger gets no answer');
      assert.deepEqual((await recorded(source)).map((request) => request.rejection_cause), ['VERIFICATION_FAILED']);
    });
  }
});

describe('what is no handshake', () => {
  test('goes its way as a request', async () => {
    for (const [type, auth, question, cause] of [
      ['WHATSAPP', { ...SECRET, verify_token: 'mine' }, { path: '?hub.mode=subscribe&hub.challenge=7&hub.verify_token=x' }, 'UNSUPPORTED_HTTP_METHOD'],
      ['WHATSAPP', SECRET, { path: '?hub.mode=subscribe&hub.challenge=7&hub.challenge=8' }, 'UNSUPPORTED_HTTP_METHOD'],
      ['NYLAS', SECRET, { path: '?challenge=' }, 'UNSUPPORTED_HTTP_METHOD'],
      ['STRIPE', SECRET, { path: '?challenge=1' }, 'UNSUPPORTED_HTTP_METHOD'],
      ['SLACK', null, { method: 'POST', body: { type: 'event_callback', challenge: 'c' } }, 'NO_CONNECTION'],
      ['MONDAY', null, { method: 'POST', body: '{"challenge":' }, 'UNPARSABLE_JSON'],
      // its answer would be a signature of a webhook
      ['TWITTER', { api_key: 'key' }, { path: `?crc_token=${encodeURIComponent('{"for_user_id":"1"}')}` }, 'UNSUPPORTED_HTTP_METHOD'],
      ['SMARTCAR', SECRET, { method: 'POST', body: { eventType: 'VERIFY', data: { challenge: '{"eventType":"X"}' } } }, 'VERIFICATION_FAILED'],
      ['SMARTCAR', SECRET, { method: 'POST', body: { eventType: 'VERIFY', data: { challenge: 'a'.repeat(300) } } }, 'VERIFICATION_FAILED'],
      ['LINKEDIN', SECRET, { path: `?challengeCode=${encodeURIComponent('hmacsha256={}')}` }, 'UNSUPPORTED_HTTP_METHOD'],
    ]) {
      const source = await made(type, auth);
      await asked(source, question);
      assert.deepEqual([type, (await recorded(source)).map((request) => request.rejection_cause)], [type, [cause]]);
    }
  });
  test('an answer is no signature of a webhook', async () => {
    const twitter = await made('TWITTER', { api_key: 'key' }), linkedIn = await made('LINKEDIN', SECRET);
    for (const body of ['123', 'true', 'abc', '']) {
      const { response_token: token = `sha256=${hmac('key', body, 'base64')}` } = JSON.parse((await asked(twitter, { path: `?crc_token=${body}` })).text || '{}');
      assert.equal((await asked(twitter, { method: 'POST', headers: { 'content-type': 'text/plain', 'x-twitter-webhooks-signature': token }, body })).status, 401);
      const { challengeResponse } = JSON.parse((await asked(linkedIn, { path: `?challengeCode=hmacsha256%3D${body}` })).text);
      await asked(linkedIn, { method: 'POST', headers: { 'content-type': 'text/plain', 'X-LI-Signature': challengeResponse }, body });
    }
    for (const source of [twitter, linkedIn])
      assert.ok((await recorded(source)).every((request) => !request.verified));
    assert.equal((await recorded(linkedIn)).length, 4);
  });
  test('a provider by auth_type has its handshakes too', async () => {
    const source = await ok('POST', '/sources', { name: 'by-name', type: 'WEBHOOK', config: { auth_type: 'FACEBOOK', auth: SECRET } });
    answered(await asked(source, { path: '?hub.mode=subscribe&hub.challenge=7' }), 200, 'text/plain', '7');
  });
});
