// What the Terraform provider sends for its resources, and what it needs to find in the replies to see no change where there is
// none. The provider is a Go program, which this project has no tools for; its calls are made here as it makes them.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { startGateway } from '../e2e/gateway.mjs';

const VERSIONS = ['2025-07-01', '2026-09-01']; // of its releases
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;
let gateway;

before(async () => { gateway = await startGateway(); });
after(async () => { await gateway?.stop(); });

// Everything above 299 is an error to it, and its body is shown. It sends what it is given as host, with a slash behind it or not.
function callsOf(version, slash = '') {
  return (method, path, body) => new Promise((resolve, reject) => {
    const sent = request(`${gateway.url}${slash}/${version}${path}`, {
      method, headers: { Authorization: `Bearer ${gateway.key}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    }, async (reply) => {
      const text = Buffer.concat(await reply.toArray()).toString();
      if (reply.statusCode > 299) reject(new Error(`${method} ${path}: ${reply.statusCode} ${text}`));
      else resolve(text ? JSON.parse(text) : null);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

// What it reads as texts must be texts, and stay what they are where it plans them as unchanged.
function checkRecord(record, texts, before) {
  for (const name of [...texts, 'id', 'team_id', 'created_at', 'updated_at']) assert.equal(typeof record[name], 'string', name);
  for (const name of ['created_at', 'updated_at']) assert.match(record[name], RFC3339);
  for (const name of ['type', 'description', 'disabled_at', 'paused_at'])
    assert.ok(record[name] == null || typeof record[name] === 'string', `${name} is a text or null`);
  for (const name of before ? ['id', 'created_at', 'team_id', 'type', ...(before.id.startsWith('src_') ? ['url'] : [])] : [])
    assert.equal(record[name], before[name], `${name} stays`);
  return record;
}

for (const version of VERSIONS) {
  const call = callsOf(version), name = (text) => `${text}-${version}`;

  test(`${version}: a source with its authentication`, async () => {
    const made = checkRecord(await call('POST', '/sources', { name: name('source'), type: 'WEBHOOK', description: null }), ['name', 'url', 'type']);
    const path = `/sources/${made.id}`;
    const read = checkRecord(await call('GET', `${path}?include=config.auth`), ['name', 'url'], made);
    assert.equal(typeof read.config, 'object');
    assert.equal(read.config.auth_type ?? null, null);
    const changed = checkRecord(await call('PUT', path, { name: name('source-2'), type: 'WEBHOOK', description: 'two',
      config: { allowed_http_methods: ['POST'] } }), ['name', 'url'], made);
    assert.deepEqual([changed.name, changed.description], [name('source-2'), 'two']);
    assert.equal(checkRecord(await call('PUT', path, { name: name('source-2'), description: null }), ['url'], made).description, null);

    // The resource of a source's authentication reads the config, puts its own into it and writes all of it back.
    const { config } = await call('GET', `${path}?include=config.auth`);
    const auth = { header_key: 'x-key', api_key: 'k' };
    await call('PUT', path, { type: 'WEBHOOK', config: { ...config, auth_type: 'API_KEY', auth } });
    const armed = await call('GET', `${path}?include=config.auth`);
    assert.deepEqual([armed.config.auth_type, armed.config.auth, armed.config.allowed_http_methods], ['API_KEY', auth, ['POST']]);
    assert.equal((await fetch(made.url, { method: 'POST', body: 'x' })).status, 401);
    await call('PUT', path, { type: 'WEBHOOK', config: { ...armed.config, auth_type: null, auth: null } });
    const disarmed = (await call('GET', `${path}?include=config.auth`)).config;
    assert.deepEqual([disarmed.auth_type ?? null, disarmed.auth ?? {}], [null, {}]);
    assert.equal((await fetch(made.url, { method: 'POST', body: 'x' })).status, 200);
    await call('DELETE', path);
    await assert.rejects(call('GET', path), /410/);
  });

  test(`${version}: a destination`, async () => {
    const config = { url: 'https://example.com/hook', http_method: 'POST', path_forwarding_disabled: false, auth_type: 'BEARER_TOKEN', auth: { token: 't' } };
    const made = checkRecord(await call('POST', '/destinations', { name: name('destination'), type: 'HTTP', description: 'one', config }), ['name', 'type']);
    const read = await call('GET', `/destinations/${made.id}?include=config.auth`);
    for (const [member, value] of Object.entries(config)) assert.deepEqual(read.config[member], value, member);
    const changed = checkRecord(await call('PUT', `/destinations/${made.id}`, { name: name('destination'), type: 'HTTP', description: null,
      config: { url: 'https://example.com/other', auth_type: 'HOOKDECK_SIGNATURE', auth: {} } }), ['name'], made);
    assert.deepEqual([changed.description, changed.config.url, changed.config.auth_type], [null, 'https://example.com/other', 'HOOKDECK_SIGNATURE']);
    await call('DELETE', `/destinations/${made.id}`);
  });

  test(`${version}: a connection, whose rules come back as they were sent`, async () => {
    const source = await call('POST', '/sources', { name: name('from'), type: 'WEBHOOK', description: null });
    const destination = await call('POST', '/destinations', { name: name('to'), type: 'MOCK_API', description: null });
    const { id: transformation_id } = await call('POST', '/transformations', { name: name('ruling'), code: 'addHandler("transform", (request) => request);' });
    const rules = [
      { type: 'filter', body: { a: { $in: ['x', 1] } }, headers: 'text', query: 5, path: true }, { type: 'transform', transformation_id },
      { type: 'deduplicate', window: 60000, include_fields: ['body.id'] }, { type: 'deduplicate', window: 1000, exclude_fields: ['body.a[*].at'] },
      { type: 'delay', delay: 2000 },
      { type: 'retry', strategy: 'linear', count: 3, interval: 1000, response_status_codes: ['500-599', '!501', '404'] },
    ];
    const made = checkRecord(await call('POST', '/connections', { name: name('link'), source_id: source.id, destination_id: destination.id, rules }), ['name']);
    assert.deepEqual([made.source.id, made.destination.id], [source.id, destination.id]);
    const path = `/connections/${made.id}`;
    assert.deepEqual((await call('GET', path)).rules, rules);
    const bare = [{ type: 'retry', strategy: 'exponential' }];
    assert.deepEqual((await call('PUT', path, { name: name('link'), description: null, rules: bare })).rules, bare, 'nothing is added to a rule');
    const kept = checkRecord(await call('PUT', path, { name: name('renamed'), description: 'two' }), ['name'], made);
    assert.deepEqual([kept.name, kept.rules], [name('renamed'), bare]);
    assert.deepEqual((await call('PUT', path, { name: name('renamed'), description: null, rules: [] })).rules, []);
    assert.equal(checkRecord(await call('PUT', path, { name: null, description: null }), [], made).name, null);
    await call('DELETE', path);
    await assert.rejects(call('GET', path), /410/);
  });

  test(`${version}: a transformation`, async () => {
    const made = checkRecord(await call('POST', '/transformations', { name: name('code'), code: '// one', env: { A: '1' } }), ['name', 'code']);
    const path = `/transformations/${made.id}`;
    assert.deepEqual((await call('GET', path)).env, { A: '1' });
    const changed = checkRecord(await call('PUT', path, { name: name('code'), code: '// two', env: {} }), ['name', 'code'], made);
    assert.deepEqual([changed.code, changed.env], ['// two', {}]);
    await call('DELETE', path);
  });
}

test('a host that ends with a slash is as good, and what is wrong is said', async () => {
  const call = callsOf(VERSIONS[0], '/');
  const made = await call('POST', '/sources', { name: 'slash', type: 'WEBHOOK', description: null });
  assert.equal((await call('GET', `/sources/${made.id}`)).name, 'slash');
  await assert.rejects(call('GET', '/sources/src_nothing'), /404 .*there is no source/);
  await assert.rejects(call('POST', '/sources', { name: 'slash', type: 'NONE', description: null }), /422 .*type: /);
});
