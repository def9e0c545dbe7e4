// How each provider signs, told apart from the gateway's table: by the provider's own library where npm has one that
// signs, else by node:crypto after the provider's documentation.
//
// A row: `keys` (keys.mjs), `sign(request, key)` gives { headers, body, query, signature }, all optional but the
// signature, whose text stands in exactly one of the others. `tolerance`: seconds. `by`: whose code signs.
import { constants, createHash, createHmac, sign as signWith, webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import { crc32, fetched } from './fetched.mjs';
import * as keys from './keys.mjs';

globalThis.crypto ??= webcrypto; // Node.js 18 has it under this name only when asked to
const require = createRequire(import.meta.url);
const OURS = 'node:crypto, after the documentation';

const hmac = (algorithm, key, text, encoding) => createHmac(algorithm, key).update(text).digest(encoding);
const hash = (algorithm, text) => createHash(algorithm).update(text).digest('hex');
const seconds = (request) => String(Math.floor(request.now / 1000));
const milliseconds = (request) => String(request.now);

export const signers = {};
const add = (type, row) => { signers[type] = { by: OURS, keys: keys.secret(), ...row }; };

// ---- HMAC over the body ----

function overBody(type, header, { algorithm = 'sha256', encoding = 'hex', prefix = '', upper = false, before = '', ...row } = {}) {
  add(type, {
    sign(request, key) {
      const plain = hmac(algorithm, row.bytes ? row.bytes(key) : key, before + request.body, encoding);
      const signature = upper ? plain.toUpperCase() : plain;
      return { headers: { [header]: prefix + signature }, signature };
    },
    ...row,
  });
}
const BASE64 = { encoding: 'base64' };
overBody('AIPRISE', 'X-HMAC-SIGNATURE');
overBody('AIRTABLE', 'X-Airtable-Content-MAC', { prefix: 'hmac-sha256=', keys: keys.base64(), bytes: (key) => Buffer.from(key, 'base64') });
overBody('ALCHEMY', 'X-Alchemy-Signature');
overBody('ASANA', 'X-Hook-Signature');
overBody('ASHBY', 'Ashby-Signature', { prefix: 'sha256=' });
overBody('ATTENTIVE', 'x-attentive-hmac-sha256');
overBody('BRIDGE_API', 'BridgeApi-Signature', { prefix: 'v0=ffff,v1=', upper: true });
overBody('BUNNY_STREAM', 'X-BunnyStream-Signature');
overBody('CLIO', 'X-Hook-Signature');
overBody('COMMERCELAYER', 'X-CommerceLayer-Signature', BASE64);
overBody('CURSOR', 'X-Webhook-Signature', { prefix: 'sha256=' });
overBody('DOCUSIGN', 'X-DocuSign-Signature-1', BASE64);
overBody('ENODE', 'x-enode-signature', { algorithm: 'sha1', prefix: 'sha1=' });
overBody('FACEBOOK', 'X-Hub-Signature-256', { prefix: 'sha256=' });
overBody('FASTSPRING', 'X-FS-Signature', BASE64);
overBody('FIREFLIES', 'X-Hub-Signature', { prefix: 'sha256=' });
overBody('FLEXPORT', 'X-Hub-Signature-256', { prefix: 'sha256=' });
overBody('GOCARDLESS', 'Webhook-Signature');
overBody('INTERCOM', 'X-Hub-Signature', { algorithm: 'sha1', prefix: 'sha1=' });
overBody('LINKEDIN', 'X-LI-Signature', { before: 'hmacsha256=' });
overBody('NUVEMSHOP', 'x-linkedstore-hmac-sha256');
overBody('NYLAS', 'x-nylas-signature');
overBody('PAYSTACK', 'x-paystack-signature', { algorithm: 'sha512' });
overBody('PICQER', 'X-Picqer-Signature', BASE64);
overBody('RAZORPAY', 'X-Razorpay-Signature');
overBody('SCRAPFLY', 'X-Scrapfly-Webhook-Signature', { upper: true });
overBody('SHIPHERO', 'x-shiphero-hmac-sha256', BASE64);
overBody('SHOPIFY', 'X-Shopify-Hmac-Sha256', { ...BASE64, refused: 401 });
overBody('SHOPLINE', 'X-Shopline-Hmac-Sha256');
overBody('SMARTCAR', 'SC-Signature');
overBody('SMILE', 'Smile-Signature', { algorithm: 'sha512' });
overBody('TALLY', 'Tally-Signature', BASE64);
overBody('TWITTER', 'x-twitter-webhooks-signature', { ...BASE64, prefix: 'sha256=', keys: keys.secret('api_key'), refused: 401 });
overBody('TYPEFORM', 'Typeform-Signature', { ...BASE64, prefix: 'sha256=' });
overBody('UBER', 'X-Uber-Signature');
overBody('VERCEL', 'x-vercel-signature', { algorithm: 'sha1' });
overBody('VERCEL_LOG_DRAINS', 'x-vercel-signature', { algorithm: 'sha1' });
overBody('WHATSAPP', 'X-Hub-Signature-256', { prefix: 'sha256=' });
overBody('WOOCOMMERCE', 'X-WC-Webhook-Signature', BASE64);
overBody('XERO', 'x-xero-signature', { ...BASE64, refused: 401 });
overBody('TIKTOK_SHOP', 'Authorization', { before: 'app-1', keys: keys.secret('webhook_secret_key', { app_key: 'app-1' }) });

// What the user describes.
for (const [algorithm, encoding] of [['sha256', 'hex'], ['sha512', 'base64'], ['sha1', 'base64url'], ['md5', 'hex']]) {
  overBody(`HMAC ${algorithm} ${encoding}`, 'X-Own', {
    algorithm, encoding, type: 'WEBHOOK', auth_type: 'HMAC', refused: algorithm === 'md5' ? 200 : 401,
    keys: keys.secret('webhook_secret_key', { header_key: 'X-Own', algorithm, encoding }),
  });
}
overBody('VAPI', 'X-Own', { algorithm: 'sha512', keys: keys.secret('webhook_secret_key', { header_key: 'x-own', algorithm: 'sha512' }) });
overBody('BONDSMITH as HMAC', 'X-Own', {
  type: 'BONDSMITH', auth_type: 'HMAC', refused: 401, keys: keys.secret('webhook_secret_key', { header_key: 'x-own' }),
});
overBody('TIKKIE as HMAC', 'X-Own', {
  type: 'TIKKIE', auth_type: 'HMAC', refused: 401, keys: keys.secret('webhook_secret_key', { header_key: 'x-own' }),
});

add('GITHUB', {
  by: '@octokit/webhooks-methods', refused: 401,
  async sign(request, key) {
    const { sign } = await import('@octokit/webhooks-methods');
    const value = await sign(key, request.body);
    return { headers: { 'X-Hub-Signature-256': value }, signature: value.slice(7) };
  },
});
add('LINEAR', {
  tolerance: 60,
  sign(request, key) {
    const body = JSON.stringify({ ...JSON.parse(request.body), webhookTimestamp: request.now });
    const signature = hmac('sha256', key, body, 'hex');
    return { headers: { 'Linear-Signature': signature }, body, signature };
  },
});

// ---- HMAC over the body and more ----

// `content` and `value` take { body, url, t (the time as it is written), signature }.
function overMore(type, header, content, {
  algorithm = 'sha256', encoding = 'hex', time = seconds, value = (at) => at.signature, headers = () => ({}), upper = false, ...row
}) {
  add(type, {
    sign(request, key) {
      const at = { ...request, t: time(request) };
      const signature = hmac(algorithm, key, content(at), encoding);
      at.signature = upper ? signature.toUpperCase() : signature;
      return { headers: { [header]: value(at), ...headers(at) }, signature: at.signature };
    },
    ...row,
  });
}
const timeIn = (name) => ({ headers: ({ t }) => ({ [name]: t }) });
overMore('AIRWALLEX', 'x-signature', ({ t, body }) => t + body, { time: milliseconds, ...timeIn('x-timestamp') });
overMore('AKENEO', 'x-akeneo-request-signature', ({ t, body }) => `${t}.${body}`, { ...timeIn('x-akeneo-request-timestamp'), tolerance: 300 });
overMore('ASCEND', 'X-Ascend-Signature', ({ t, body }) => `${t}:${body}`, { value: ({ t, signature }) => `t=${t},v1=${signature}` });
overMore('COINBASE', 'X-Hook0-Signature', ({ t, body }) => `${t}.content-type x-event-id.application/json.e1.${body}`, {
  value: ({ t, signature }) => `t=${t},h=content-type x-event-id,v1=${signature}`, headers: () => ({ 'x-event-id': 'e1' }), tolerance: 300,
});
overMore('COURIER', 'courier-signature', ({ t, body }) => `${t}.${body}`, { time: milliseconds, value: ({ t, signature }) => `t=${t},signature=${signature}` });
overMore('CUSTOMERIO', 'X-CIO-Signature', ({ t, body }) => `v0:${t}:${body}`, timeIn('X-CIO-Timestamp'));
overMore('ELEVENLABS', 'ElevenLabs-Signature', ({ t, body }) => `${t}.${body}`, { value: ({ t, signature }) => `t=${t},v0=${signature}`, tolerance: 1800 });
overMore('FAUNDIT', 'X-Faundit-Signature-Next', ({ t, body }) => `v1:${t}:${body}`, timeIn('X-Faundit-Timestamp'));
overMore('FRONTAPP', 'X-Front-Signature', ({ t, body }) => `${t}:${body}`, { ...BASE64, time: milliseconds, ...timeIn('X-Front-Request-Timestamp') });
overMore('HUBSPOT', 'X-HubSpot-Signature-v3', ({ t, body, url }) => `POST${url}${body}${t}`, {
  ...BASE64, time: milliseconds, ...timeIn('X-HubSpot-Request-Timestamp'), tolerance: 300,
});
overMore('NMI', 'Webhook-Signature', ({ t, body }) => `${t}.${body}`, { value: ({ t, signature }) => `t=${t},s=${signature}` });
overMore('ORB', 'X-Orb-Signature', ({ t, body }) => `v1:${t}:${body}`, {
  time: (request) => new Date(request.now).toISOString(), value: ({ signature }) => `v1=${signature}`, ...timeIn('X-Orb-Timestamp'),
});
overMore('OURA', 'x-oura-signature', ({ t, body }) => t + body, { upper: true, ...timeIn('x-oura-timestamp') });
overMore('PADDLE', 'Paddle-Signature', ({ t, body }) => `${t}:${body}`, { value: ({ t, signature }) => `ts=${t};h1=${signature}` });
overMore('PERSONA', 'Persona-Signature', ({ t, body }) => `${t}.${body}`, { value: ({ t, signature }) => `t=${t},v1=${'0'.repeat(64)} t=${t},v1=${signature}` });
overMore('PYLON', 'Pylon-Webhook-Signature', ({ t, body }) => `${t}.${body}`, { value: ({ signature }) => `hs256=${signature}`, ...timeIn('Pylon-Webhook-Timestamp') });
overMore('RECURLY', 'recurly-signature', ({ t, body }) => `${t}.${body}`, { time: milliseconds, value: ({ t, signature }) => `${t},${'0'.repeat(64)},${signature}` });
overMore('REVOLUT', 'Revolut-Signature', ({ t, body }) => `v1.${t}.${body}`, {
  time: milliseconds, value: ({ signature }) => `v1=${'0'.repeat(64)},v1=${signature}`, ...timeIn('Revolut-Request-Timestamp'), tolerance: 300,
});
overMore('SLACK', 'X-Slack-Signature', ({ t, body }) => `v0:${t}:${body}`, { value: ({ signature }) => `v0=${signature}`, ...timeIn('X-Slack-Request-Timestamp'), tolerance: 300 });
overMore('SQUARE', 'x-square-hmacsha256-signature', ({ url, body }) => url + body, BASE64);
overMore('STATSIG', 'X-Statsig-Signature', ({ t, body }) => `v0:${t}:${body}`, { time: milliseconds, value: ({ signature }) => `v0=${signature}`, ...timeIn('X-Statsig-Request-Timestamp') });
overMore('SYNCTERA', 'Synctera-Signature', ({ t, body }) => `${t}.${body}`, { value: ({ signature }) => `${'0'.repeat(64)}.${signature}`, ...timeIn('Request-Timestamp'), tolerance: 300 });
overMore('TEBEX', 'X-Signature', ({ body }) => hash('sha256', body), {});
overMore('TIKTOK', 'TikTok-Signature', ({ t, body }) => `${t}.${body}`, { value: ({ t, signature }) => `t=${t},s=${signature}` });
overMore('TRELLO', 'x-trello-webhook', ({ body, url }) => body + url, { algorithm: 'sha1', ...BASE64 });
overMore('TWITCH', 'Twitch-Eventsub-Message-Signature', ({ t, body }) => `m-1${t}${body}`, {
  time: (request) => new Date(request.now).toISOString().replace('Z', '456789Z'), value: ({ signature }) => `sha256=${signature}`,
  headers: ({ t }) => ({ 'Twitch-Eventsub-Message-Id': 'm-1', 'Twitch-Eventsub-Message-Timestamp': t }), tolerance: 600,
});
overMore('WALMART', 'WM_SEC.SIGNATURE', ({ t, body, url }) => `POST\n${new URL(url).pathname}${new URL(url).search}\n${t}\n${hash('sha256', body)}`, {
  ...BASE64, time: milliseconds, ...timeIn('WM_SEC.TIMESTAMP'), tolerance: 300,
});
overMore('ZENDESK', 'X-Zendesk-Webhook-Signature', ({ t, body }) => t + body, {
  ...BASE64, time: (request) => new Date(request.now).toISOString(), ...timeIn('X-Zendesk-Webhook-Signature-Timestamp'),
});
overMore('ZOOM', 'x-zm-signature', ({ t, body }) => `v0:${t}:${body}`, { value: ({ signature }) => `v0=${signature}`, ...timeIn('x-zm-request-timestamp'), refused: 401 });
add('SOLIDGATE', {
  sign(request, key) {
    const signature = Buffer.from(hmac('sha512', key, `pk_1${request.body}pk_1`, 'hex')).toString('base64');
    return { headers: { merchant: 'pk_1', signature }, signature };
  },
});

// ---- the providers' own libraries ----

add('STRIPE', {
  by: 'stripe', tolerance: 300,
  sign(request, key) {
    const stripe = new (require('stripe'))('sk_test');
    const value = stripe.webhooks.generateTestHeaderString({ payload: request.body, secret: key, timestamp: Number(seconds(request)) });
    return { headers: { 'Stripe-Signature': `${value},v0=00` }, signature: value.split('v1=')[1] };
  },
});
function standard(type, library, prefix = 'webhook', row = {}) {
  add(type, {
    by: library, tolerance: 300, keys: keys.whsec(),
    sign(request, key) {
      const { Webhook } = require(library);
      const value = new Webhook(row.shown ? row.shown(key) : key).sign('msg_1', new Date(request.now), request.body);
      return {
        headers: { [`${prefix}-id`]: 'msg_1', [`${prefix}-timestamp`]: seconds(request), [`${prefix}-signature`]: `v1a,AAAA ${value}` },
        signature: value.slice(3),
      };
    },
    ...row,
  });
}
for (const type of ['CLAUDE', 'GEMINI', 'LITHIC', 'OPENAI', 'REPLICATE', 'SHIPBOB']) standard(type, 'standardwebhooks');
standard('STANDARD_WEBHOOKS', 'standardwebhooks', 'webhook', { type: 'WEBHOOK', auth_type: 'STANDARD_WEBHOOKS' });
for (const type of ['SVIX', 'RESEND']) standard(type, 'svix', 'svix');
// These have the text of the secret as the key, which their documentation encodes for the library.
for (const type of ['POLAR', 'BIGCOMMERCE'])
  standard(type, 'standardwebhooks', 'webhook', { keys: keys.secret(), shown: (key) => Buffer.from(key).toString('base64') });
add('WORKOS', {
  by: '@workos-inc/node', tolerance: 180,
  async sign(request, key) {
    const { WorkOS } = require('@workos-inc/node');
    const signature = await new WorkOS('sk_test').webhooks.computeSignature(request.now, JSON.parse(request.body), key);
    return { headers: { 'WorkOS-Signature': `t=${request.now}, v1=${signature}` }, signature };
  },
});
add('SANITY', {
  by: '@sanity/webhook',
  async sign(request, key) {
    const value = await require('@sanity/webhook').encodeSignatureHeader(request.body, request.now, key);
    return { headers: { 'sanity-webhook-signature': value }, signature: value.split('v1=')[1] };
  },
});
add('RETELL', {
  by: 'retell-sdk', tolerance: 300,
  async sign(request, key) {
    const value = await require('retell-sdk/lib/webhook_auth').symmetric.sign(request.body, key, request.now);
    return { headers: { 'x-retell-signature': value }, signature: value.split('d=')[1] };
  },
});
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
add('TWILIO', {
  by: 'twilio', body: 'To=%2B1555&Body=Gr%C3%BC%C3%9Fe+%26+more&AmountPaid=1200&Empty=&A=2&A=1&A=2',
  sign(request, key) {
    const { getExpectedTwilioSignature } = require('twilio/lib/webhooks/webhooks');
    const fields = new URLSearchParams(request.body), parameters = {};
    for (const name of new Set(fields.keys())) parameters[name] = fields.getAll(name).length > 1 ? fields.getAll(name) : fields.get(name);
    const signature = getExpectedTwilioSignature(key, request.url, parameters);
    return { headers: { ...FORM, 'X-Twilio-Signature': signature }, signature };
  },
});
add('TWILIO with JSON', {
  by: 'twilio', type: 'TWILIO',
  sign(request, key) {
    const { getExpectedTwilioSignature, getExpectedBodyHash } = require('twilio/lib/webhooks/webhooks');
    const query = `bodySHA256=${getExpectedBodyHash(request.body)}`;
    const signature = getExpectedTwilioSignature(key, `${request.url}&${query}`, {});
    return { headers: { 'X-Twilio-Signature': signature }, query, signature };
  },
});
add('ADYEN', {
  by: '@adyen/api-library', keys: keys.hex(),
  body: JSON.stringify({ live: 'false', notificationItems: [
    { NotificationRequestItem: { pspReference: 'P1', merchantAccountCode: 'M', merchantReference: 'R:1', amount: { value: 1200, currency: 'EUR' }, eventCode: 'AUTHORISATION', success: 'true' } },
    { NotificationRequestItem: { pspReference: 'P2', originalReference: 'P1', merchantAccountCode: 'M', merchantReference: '', amount: { value: 0, currency: 'EUR' }, eventCode: 'CANCEL', success: 'false' } },
  ] }),
  sign(request, key) {
    const validator = new (require('@adyen/api-library').hmacValidator)();
    const body = JSON.parse(request.body);
    let signature;
    for (const { NotificationRequestItem: item } of body.notificationItems) {
      signature = validator.calculateHmac(item, key);
      item.additionalData = { hmacSignature: signature };
    }
    return { body: JSON.stringify(body), signature };
  },
});

// ---- public keys ----

const asymmetric = (algorithm, key, text, encoding) => signWith(algorithm, Buffer.from(text), key).toString(encoding);
add('ALIPAY', {
  keys: keys.rsa(),
  sign(request, key) {
    const { pathname, search } = new URL(request.url);
    const plain = asymmetric('RSA-SHA256', key.privateKey, `POST ${pathname}${search}\nclient.2026-01-01T00:00:00+00:00.${request.body}`, 'base64');
    const signature = encodeURIComponent(plain);
    return { headers: { 'Client-Id': 'client', 'Request-Time': '2026-01-01T00:00:00+00:00', Signature: `algorithm=RSA256,keyVersion=1,signature=${signature}` }, signature };
  },
});
// The values of some members one after the other and the secret; of a recurring payment's notification other ones.
const PRAXIS = {
  payment: ['merchant_id', 'application_key', 'timestamp', 'customer.customer_token', 'session.order_id', 'transaction.tid', 'transaction.currency',
    'transaction.amount', 'transaction.conversion_rate', 'transaction.processed_currency', 'transaction.processed_amount'],
  subscription: ['event', 'merchant_id', 'application_key', 'cid', 'plan_id', 'subscription_id', 'subscription_status', 'timestamp'],
};
export const PRAXIS_BODIES = {
  payment: { merchant_id: 'API-shop', application_key: 'shop', timestamp: 1750228804, version: '1.3', customer: { customer_token: '7619fe' },
    session: { order_id: 'o-1' }, transaction: { tid: 2564526, currency: 'EUR', amount: 1200, conversion_rate: '1.000000', processed_currency: null, processed_amount: 1.25 } },
  subscription: { event: 'PaymentSucceeded', merchant_id: 'API-shop', application_key: 'shop', cid: 'c-1', plan_id: 7, subscription_id: 's-1200', subscription_status: 'active', timestamp: 1750228804 },
};
for (const kind of ['payment', 'subscription']) {
  add(kind === 'payment' ? 'PRAXIS' : 'PRAXIS subscription', {
    type: 'PRAXIS', body: JSON.stringify(PRAXIS_BODIES[kind]),
    sign(request, key) {
      const body = JSON.parse(request.body);
      const values = PRAXIS[kind].map((path) => path.split('.').reduce((at, name) => at?.[name], body) ?? '');
      const signature = createHash('sha384').update(values.join('') + key).digest('hex');
      return { headers: { 'gt-authentication': signature }, signature };
    },
  });
}
add('BRIDGE_XYZ', {
  keys: keys.rsa(), tolerance: 600,
  sign(request, key) {
    const digest = createHash('sha256').update(`${request.now}.${request.body}`).digest();
    const signature = asymmetric('RSA-SHA256', key.privateKey, digest, 'base64');
    return { headers: { 'X-Webhook-Signature': `t=${request.now},v0=${signature}` }, signature };
  },
});
add('CIRCLE', {
  keys: keys.ec('public_key', { api_key: 'k' }),
  sign(request, key) {
    const signature = asymmetric('SHA256', key.privateKey, request.body, 'base64');
    return { headers: { 'X-Circle-Signature': signature, 'X-Circle-Key-Id': 'k-1' }, signature };
  },
});
add('PAYPAL', {
  keys: keys.rsa('public_key', { webhook_id: 'WH-1' }),
  sign(request, key) {
    const time = new Date(request.now).toISOString(), signed = `t-1|${time}|WH-1|${crc32(request.body)}`;
    const signature = asymmetric('RSA-SHA256', key.privateKey, signed, 'base64');
    return { headers: { 'paypal-transmission-id': 't-1', 'paypal-transmission-time': time, 'paypal-transmission-sig': signature, 'paypal-auth-algo': 'SHA256withRSA' }, signature };
  },
});
add('UTILA', {
  keys: keys.rsa(),
  sign(request, key) {
    const options = { key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const signature = asymmetric('RSA-SHA512', options, request.body, 'base64');
    return { headers: { 'x-utila-signature': signature }, signature };
  },
});
add('WECHAT', {
  by: 'wechatpay-axios-plugin', keys: keys.rsa(), tolerance: 300,
  sign(request, key) {
    const { Rsa, Formatter } = require('wechatpay-axios-plugin');
    const privateKey = key.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const signature = Rsa.sign(Formatter.joinedByLineFeed(seconds(request), 'nonce', request.body), privateKey);
    return { headers: { 'Wechatpay-Timestamp': seconds(request), 'Wechatpay-Nonce': 'nonce', 'Wechatpay-Signature': signature }, signature };
  },
});
// The 64 bytes that tweetnacl calls a secret key: seed and public key.
function nacl(key, text) {
  const { d, x } = key.privateKey.export({ format: 'jwk' });
  const secretKey = Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]);
  return Buffer.from(require('tweetnacl').sign.detached(Buffer.from(text), secretKey));
}
add('DISCORD', {
  by: 'tweetnacl', keys: keys.ed25519('hex'), refused: 401,
  sign(request, key) {
    const signature = nacl(key, seconds(request) + request.body).toString('hex');
    return { headers: { 'X-Signature-Ed25519': signature, 'X-Signature-Timestamp': seconds(request) }, signature };
  },
});
add('TELNYX', {
  by: 'tweetnacl', keys: keys.ed25519('base64'), tolerance: 300,
  sign(request, key) {
    const signature = nacl(key, `${seconds(request)}|${request.body}`).toString('base64');
    return { headers: { 'telnyx-signature-ed25519': signature, 'telnyx-timestamp': seconds(request) }, signature };
  },
});
add('TOKENIO', {
  by: 'tweetnacl', keys: keys.ed25519('base64url'),
  sign(request, key) {
    const signature = nacl(key, request.body).toString('base64url');
    return { headers: { 'token-signature': signature }, signature };
  },
});
const starkbank = require('starkbank-ecdsa'), { p256 } = require('starkbank-ecdsa/ellipticcurve/curve');
const starkbankKeys = keys.threeOf(() => new starkbank.PrivateKey(p256));
add('SENDGRID', {
  by: 'starkbank-ecdsa', keys: keys.asPairs('webhook_secret_key', starkbankKeys, (key) => key.publicKey().toPem().replace(/-----.*-----|\s/g, '')),
  sign(request, key) {
    const signature = starkbank.Ecdsa.sign(seconds(request) + request.body, key).toBase64();
    return { headers: { 'X-Twilio-Email-Event-Webhook-Signature': signature, 'X-Twilio-Email-Event-Webhook-Timestamp': seconds(request) }, signature };
  },
});
const token = async (key, algorithm, claims) => {
  const { SignJWT } = await import('jose');
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT' }).sign(key);
};
function fusionAuth(type, algorithm, pairs, signingKey) {
  add(type, {
    by: 'jose', type: 'FUSIONAUTH', keys: pairs,
    async sign(request, key) {
      const digest = createHash('sha256').update(request.body).digest('base64');
      const jwt = await token(signingKey(key), algorithm, { request_body_sha256: digest });
      return { headers: { 'X-FusionAuth-Signature-JWT': jwt }, signature: jwt.split('.')[2] };
    },
  });
}
fusionAuth('FUSIONAUTH', 'HS256', keys.secret(), (key) => Buffer.from(key));
fusionAuth('FUSIONAUTH with RS256', 'RS256', keys.rsa('webhook_secret_key'), (key) => key.privateKey);
fusionAuth('FUSIONAUTH with ES256', 'ES256', keys.ec('webhook_secret_key'), (key) => key.privateKey);
fusionAuth('FUSIONAUTH with EdDSA', 'EdDSA', keys.ed25519Pem('webhook_secret_key'), (key) => key.privateKey);
add('FIREBLOCKS', {
  by: 'jose', keys: keys.rsa('public_key', { environment: 'US_PRODUCTION' }),
  async sign(request, key) {
    const { FlattenedSign } = await import('jose');
    const jws = await new FlattenedSign(Buffer.from(request.body)).setProtectedHeader({ alg: 'RS512', kid: 'k-1' }).sign(key.privateKey);
    return { headers: { 'Fireblocks-Webhook-Signature': `${jws.protected}..${jws.signature}` }, signature: jws.signature };
  },
});
add('WIX', {
  by: 'jose', keys: keys.rsa('webhook_secret_key'),
  async sign(request, key) {
    const jwt = await token(key.privateKey, 'RS256', { data: request.body, exp: Math.floor(request.now / 1000) + 300 });
    return { headers: { 'content-type': 'text/plain' }, body: jwt, signature: jwt.split('.')[2] };
  },
  // a stranger's claims under a known signature
  change: (sent) => ({ ...sent, body: sent.body.replace(/\.[^.]+\./, `.${Buffer.from('{"data":"1201"}').toString('base64url')}.`) }),
});

// ---- tokens and passwords ----

function overToken(type, name, where) {
  add(type, {
    keys: keys.secret(name), unbound: true, by: 'a token, as it is',
    sign: (request, key) => ({ ...where(request, key), signature: key }),
  });
}
const inHeader = (name) => (request, key) => ({ headers: { [name]: key } });
const inJson = (name) => (request, key) => ({ body: JSON.stringify({ ...JSON.parse(request.body), [name]: key }) });
overToken('AIRCALL', 'webhook_secret_key', inJson('token'));
overToken('CLOUDSIGNAL', 'api_key', inJson('apikey'));
overToken('GITLAB', 'api_key', inHeader('X-Gitlab-Token'));
overToken('MERAKI', 'api_key', inJson('sharedSecret'));
overToken('OKTA', 'webhook_secret_key', inHeader('Authorization'));
overToken('RING_CENTRAL', 'token', inHeader('Verification-Token'));
for (const type of ['CHARGEBEE_BILLING', 'GREENDOT', 'PIPEDRIVE', 'POSTMARK', 'BASIC_AUTH']) {
  add(type, {
    keys: keys.basic(), unbound: true, refused: 401, by: 'a password, as it is',
    ...(type === 'BASIC_AUTH' ? { type: 'HTTP', auth_type: 'BASIC_AUTH' } : {}),
    sign(request, key) {
      const signature = Buffer.from(`ann:${key}`).toString('base64');
      return { headers: { Authorization: `Basic ${signature}` }, signature };
    },
  });
}
add('API_KEY in a header', {
  type: 'WEBHOOK', auth_type: 'API_KEY', refused: 401, unbound: true, by: 'a token, as it is', keys: keys.secret('api_key', { header_key: 'X-Own' }),
  sign: (request, key) => ({ headers: { 'x-own': key }, signature: key }),
});
add('API_KEY in the query', {
  type: 'HTTP', auth_type: 'API_KEY', refused: 401, unbound: true, by: 'a token, as it is', keys: keys.secret('api_key', { header_key: 'own' }),
  sign: (request, key) => ({ query: `own=${encodeURIComponent(key)}`, signature: encodeURIComponent(key) }), firstCounts: true,
});

// ---- digests, and signatures inside of the body ----

add('CLOUDINARY', {
  tolerance: 7200,
  sign(request, key) {
    const signature = hash('sha1', request.body + seconds(request) + key);
    return { headers: { 'X-Cld-Signature': signature, 'X-Cld-Timestamp': seconds(request) }, signature };
  },
});
add('CLOUDINARY with SHA-256', {
  type: 'CLOUDINARY', tolerance: 7200,
  sign(request, key) {
    const signature = hash('sha256', request.body + seconds(request) + key);
    return { headers: { 'X-Cld-Signature': signature, 'X-Cld-Timestamp': seconds(request) }, signature };
  },
});
add('RECHARGE', {
  sign(request, key) {
    const signature = hash('sha256', key + request.body);
    return { headers: { 'X-Recharge-Hmac-Sha256': signature }, signature };
  },
});
const form = (fields) => new URLSearchParams(fields).toString();
add('QUOTER', {
  tolerance: 300,
  sign(request, key) {
    const data = request.body, timestamp = seconds(request), signature = hash('md5', key + timestamp + data);
    return { headers: FORM, body: form({ hash: signature, timestamp, data }), signature };
  },
});
add('PAYPRO_GLOBAL', {
  sign(request, key) {
    const fields = { ORDER_ID: '7', ORDER_STATUS: 'Processed', ORDER_TOTAL_AMOUNT: '1200', CUSTOMER_EMAIL: 'ann@example.com', TEST_MODE: '1', IPN_TYPE_NAME: 'OrderCharged' };
    const signature = hash('sha256', `7Processed1200ann@example.com${key}1OrderCharged`);
    return { headers: FORM, body: form({ ...fields, SIGNATURE: signature }), signature };
  },
});
add('EXACT_ONLINE', {
  sign(request, key) {
    const content = JSON.stringify({ Topic: 'Accounts', Amount: 1200, Key: '{"}' });
    const signature = hmac('sha256', key, content, 'hex').toUpperCase();
    return { body: `{"Content":${content},"HashCode":"${signature}"}`, signature };
  },
});
add('FAVRO', {
  sign(request, key) {
    const signature = hmac('sha1', key, `payload-1200${request.url}`, 'base64');
    return { headers: { 'X-Favro-Webhook': signature }, body: JSON.stringify({ payloadId: 'payload-1200' }), signature };
  },
});
add('MAILGUN', {
  sign(request, key) {
    const timestamp = seconds(request), signature = hmac('sha256', key, `${timestamp}1200-token`, 'hex');
    return { body: JSON.stringify({ signature: { timestamp, token: '1200-token', signature }, 'event-data': {} }), signature };
  },
});
add('PAYMOB', {
  sign(request, key) {
    const obj = {
      amount_cents: 1200, created_at: '2026-01-01T00:00:00', currency: 'EGP', error_occured: false, has_parent_transaction: false, id: 192036465,
      integration_id: 4097558, is_3d_secure: true, is_auth: false, is_capture: false, is_refunded: false, is_standalone_payment: true,
      is_voided: false, order: { id: 217503754 }, owner: 302852, pending: false, source_data: { pan: '2346', sub_type: 'MasterCard', type: 'card' }, success: true,
    };
    const signature = hmac('sha512', key, '12002026-01-01T00:00:00EGPfalsefalse1920364654097558truefalsefalsefalsetruefalse217503754302852false2346MasterCardcardtrue', 'hex');
    return { body: JSON.stringify({ type: 'TRANSACTION', obj }), query: `hmac=${signature}`, signature };
  },
});
add('TREEZOR', {
  sign(request, key) {
    const signed = '{"amount":"1200","name":"Gr\\u00fc\\u00dfe \\ud83c\\udf89","url":"https:\\/\\/x","quote":"a\\"b \\u2028"}';
    const signature = hmac('sha256', key, signed, 'base64');
    const payload = '{ "amount": "1200", "name": "Grüße 🎉", "url": "https://x", "quote": "a\\"b \u2028" }';
    return { body: `{"webhook":"card.update","object_payload":${payload},"object_payload_signature":${JSON.stringify(signature)}}`, signature };
  },
});

// ---- keys that are fetched ----

for (const [title, row] of Object.entries(fetched)) add(title, row);
