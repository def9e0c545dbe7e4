// Secrets lie sealed in the store: none is found in its files or the log, they are read again after a restart, and
// without their key, or with another one, nothing starts and nothing is changed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSql } from './database.mjs';
import { PROGRAM, startGateway, startSink, until } from './gateway.mjs';

const SECRETS = {
  source: 'top-secret-of-the-source-1', again: 'top-secret-of-the-source-2', destination: 'top-secret-of-the-destination',
  env: 'top-secret-of-the-env', integration: 'top-secret-of-the-integration',
};

const run = (...args) => new Promise((resolve) => {
  execFile(PROGRAM, args, (error, stdout, stderr) => resolve({ status: error?.code ?? 0, stdout, stderr }));
});

function directory(context) {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-seal-'));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function good(gateway, method, path, body) {
  const reply = await gateway.api(method, path, body);
  assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

const signed = (gateway, source, secret, body = '{"n":1}') => fetch(source.url, {
  method: 'POST', body,
  headers: { 'content-type': 'application/json', 'x-sig': createHmac('sha256', secret).update(body).digest('hex') },
});

// The port is another one after a restart.
const at = (gateway, source) => ({ ...source, url: source.url.replace(/^http:\/\/[^/]+/, gateway.url) });

const hmac = (secret) => ({
  auth_type: 'HMAC', auth: { webhook_secret_key: secret, header_key: 'x-sig', algorithm: 'sha256', encoding: 'hex' },
});

async function makeAll(gateway, url) {
  const source = await good(gateway, 'POST', '/sources', { name: 'shop', type: 'WEBHOOK', config: hmac(SECRETS.source) });
  const destination = await good(gateway, 'POST', '/destinations', {
    name: 'sink', type: 'HTTP', config: { url, auth_type: 'BEARER_TOKEN', auth: { token: SECRETS.destination } } });
  const transformation = await good(gateway, 'POST', '/transformations', {
    name: 'change', code: 'addHandler("transform", (request, context) => request)', env: { KEY: SECRETS.env } });
  const integration = await good(gateway, 'POST', '/integrations', {
    label: 'one', provider: 'STRIPE', features: ['VERIFICATION'],
    configs: { webhook_secret_key: SECRETS.integration } });
  await good(gateway, 'POST', '/connections', { name: 'way', source_id: source.id, destination_id: destination.id });
  const projects = await good(gateway, 'GET', '/projects');
  return { source, destination, transformation, integration, project: projects[0] };
}

// All that is secret, as the API shows it.
async function readAll(gateway, made) {
  const shown = (path) => good(gateway, 'GET', path);
  return {
    source: (await shown(`/sources/${made.source.id}?include=config.auth`)).config.auth,
    destination: (await shown(`/destinations/${made.destination.id}?include=config.auth`)).config.auth,
    env: (await shown(`/transformations/${made.transformation.id}`)).env,
    integration: (await shown(`/integrations/${made.integration.id}?include=config.auth`)).configs,
    signing: (await shown(`/projects/${made.project.id}`)).signing_secret,
  };
}

function assertAbsent(dir, texts, log) {
  for (const name of readdirSync(dir).filter((file) => file.startsWith('fairlead.db'))) {
    const bytes = readFileSync(join(dir, name));
    for (const text of texts) assert.equal(bytes.indexOf(text), -1, `${name} holds ${text}`);
  }
  for (const text of texts) assert.ok(!log.includes(text), `the log holds ${text}`);
}

// Ends with the test, whatever becomes of that.
async function start(context, dir, args = []) {
  const gateway = await startGateway({ dir, args });
  context.after(() => gateway.stop({ signal: 'SIGKILL' }));
  return gateway;
}

const refusedStart = (context, dir, says) => assert.rejects(start(context, dir), says);

test('no secret lies in the store or the log, and all are read again after a restart', async (context) => {
  const dir = directory(context), sink = await startSink();
  context.after(() => sink.stop());
  let gateway = await start(context, dir, ['--config', writeConfig(dir)]);
  assert.equal(statSync(join(dir, 'storage-key')).mode & 0o777, 0o600);
  const made = await makeAll(gateway, sink.url);
  const before = await readAll(gateway, made);
  assert.equal(before.source.webhook_secret_key, SECRETS.source);
  assert.equal(before.env.KEY, SECRETS.env);
  const texts = [...Object.values(SECRETS), before.signing];
  assert.equal((await signed(gateway, made.source, SECRETS.source)).status, 200);
  await until('the delivery', () => sink.received.length === 1);
  assert.equal(sink.received[0].headers.authorization, `Bearer ${SECRETS.destination}`);
  await good(gateway, 'PUT', `/sources/${made.source.id}`, { name: 'shop', type: 'WEBHOOK', config: hmac(SECRETS.again) });
  await good(gateway, 'PUT', `/projects/${made.project.id}/rotate_secret`, { overlap: 100 });
  assertAbsent(dir, texts, gateway.log()); // with the log of the database as it is
  const listed = await good(gateway, 'GET', `/destinations?url=${encodeURIComponent(sink.url)}`);
  assert.equal(listed.models.length, 1); // what is no secret can be looked for
  for (const path of ['/sources', '/destinations', '/connections'])
    for (const text of texts) assert.ok(!JSON.stringify(await good(gateway, 'GET', path)).includes(text), path);
  const after = await readAll(gateway, made);
  await gateway.stop();
  assertAbsent(dir, [...texts, after.signing], gateway.log());
  gateway = await start(context, dir);
  assert.deepEqual(await readAll(gateway, made), after);
  assert.equal((await signed(gateway, at(gateway, made.source), SECRETS.again)).status, 200);
  assert.equal((await signed(gateway, at(gateway, made.source), SECRETS.source)).status, 401);
  await gateway.stop();
});

// Everything is logged.
function writeConfig(dir) {
  const file = join(dir, 'settings');
  writeFileSync(file, 'log_level = debug\n');
  return file;
}

test('without the key, or with another one, nothing starts and nothing is changed', async (context) => {
  const dir = directory(context), file = join(dir, 'storage-key');
  const gateway = await start(context, dir);
  const made = await makeAll(gateway, 'http://127.0.0.1:9');
  await gateway.stop();
  const key = readFileSync(file), store = readFileSync(join(dir, 'fairlead.db'));
  const other = key.toString().replace(/^[0-9a-f]{8} ./m, (head) => head.slice(0, -1) + (head.endsWith('0') ? '1' : '0'));
  const renamed = key.toString().replace(/^[0-9a-f]{8} /m, '00000000 ');
  for (const [content, says] of [[undefined, /storage-key is missing.*Restore it from the backup/], [other, /not that of this store/],
    [renamed, /not that of this store/], ['', /holds no key/], ['# nothing\n', /holds no key/], ['12345678 abc\n', /line 1 of the key file/]]) {
    rmSync(file, { force: true });
    if (content !== undefined) writeFileSync(file, content, { mode: 0o600 });
    await refusedStart(context, dir, says);
    assert.equal(existsSync(file), content !== undefined);
    const { status, stderr } = await run('keys', 'rotate-storage', '--data', dir);
    assert.equal(status, 1);
    assert.match(stderr, says);
    if (content !== undefined) assert.equal(readFileSync(file, 'utf8'), content);
    assert.deepEqual(readFileSync(join(dir, 'fairlead.db')), store);
  }
  writeFileSync(file, key);
  const again = await start(context, dir);
  assert.equal((await readAll(again, made)).source.webhook_secret_key, SECRETS.source);
  await again.stop();
});

test('rotate-storage seals all anew, through the gateway and without it', async (context) => {
  const dir = directory(context), file = join(dir, 'storage-key');
  let gateway = await start(context, dir);
  const made = await makeAll(gateway, 'http://127.0.0.1:9');
  for (let i = 0; i < 250; i++)
    await good(gateway, 'POST', '/sources', { name: `many-${i}`, type: 'WEBHOOK', config: hmac(`${SECRETS.source}-${i}`) });
  const before = await readAll(gateway, made);
  const idOf = () => /^([0-9a-f]{8}) /m.exec(readFileSync(file, 'utf8'))[1];
  const first = idOf(), firstFile = readFileSync(file);
  const other = (await good(gateway, 'POST', `/projects/${made.project.id}/keys`, { name: 'no operator' })).key;
  const refused = await fetch(`${gateway.url}/2025-07-01/storage_key/rotate`, {
    method: 'PUT', headers: { authorization: `Bearer ${other}` } });
  assert.equal(refused.status, 403);
  const { status, stdout, stderr } = await run('keys', 'rotate-storage', '--data', dir);
  assert.equal(status, 0, stderr);
  assert.match(stdout, new RegExp(`255 records.*${idOf()}`));
  assert.notEqual(idOf(), first);
  assert.deepEqual(await readAll(gateway, made), before);
  assert.equal((await signed(gateway, made.source, SECRETS.source)).status, 200);
  await gateway.stop();
  const second = idOf();
  assertAbsent(dir, Object.values(SECRETS), gateway.log());
  for (const sql of ['SELECT config AS v FROM source', 'SELECT config AS v FROM destination', 'SELECT env AS v FROM transformation',
    'SELECT configs AS v FROM integration', 'SELECT signing_secret AS v FROM project', 'SELECT known AS v FROM storage_key'])
    for (const { v } of runSql(dir, sql)) assert.ok(v.includes(`sealed1:${second}:`), `${sql}: ${v}`);
  const offline = JSON.parse((await run('keys', 'rotate-storage', '--data', dir, '--json')).stdout);
  assert.deepEqual(offline, { key_id: idOf(), sealed_count: 255, was_finished: false });
  assert.notEqual(idOf(), second);
  const current = readFileSync(file);
  writeFileSync(file, firstFile);
  await refusedStart(context, dir, /not that of this store/); // the key before opens nothing any more
  writeFileSync(file, current);
  gateway = await start(context, dir);
  assert.deepEqual(await readAll(gateway, made), before);
  await gateway.stop();
});

test('a store from before is sealed, and its plain texts are gone from its files', async (context) => {
  const dir = directory(context);
  let gateway = await start(context, dir);
  const made = await makeAll(gateway, 'http://127.0.0.1:9');
  await gateway.stop();
  const plain = { auth_type: 'HMAC', auth: { ...hmac(SECRETS.source).auth } };
  const filler = 'x'.repeat(5000); // so that it lies on pages of its own as well
  for (const sql of [
    `UPDATE source SET config = '${JSON.stringify(plain)}'`,
    `UPDATE destination SET config = '${JSON.stringify({ url: 'http://127.0.0.1:9', auth_type: 'BEARER_TOKEN', auth: { token: SECRETS.destination + filler + SECRETS.destination } })}'`,
    `UPDATE transformation SET env = '${JSON.stringify({ KEY: SECRETS.env })}'`,
    `UPDATE integration SET configs = '${JSON.stringify({ webhook_secret_key: SECRETS.integration })}'`,
    "UPDATE project SET signing_secret = 'the-plain-signing-secret'",
    'DROP TABLE storage_key', 'DROP TABLE group_queue_count', 'PRAGMA user_version = 13',
  ]) runSql(dir, sql);
  rmSync(join(dir, 'storage-key'));
  assert.ok(readFileSync(join(dir, 'fairlead.db')).includes(SECRETS.source));
  gateway = await start(context, dir);
  const texts = [...Object.values(SECRETS), 'the-plain-signing-secret'];
  assertAbsent(dir, texts, gateway.log());
  const read = await readAll(gateway, made);
  assert.equal(read.source.webhook_secret_key, SECRETS.source);
  assert.equal(read.destination.token, SECRETS.destination + filler + SECRETS.destination);
  assert.equal(read.env.KEY, SECRETS.env);
  assert.equal(read.integration.webhook_secret_key, SECRETS.integration);
  assert.equal(read.signing, 'the-plain-signing-secret');
  await gateway.stop();
  assertAbsent(dir, texts, gateway.log());
});

test('a secret that cannot be read lets nothing pass, and can be set anew', async (context) => {
  const dir = directory(context), sink = await startSink();
  context.after(() => sink.stop());
  let gateway = await start(context, dir);
  const made = await makeAll(gateway, sink.url);
  const open = await good(gateway, 'POST', '/sources', { name: 'open', type: 'WEBHOOK' });
  await good(gateway, 'POST', '/connections', { name: 'open', source_id: open.id, destination_id: made.destination.id });
  // an integration that would take what the source's own secret refuses
  const other = await good(gateway, 'POST', '/integrations', { provider: 'HMAC', features: ['VERIFICATION'],
    configs: { ...hmac('known').auth } });
  await good(gateway, 'PUT', `/integrations/${other.id}/attach/${made.source.id}`);
  const plain = await good(gateway, 'POST', '/destinations', { name: 'plain', type: 'HTTP', config: { url: sink.url } });
  await good(gateway, 'POST', '/connections', { name: 'plain', source_id: open.id, destination_id: plain.id });
  await gateway.stop();
  const damage = (column) => `replace(${column}, substr(${column}, instr(${column}, 'sealed1:') + 20, 6), 'AAAAAA')`;
  for (const [table, column] of [['source', 'config'], ['destination', 'config'], ['project', 'signing_secret'],
    ['transformation', 'env'], ['integration', 'configs']])
    runSql(dir, `UPDATE ${table} SET ${column} = ${damage(column)} WHERE instr(${column}, 'sealed1:') > 0`);
  gateway = await start(context, dir);
  assert.match(gateway.log(), /the secret source\.config\.auth:\d+ of the store cannot be read: it is damaged/);
  const refused = await signed(gateway, at(gateway, made.source), SECRETS.source);
  assert.equal(refused.status, 401);
  assert.equal((await signed(gateway, at(gateway, made.source), '')).status, 401);
  assert.equal((await signed(gateway, at(gateway, made.source), 'known')).status, 401);
  assert.match(gateway.log(), /requests of source shop cannot be verified: config\.auth: the gateway cannot read it/);
  const shown = await good(gateway, 'GET', `/sources/${made.source.id}?include=config.auth`);
  assert.deepEqual([shown.authenticated, shown.config.auth, shown.verification], [true, undefined, null]);
  const records = await until('the records', async () => {
    const { models } = await good(gateway, 'GET', `/requests?source_id=${made.source.id}`);
    return models.length === 3 && models;
  });
  for (const record of records) {
    assert.deepEqual([record.rejection_cause, record.verified, record.events_count], ['VERIFICATION_FAILED', false, 0]);
    const { rejection_detail } = await good(gateway, 'GET', `/requests/${record.id}`);
    assert.match(rejection_detail, /cannot read what the source's requests are checked with: set config\.auth anew/);
  }
  assert.equal((await signed(gateway, at(gateway, open), '')).status, 200);
  const failed = await until('two failed attempts', async () => {
    const { models } = await good(gateway, 'GET', '/attempts');
    return models.length === 2 && models;
  });
  for (const attempt of failed) assert.equal(attempt.error_code, 'INTERNAL_ERROR');
  assert.equal(sink.received.length, 0);
  // what is changed beside it does not hide that it is damaged
  await gateway.api('PUT', `/sources/${made.source.id}`, { name: 'shop', description: 'other' });
  assert.equal((await signed(gateway, at(gateway, made.source), '')).status, 401);
  const tried = await gateway.api('PUT', '/transformations/run', {
    transformation_id: made.transformation.id, request: { headers: { 'content-type': 'application/json' }, body: {} } });
  assert.notEqual(tried.body?.log_level ?? 'fatal', 'info', JSON.stringify(tried.body));
  const rotated = await run('keys', 'rotate-storage', '--data', dir);
  assert.equal(rotated.status, 0, rotated.stderr); // what does not open stays as it is
  await good(gateway, 'PUT', `/sources/${made.source.id}`, { name: 'shop', type: 'WEBHOOK', config: hmac(SECRETS.again) });
  await good(gateway, 'PUT', `/destinations/${made.destination.id}`, {
    name: 'sink', type: 'HTTP', config: { url: sink.url, auth_type: 'BEARER_TOKEN', auth: { token: 'new' } } });
  await good(gateway, 'PUT', `/transformations/${made.transformation.id}`, { name: 'change', env: { KEY: 'new' } });
  await good(gateway, 'PUT', `/projects/${made.project.id}/rotate_secret`, {});
  assert.equal((await signed(gateway, at(gateway, made.source), SECRETS.again)).status, 200);
  assert.equal((await signed(gateway, at(gateway, open), '')).status, 200);
  await until('the deliveries', () => sink.received.length === 3);
  await gateway.stop();
});

test('a sealed secret opens in no other record', async (context) => {
  const dir = directory(context);
  let gateway = await start(context, dir);
  const one = await good(gateway, 'POST', '/sources', { name: 'one', type: 'WEBHOOK', config: hmac('known-to-a-thief') });
  const two = await good(gateway, 'POST', '/sources', { name: 'two', type: 'WEBHOOK', config: hmac(SECRETS.source) });
  await gateway.stop();
  runSql(dir, "UPDATE source SET config = (SELECT config FROM source WHERE name = 'one') WHERE name = 'two'");
  gateway = await start(context, dir);
  assert.equal((await signed(gateway, at(gateway, one), 'known-to-a-thief')).status, 200);
  assert.equal((await signed(gateway, at(gateway, two), 'known-to-a-thief')).status, 401);
  await gateway.stop();
});
