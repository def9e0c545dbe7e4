// How those sign whose keys are fetched, and what they publish. A row is one of signers.mjs; `publish(providers)` puts its
// keys where they are looked for, and must come before `sign`.
import { createHash, sign as signWith } from 'node:crypto';
import { ecPair, ed25519Pair, rsaPair } from '../key_pair.mjs';
import { threeOf } from './keys.mjs';

const OURS = 'node:crypto, after the documentation';
const pem = (pair) => pair.publicKey.export({ type: 'spki', format: 'pem' });
const jwkOf = (pair, kid) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig' });
const IDS = { present: 'k-1', previous: 'k-2', other: 'k-1' }; // a stranger says that the key is the present one

// Three key pairs, of which the stranger's is not published: { pair, kid }.
const pairsOf = (make) => threeOf((word) => ({ pair: make(), kid: IDS[word] }));
const keysOf = (pairs, auth) => ({ ...pairs, auth });
const jwksOf = ({ key, old }) => ({ keys: [jwkOf(key.pair, key.kid), { kty: 'oct', k: 'AAAA', kid: 'symmetric' }, { kty: 'EC', crv: 'P-521', x: 'AA', y: 'AA', kid: 'other-curve' }, jwkOf(old.pair, old.kid)] });

export function crc32(text) {
  let sum = ~0;
  for (const byte of Buffer.from(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xEDB88320 : 0);
  }
  return ~sum >>> 0;
}

export const fetched = {};

// ---- key sets ----

const google = pairsOf(rsaPair);
export const GOOGLE_AUTH = { audience: 'https://here.example/push', service_account_email: 'pusher@project.iam.gserviceaccount.com' };
export async function googleToken({ pair, kid }, now, claims = {}, head = {}) {
  const { SignJWT } = await import('jose');
  const seconds = Math.floor(now / 1000);
  const all = { iss: 'https://accounts.google.com', aud: GOOGLE_AUTH.audience, email: GOOGLE_AUTH.service_account_email, email_verified: true, iat: seconds, exp: seconds + 3600, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid, ...head }).sign(pair.privateKey);
}
fetched.GOOGLE_PUBSUB = {
  by: 'jose', unbound: true, keys: keysOf(google, GOOGLE_AUTH),
  publish({ answers }) { answers['www.googleapis.com/oauth2/v3/certs'] = { status: 200, headers: { 'cache-control': 'public, max-age=19000' }, body: jwksOf(google) }; },
  async sign(request, key) {
    const jwt = await googleToken(key, request.now);
    return { headers: { authorization: `Bearer ${jwt}` }, signature: jwt.split('.')[2] };
  },
};

const neon = pairsOf(ed25519Pair);
fetched.NEON = {
  by: 'jose', tolerance: 300, keys: keysOf(neon, { neon_auth_url: 'https://ep-a-1.neonauth.us-east-1.aws.neon.tech/neondb/auth' }),
  publish({ answers }) { answers['ep-a-1.neonauth.us-east-1.aws.neon.tech/neondb/auth/.well-known/jwks.json'] = jwksOf(neon); },
  async sign(request, { pair, kid }) {
    const { FlattenedSign } = await import('jose');
    const payload = `${request.now}.${Buffer.from(request.body).toString('base64url')}`;
    const jws = await new FlattenedSign(Buffer.from(payload)).setProtectedHeader({ alg: 'EdDSA', kid }).sign(pair.privateKey);
    return { headers: { 'X-Neon-Signature': `${jws.protected}..${jws.signature}`, 'X-Neon-Signature-Kid': kid, 'X-Neon-Timestamp': String(request.now) }, signature: jws.signature };
  },
};

const fireblocks = pairsOf(rsaPair);
fetched['FIREBLOCKS, fetched'] = {
  by: 'jose', type: 'FIREBLOCKS', keys: keysOf(fireblocks, { environment: 'EU2' }),
  publish({ answers }) { answers['eu2-keys.fireblocks.io/.well-known/jwks.json'] = jwksOf(fireblocks); },
  async sign(request, { pair, kid }) {
    const { FlattenedSign } = await import('jose');
    const jws = await new FlattenedSign(Buffer.from(request.body)).setProtectedHeader({ alg: 'RS512', kid }).sign(pair.privateKey);
    return { headers: { 'Fireblocks-Webhook-Signature': `${jws.protected}..${jws.signature}` }, signature: jws.signature };
  },
};

// ---- calls with credentials ----

const circle = pairsOf(ecPair);
fetched['CIRCLE, fetched'] = {
  by: OURS, type: 'CIRCLE', keys: keysOf(circle, { api_key: 'TEST_API_KEY:1:2' }),
  publish({ answers }) {
    const key = (pair) => ({ headers }) => (headers.authorization === 'Bearer TEST_API_KEY:1:2'
      ? { data: { id: 'x', algorithm: 'ECDSA_SHA_256', publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') } }
      : { status: 401, body: '{}' });
    answers['api.circle.com/v2/notifications/publicKey/k-1'] = key(circle.key.pair);
    answers['api.circle.com/v2/cpn/notifications/publicKey/k-2'] = key(circle.old.pair); // as of another of its products
  },
  sign(request, { pair, kid }) {
    const signature = signWith('SHA256', Buffer.from(request.body), pair.privateKey).toString('base64');
    return { headers: { 'X-Circle-Signature': signature, 'X-Circle-Key-Id': kid }, signature };
  },
};

const ebay = pairsOf(ecPair);
export const EBAY_AUTH = { environment: 'SANDBOX', dev_id: 'd', client_id: 'app-1', client_secret: 'cert-1', verification_token: 'v' };
export const ebayHeader = (fields) => Buffer.from(JSON.stringify(fields)).toString('base64');
export const ebaySignature = (body, pair, digest = 'SHA1') => signWith(digest, Buffer.from(body), pair.privateKey).toString('base64');
fetched.EBAY = {
  by: OURS, keys: keysOf(ebay, EBAY_AUTH),
  publish({ answers }) {
    answers['api.sandbox.ebay.com/identity/v1/oauth2/token'] = ({ method, headers, body }) => {
      const form = new URLSearchParams(body);
      const good = method === 'POST' && headers.authorization === `Basic ${Buffer.from('app-1:cert-1').toString('base64')}` &&
        form.get('grant_type') === 'client_credentials' && form.get('scope') === 'https://api.ebay.com/oauth/api_scope';
      return good ? { access_token: 'v^1.1#t', expires_in: 7200, token_type: 'Application Access Token' } : { status: 401, body: '{"error":"invalid_client"}' };
    };
    for (const { pair, kid } of [ebay.key, ebay.old])
      answers[`api.sandbox.ebay.com/commerce/notification/v1/public_key/${kid}`] = ({ headers }) => (
        headers.authorization === 'Bearer v^1.1#t' ? { algorithm: 'ECDSA', digest: 'SHA1', key: pem(pair).replace(/\n/g, '') } : { status: 401, body: '{}' });
  },
  sign(request, { pair, kid }) {
    const signature = ebayHeader({ alg: 'ecdsa', kid, signature: ebaySignature(request.body, pair), digest: 'SHA1' });
    return { headers: { 'x-ebay-signature': signature }, signature };
  },
};

// ---- certificates ----

// Made when they are published: by then there is an authority.
const certificates = { paypal: {}, sns: {} };
const held = (of, word) => ({ of, word });
const certified = (of, auth) => keysOf(threeOf((word) => held(of, word)), auth);
const privateKey = ({ of, word }) => certificates[of][word].key;

export const PAYPAL_NAME = 'messageverificationcerts.paypal.com';
export function paypalSigned(request, key, url, { webhook = 'WH-1', algorithm = 'SHA256withRSA' } = {}) {
  const time = new Date(request.now).toISOString(), signed = `t-1|${time}|${webhook}|${crc32(request.body)}`;
  const signature = signWith('RSA-SHA256', Buffer.from(signed), key).toString('base64');
  return {
    headers: { 'paypal-transmission-id': 't-1', 'paypal-transmission-time': time, 'paypal-transmission-sig': signature, 'paypal-auth-algo': algorithm, 'paypal-cert-url': url }, signature,
  };
}
const PAYPAL_PATH = 'api.paypal.com/v1/notifications/certs/CERT-';
fetched['PAYPAL, fetched'] = {
  by: OURS, type: 'PAYPAL', keys: certified('paypal', { webhook_id: 'WH-1' }),
  publish({ answers, certificate }) {
    for (const word of ['present', 'previous', 'other']) certificates.paypal[word] = certificate({ name: PAYPAL_NAME, fresh: true });
    answers[`${PAYPAL_PATH}${IDS.present}`] = certificates.paypal.present.chain;
    answers[`${PAYPAL_PATH}${IDS.previous}`] = certificates.paypal.previous.chain;
  },
  sign: (request, key) => paypalSigned(request, privateKey(key), `https://${PAYPAL_PATH}${IDS[key.word]}`),
};

export const SNS_TOPIC = 'arn:aws:sns:us-east-1:123456789012:MyTopic';
const SNS_FIELDS = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
};
export const SNS_SUBSCRIBE = `https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}&Token=2336412f37`;
export function snsMessage(key, url, { Type = 'Notification', version = '2', ...more } = {}) {
  const message = {
    Type, MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324', TopicArn: SNS_TOPIC, Message: 'Hello\n"world" ü', Timestamp: '2026-05-02T00:54:06.655Z',
    ...(Type === 'Notification' ? {} : { Token: '2336412f37', SubscribeURL: SNS_SUBSCRIBE }), ...more,
  };
  const text = SNS_FIELDS[Type].filter((name) => message[name] !== undefined).map((name) => `${name}\n${message[name]}\n`).join('');
  const signature = signWith(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256', Buffer.from(text), key).toString('base64');
  return { ...message, SignatureVersion: version, Signature: signature, SigningCertURL: url, UnsubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe' };
}
const snsPath = (word) => `sns.us-east-1.amazonaws.com/SimpleNotificationService-${createHash('md5').update(IDS[word]).digest('hex')}.pem`;
function sns(title, version, more) {
  fetched[title] = {
    by: OURS, type: 'AWS_SNS', keys: certified('sns', {}),
    publish({ answers, certificate }) {
      for (const word of ['present', 'previous', 'other']) certificates.sns[word] ??= certificate({ name: 'sns.amazonaws.com', fresh: true });
      answers[snsPath('present')] = certificates.sns.present.pem; // without what leads to an authority, as there
      answers[snsPath('previous')] = certificates.sns.previous.chain;
    },
    sign(request, key) {
      const body = snsMessage(privateKey(key), `https://${snsPath(key.word)}`, { version, Message: request.body, ...more });
      return { headers: { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': body.Type }, body: JSON.stringify(body), signature: body.Signature };
    },
  };
}
sns('AWS_SNS', '2', { Subject: 'My first message' });
sns('AWS_SNS version 1', '1', {});
sns('AWS_SNS unsubscribed', '2', { Type: 'UnsubscribeConfirmation' });
