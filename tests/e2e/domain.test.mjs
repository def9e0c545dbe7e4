// Custom domains.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

const DOMAINS = '/teams/current/custom_domains';
const dir = mkdtempSync(join(tmpdir(), 'fairlead-domains-'));
const settings = { dir, args: ['--public-url', 'https://hooks.example.org'] };
let gateway, ok, refused;

before(async () => {
  gateway = await startGateway(settings);
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  rmSync(dir, { recursive: true, force: true });
});

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

test('webhooks come by it, with the token as the first part of the path', async () => {
  const domain = await ok('POST', DOMAINS, { hostname: 'in.example.com' });
  const source = await ok('POST', '/sources', { name: 'by-domain' });
  const token = new URL(source.url).pathname.replace('/e/', '');
  const send = (host, path) => sendAs(host, new URL(path, gateway.url));
  for (const host of ['in.example.com', 'IN.example.COM.', 'in.example.com:8443']) {
    assert.equal(await send(host, `/${token}/orders?x=1`), 200, host);
  }
  assert.equal(await send('in.example.com', `/e/${token}`), 200);
  const requests = await ok('GET', `/requests?source_id=${source.id}&include=data`);
  assert.deepEqual(requests.models.map(({ data }) => data.path), ['', '/orders', '/orders', '/orders']);
  assert.equal(requests.models[1].data.query, 'x=1');

  assert.equal(await send('other.example.com', `/${token}`), 404);
  await ok('DELETE', `${DOMAINS}/${domain.id}`);
  assert.equal(await send('in.example.com', `/${token}`), 404);
});

test('by it there is nothing but the sources of its project', async () => {
  await ok('POST', DOMAINS, { hostname: 'only.example.com' });
  const send = (path) => sendAs('only.example.com', new URL(path, gateway.url));
  for (const path of ['/2025-07-01/sources', '/', '/metrics', '/openapi.json', '/nothing']) assert.equal(await send(path), 404, path);
  assert.equal(await send('/healthz'), 405);

  const project = await ok('POST', '/projects', { name: 'neighbour' });
  const theirs = await ok('POST', '/sources', { name: 'theirs' }, { headers: { 'x-project-id': project.id } });
  const token = new URL(theirs.url).pathname.replace('/e/', '');
  assert.equal(await send(`/${token}`), 404);
  assert.equal(await send(`/e/${token}`), 404);
  assert.equal(await sendAs('localhost', new URL(`/e/${token}`, gateway.url)), 200);

  // The name goes with its project.
  await ok('POST', DOMAINS, { hostname: 'theirs.example.com' }, { headers: { 'x-project-id': project.id } });
  const sendTheirs = () => sendAs('theirs.example.com', new URL(`/${token}`, gateway.url));
  assert.equal(await sendTheirs(), 200);
  await ok('DELETE', `/projects/${project.id}`);
  assert.equal(await sendTheirs(), 404);
});

test('it is there again after a restart', async () => {
  await ok('POST', DOMAINS, { hostname: 'stays.example.com' });
  const source = await ok('POST', '/sources', { name: 'stays' });
  await gateway.stop();
  gateway = await startGateway(settings);
  ({ ok, refused } = callsOf(gateway));
  const token = new URL(source.url).pathname.replace('/e/', '');
  assert.equal(await sendAs('stays.example.com', new URL(`/${token}`, gateway.url)), 200);
});

test('what is no name of a host is refused', async () => {
  await refusesStrangers(refused, 'POST', DOMAINS, { hostname: 'x.example.com' });
  await refusesEach(refused, 'POST', DOMAINS, [
    [{}, /^hostname: is required/],
    [{ hostname: 1 }, /^hostname: must be a string/],
    [{ hostname: 'localhost' }, /^hostname: /],
    [{ hostname: 'Hooks.Example.org' }, /^hostname: .* gateway's own/],
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
