// Every checked type: what its sender signed passes, and nothing else does. Ends with a table of who signed what.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { startGateway, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { signers } from './verify/signers.mjs';

const BODY = JSON.stringify({ id: 'evt_1', amount: 1200, text: 'Grüße 🎉 / "quoted"' });
let gateway, ok;

before(async () => {
  gateway = await startGateway();
  ({ ok } = callsOf(gateway));
});
after(() => gateway?.stop());

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
    for (const [name, value] of headers) call.setHeader(name, [...[call.getHeader(name) ?? []].flat(), value]);
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

after(() => {
  const width = Math.max(...told.map(([title]) => title.length));
  console.log(told.map(([title, by, count]) => `${title.padEnd(width)}  ${String(count).padStart(2)} cases  signed by ${by}`).join('\n'));
});
