// Every checked type: what its sender signed passes, and nothing else does. Ends with a table of who signed what.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createHmac, sign as signWith } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { startGateway, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { startProviders } from './verify/providers.mjs';
import { signers } from './verify/signers.mjs';

const BODY = JSON.stringify({ id: 'evt_1', amount: 1200, text: 'Grüße 🎉 / "quoted"' });
let gateway, ok, providers;

before(async () => {
  providers = await startProviders();
  for (const row of Object.values(signers)) row.publish?.(providers);
  gateway = await startGateway({ args: providers.args });
  ({ ok } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await providers?.stop();
});

// Headers of the same name go out as lines of their own, which fetch cannot do.
function post({ url, headers, body, method = 'POST' }) {
  return new Promise((resolve, reject) => {
    const call = httpRequest(url, { method, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (chunk) => { text += chunk; });
      reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text }));
    });
    call.on('error', reject);
    for (const [name, value] of headers) call.setHeader(name, name === 'host' ? value : [...[call.getHeader(name) ?? []].flat(), value]);
    call.setHeader('content-length', Buffer.byteLength(body));
    call.end(body);
  });
}

// What goes over the wire, as the row signs it.
async function signed(row, url, key, { now = Date.now() } = {}) {
  const asked = { url: `${url}/hook?a=1`, body: row.body ?? BODY, now };
  const made = await row.sign(asked, key);
  const headers = Object.entries({ 'content-type': 'application/json', ...made.headers });
  return { url: made.query ? `${asked.url}&${made.query}` : asked.url, headers, body: made.body ?? asked.body, signature: made.signature };
}

const other = (digit) => (digit.toLowerCase() === 'b' ? 'c' : 'b'); // in hexadecimal as well as in base64

// The signature's text replaced wherever it stands; how often it does is told.
function replaced(sent, text) {
  let count = 0;
  const inside = (where) => {
    const [before, ...rest] = where.split(sent.signature);
    count += rest.length;
    return [before, ...rest].join(text);
  };
  const changed = { ...sent, url: inside(sent.url), headers: sent.headers.map(([name, value]) => [name, inside(value)]), body: inside(sent.body) };
  assert.equal(count, 1, `the signature ${sent.signature} stands ${count} times`);
  return changed;
}

const holder = (sent) => sent.headers.find(([, value]) => value.includes(sent.signature))?.[0];

// name -> what is sent, each of which must be refused
async function refusals(row, url, { key, other: stranger }) {
  const sent = await signed(row, url, key);
  const header = holder(sent), parameter = new URL(sent.url).search.slice(1).split('&').find((part) => part.includes(sent.signature))?.split('=')[0];
  const cases = {
    'another signature': replaced(sent, other(sent.signature[0]) + sent.signature.slice(1)),
    'a stranger\'s secret': await signed(row, url, stranger),
    'a truncated signature': replaced(sent, sent.signature.slice(0, -4)),
    'a signature with more behind it': replaced(sent, `${sent.signature}AAAA`),
    'an over-long signature': replaced(sent, sent.signature.repeat(Math.ceil(7000 / sent.signature.length))),
    'an empty signature': replaced(sent, ''),
  };
  if (!row.unbound) {
    const change = row.change ?? ((from) => ({ ...from, body: from.body.replace('1200', '1201') }));
    cases['another body'] = change(sent);
    assert.notEqual(cases['another body'].body, sent.body);
  }
  if (header) {
    cases['no signature'] = { ...sent, headers: sent.headers.filter(([name]) => name !== header) };
    cases['a doubled header'] = { ...sent, headers: [...sent.headers, sent.headers.find(([name]) => name === header)] };
  } else if (parameter) {
    cases['no signature'] = { ...sent, url: sent.url.replace(new RegExp(`${parameter}=[^&]*`), '') };
    if (!row.firstCounts) cases['a doubled parameter'] = { ...sent, url: `${sent.url}&${parameter}=${sent.signature}` };
  }
  for (const sign of row.tolerance ? [-1, 1] : []) {
    const now = Date.now() + sign * (row.tolerance + 30) * 1000;
    cases[sign < 0 ? 'a stale time' : 'a time to come'] = await signed(row, url, key, { now });
  }
  return cases;
}

// The recorded request of each case: { verified, rejection_cause }.
async function records(source, names) {
  const read = async () => {
    const { models } = await ok('GET', `/requests?source_id=${source.id}&include=data&limit=100`);
    const found = Object.fromEntries(models.map((request) => [request.data.headers['x-case'], request]));
    return names.every((name) => found[name]) && found;
  };
  return until('all are recorded', read);
}

const told = [];
describe('signatures', () => {
  for (const [title, row] of Object.entries(signers)) {
    test(title, async () => {
      const type = row.type ?? title;
      const config = { auth: row.keys.auth, ...(row.auth_type ? { auth_type: row.auth_type } : {}) };
      const source = await ok('POST', '/sources', { name: title.replace(/[^A-Za-z0-9]/g, '-'), type, config });
      assert.equal(source.authenticated, true);
      const genuine = {
        genuine: await signed(row, source.url, row.keys.key), 'with the secret before it': await signed(row, source.url, row.keys.old),
      };
      if (row.tolerance) genuine['a time just within'] = await signed(row, source.url, row.keys.key, { now: Date.now() - (row.tolerance - 20) * 1000 });
      const refused = await refusals(row, source.url, row.keys);
      const all = Object.entries({ ...genuine, ...refused });
      const statuses = {};
      await Promise.all(all.map(async ([name, sent]) => {
        statuses[name] = (await post({ ...sent, headers: [...sent.headers, ['x-case', name]] })).status;
      }));
      const found = await records(source, all.map(([name]) => name));
      for (const name of Object.keys(genuine))
        assert.deepEqual([name, found[name].verified, found[name].rejection_cause, statuses[name]], [name, true, 'NO_CONNECTION', 200]);
      for (const name of Object.keys(refused))
        assert.deepEqual([name, found[name].verified, found[name].rejection_cause, statuses[name]], [name, false, 'VERIFICATION_FAILED', row.refused ?? 200]);
      told.push([title, row.by, all.length]);
    });
  }
});

test('a URL that is signed is the one that the sender knows', async () => {
  await ok('POST', '/teams/current/custom_domains', { hostname: 'hooks.example.com' });
  const row = signers.SQUARE, source = await ok('POST', '/sources', { name: 'by-domain', type: 'SQUARE', config: { auth: row.keys.auth } });
  const { pathname, origin } = new URL(source.url), token = pathname.slice('/e/'.length);
  const cases = {
    'genuine, by the domain': ['http://hooks.example.com', `/${token}?a=%20b&c`], 'genuine, by its longer path': ['http://hooks.example.com', `${pathname}/x`],
    'genuine, by the gateway': [origin, `${pathname}/x?y`], 'of another host': ['http://else.example.com', `/${token}`], 'of the gateway': [origin, pathname],
  };
  for (const [what, [base, path]] of Object.entries(cases)) {
    const { headers } = row.sign({ url: base + path, body: BODY, now: Date.now() }, row.keys.key);
    const host = what.includes('gateway') && what.startsWith('genuine') ? new URL(origin).host : 'hooks.example.com';
    await post({ url: origin + path, headers: [['host', host], ['content-type', 'application/json'], ['x-case', what], ...Object.entries(headers)], body: BODY });
  }
  const found = await records(source, Object.keys(cases));
  for (const what of Object.keys(cases)) assert.deepEqual([what, found[what].verified], [what, what.startsWith('genuine')]);
});

describe('tokens that lie', () => {
  const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const raw = (head, claims, sign) => {
    const text = `${b64(head)}.${b64(claims)}`;
    return `${text}.${sign(text).toString('base64url')}`;
  };
  const now = () => Math.floor(Date.now() / 1000);
  const digest = createHash('sha256').update(BODY).digest('base64');
  const GOOD = { request_body_sha256: digest };
  const hs = (key, algorithm = 'sha256') => (text) => createHmac(algorithm, key).update(text).digest();
  const rs = (key, algorithm = 'RSA-SHA256') => (text) => signWith(algorithm, Buffer.from(text), key);
  const HS = { alg: 'HS256' }, RS = { alg: 'RS256' };

  const judged = async (title, tokens) => {
    const { keys } = signers[title];
    const source = await ok('POST', '/sources', { name: `lies-${title.replace(/[^A-Z0-9]/gi, '-')}`, type: 'FUSIONAUTH', config: { auth: keys.auth } });
    for (const [what, token] of Object.entries(tokens))
      await post({ url: source.url, headers: [['content-type', 'application/json'], ['X-FusionAuth-Signature-JWT', token], ['x-case', what]], body: BODY });
    const found = await records(source, Object.keys(tokens));
    for (const what of Object.keys(tokens))
      assert.deepEqual([what, found[what].verified], [what, what.startsWith('genuine')]);
  };

  test('where the secret is shared', async () => {
    const { key } = signers.FUSIONAUTH.keys;
    await judged('FUSIONAUTH', {
      genuine: raw(HS, GOOD, hs(key)), 'genuine, with moments': raw(HS, { ...GOOD, exp: now() + 9, nbf: now() - 9 }, hs(key)),
      'no algorithm': raw({}, GOOD, hs(key)), none: raw({ alg: 'none' }, GOOD, () => Buffer.alloc(0)),
      'none, signed': raw({ alg: 'none' }, GOOD, hs(key)), 'another size': raw({ alg: 'HS512' }, GOOD, hs(key, 'sha512')),
      'another size under this name': raw(HS, GOOD, hs(key, 'sha512')), 'what must be understood': raw({ ...HS, crit: ['b64'], b64: false }, GOOD, hs(key)),
      'no digest': raw(HS, {}, hs(key)), 'the digest of another body': raw(HS, { request_body_sha256: b64('x') }, hs(key)),
      'a digest that is none': raw(HS, { request_body_sha256: 7 }, hs(key)),
      'over since a while': raw(HS, { ...GOOD, exp: now() - 90 }, hs(key)), 'not yet': raw(HS, { ...GOOD, nbf: now() + 90 }, hs(key)),
      'an end that is none': raw(HS, { ...GOOD, exp: 'never' }, hs(key)), 'claims that are none': raw(HS, '[]', hs(key)),
      'claims without JSON': raw(HS, '{', hs(key)), 'a head without JSON': raw('{', GOOD, hs(key)),
      'two parts': raw(HS, GOOD, hs(key)).split('.').slice(0, 2).join('.'), 'four parts': `${raw(HS, GOOD, hs(key))}.e30`, dots: '..', nothing: '.',
      'no base64': `!${raw(HS, GOOD, hs(key))}`, 'over-long': `${raw(HS, { ...GOOD, pad: 'x'.repeat(9000) }, hs(key))}`,
    });
  });

  test('where the key is public', async () => {
    const { key, auth } = signers['FUSIONAUTH with RS256'].keys;
    const pem = auth.webhook_secret_key;
    await judged('FUSIONAUTH with RS256', {
      genuine: raw(RS, GOOD, rs(key.privateKey)), 'the public key as a shared one': raw(HS, GOOD, hs(pem)),
      'the same, trimmed': raw(HS, GOOD, hs(pem.trim())), 'the same under the right name': raw(RS, GOOD, hs(pem)),
      'another digest': raw({ alg: 'RS512' }, GOOD, rs(key.privateKey, 'RSA-SHA512')), 'another digest under this name': raw(RS, GOOD, rs(key.privateKey, 'RSA-SHA512')),
      'a stranger': raw(RS, GOOD, rs(signers['FUSIONAUTH with RS256'].keys.other.privateKey)), 'a key of its own': raw({ ...RS, jwk: key.publicKey.export({ format: 'jwk' }) }, GOOD, rs(signers['FUSIONAUTH with RS256'].keys.other.privateKey)),
    });
    const ec = signers['FUSIONAUTH with ES256'].keys.key.privateKey;
    const halves = (text) => signWith('SHA256', Buffer.from(text), { key: ec, dsaEncoding: 'ieee-p1363' });
    await judged('FUSIONAUTH with ES256', {
      genuine: raw({ alg: 'ES256' }, GOOD, halves), 'the other form': raw({ alg: 'ES256' }, GOOD, (text) => signWith('SHA256', Buffer.from(text), ec)),
      zeros: raw({ alg: 'ES256' }, GOOD, () => Buffer.alloc(64)), short: raw({ alg: 'ES256' }, GOOD, (text) => halves(text).subarray(0, 63)),
    });
  });
});

after(() => {
  const checks = new Map([...readFileSync('docs/sources.md', 'utf8').matchAll(/^\| `([^`]*)` \| [^|]* \| ([^|]*) \|/gm)].map(([, type, check]) => [type, check]));
  const schemeOf = (title) => checks.get(signers[title].auth_type ?? signers[title].type ?? title);
  console.log(told.map(([title, by, count]) => `${title}: ${schemeOf(title)}; signed by ${by}; ${count} cases`).join('\n'));
});
