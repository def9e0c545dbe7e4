// Custom domains.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { startGateway } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

const DOMAINS = '/teams/current/custom_domains';
let gateway, ok, refused;

before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

// fetch sets the host by itself.
function sendAs(host, url) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { host, 'content-type': 'application/json' } }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode));
    });
    sent.on('error', reject);
    sent.end('{}');
  });
}

test('a domain is added in lower case, listed, and taken off', async () => {
  const added = await ok('POST', DOMAINS, { hostname: 'Hooks.Example.com' });
  assert.equal(added.hostname, 'hooks.example.com');
  const list = await ok('GET', DOMAINS);
  assert.deepEqual(list.map(({ id, hostname, status }) => [id, hostname, status]), [[added.id, 'hooks.example.com', 'active']]);
  assert.deepEqual(await ok('DELETE', `${DOMAINS}/${added.id}`), { id: added.id });
  assert.deepEqual(await ok('GET', DOMAINS), []);
  await refused(404, 'DELETE', `${DOMAINS}/${added.id}`);
});

test('a host name is taken once', async () => {
  await ok('POST', DOMAINS, { hostname: 'taken.example.com' });
  const error = await refused(409, 'POST', DOMAINS, { hostname: 'TAKEN.example.com' });
  assert.equal(error.data, null);
});

test('webhooks come by it', async () => {
  await ok('POST', DOMAINS, { hostname: 'in.example.com' });
  const source = await ok('POST', '/sources', { name: 'by-domain' });
  assert.equal(await sendAs('in.example.com', source.url), 200);
  assert.equal((await ok('GET', `/requests?source_id=${source.id}`)).count, 1);
});

test('what is no name of a host is refused', async () => {
  await refusesStrangers(refused, 'POST', DOMAINS, { hostname: 'x.example.com' });
  await refusesEach(refused, 'POST', DOMAINS, [
    [{}, /^hostname: is required/],
    [{ hostname: 1 }, /^hostname: must be a string/],
    [{ hostname: 'localhost' }, /^hostname: /],
    [{ hostname: 'https://x.example.com' }, /^hostname: /],
    [{ hostname: `${'x.'.repeat(127)}example` }, /^hostname: .*253/],
    [{ hostname: 'x.example.com', more: 1 }, /^more: /],
  ]);
});

test('a project has at most a hundred', async () => {
  const there = (await ok('GET', DOMAINS)).length;
  for (let i = there; i < 100; i++) await ok('POST', DOMAINS, { hostname: `h${i}.example.net` });
  assert.match((await refused(422, 'POST', DOMAINS, { hostname: 'more.example.net' })).message, /at most 100/);
});
