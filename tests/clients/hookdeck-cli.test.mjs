// What people do with hookdeck-cli, done with hookdeck-cli.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';

let gateway, sink, hookdeck, healthy = true;

before(async () => {
  gateway = await startGateway();
  sink = await startSink(() => ({ status: healthy ? 200 : 503 }));
  hookdeck = await setUpHookdeck(gateway);
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
  await sink?.stop();
});

const names = ({ models }) => models.map(({ name }) => name);

test('a source is made, found by name and id, changed, disabled, enabled and deleted', async () => {
  const made = await hookdeck.json('source', 'create', '--name', 'cli-source', '--type', 'WEBHOOK', '--description', 'one');
  assert.equal(made.name, 'cli-source');
  assert.equal((await fetch(made.url, { method: 'POST', body: 'x' })).status, 200);
  assert.equal((await hookdeck.json('source', 'get', 'cli-source')).id, made.id);
  assert.equal((await hookdeck.json('source', 'get', made.id)).url, made.url);
  const upserted = await hookdeck.json('source', 'upsert', 'cli-source', '--allowed-http-methods', 'POST,PUT');
  assert.equal(upserted.id, made.id);
  assert.deepEqual(upserted.config.allowed_http_methods, ['POST', 'PUT']);
  const described = await hookdeck.json('source', 'upsert', 'cli-source', '--description', 'two');
  assert.deepEqual([described.description, described.config.allowed_http_methods], ['two', ['POST', 'PUT']]);
  const renamed = await hookdeck.json('source', 'update', made.id, '--name', 'cli-source-2');
  assert.deepEqual([renamed.id, renamed.name, renamed.description, renamed.url], [made.id, 'cli-source-2', 'two', made.url]);
  const before = Number(await hookdeck.text('source', 'count'));
  await hookdeck.text('source', 'disable', made.id);
  assert.ok(!names(await hookdeck.json('source', 'list')).includes('cli-source-2'));
  assert.ok(names(await hookdeck.json('source', 'list', '--disabled')).includes('cli-source-2'));
  await hookdeck.text('source', 'enable', made.id);
  assert.ok(names(await hookdeck.json('source', 'list', '--name', 'cli-source-2')).includes('cli-source-2'));
  await hookdeck.text('source', 'delete', made.id, '--force');
  assert.equal(Number(await hookdeck.text('source', 'count')), before - 1);
  const gone = await hookdeck.run('gateway', 'source', 'get', made.id);
  assert.notEqual(gone.code, 0);
});

test('a source with authentication shows it only on demand', async () => {
  await hookdeck.json('source', 'create', '--name', 'cli-auth', '--type', 'WEBHOOK', '--basic-auth-user', 'u', '--basic-auth-pass', 'p');
  assert.equal((await hookdeck.json('source', 'get', 'cli-auth')).config.auth, undefined);
  const shown = await hookdeck.json('source', 'get', 'cli-auth', '--include-auth');
  assert.deepEqual(shown.config.auth, { username: 'u', password: 'p' });
  await hookdeck.json('source', 'upsert', 'cli-auth', '--description', 'kept');
  assert.deepEqual((await hookdeck.json('source', 'get', 'cli-auth', '--include-auth')).config.auth, { username: 'u', password: 'p' });
});

test('a destination is made, changed in part, disabled, enabled and deleted', async () => {
  const made = await hookdeck.json('destination', 'create', '--name', 'cli-shop', '--type', 'HTTP', '--url', sink.url);
  assert.equal(made.config.url, sink.url);
  assert.equal((await hookdeck.json('destination', 'get', 'cli-shop')).id, made.id);
  const changed = await hookdeck.json('destination', 'update', made.id, '--http-method', 'PUT');
  assert.deepEqual([changed.config.url, changed.config.http_method], [sink.url, 'PUT']);
  const upserted = await hookdeck.json('destination', 'upsert', 'cli-shop', '--description', 'two');
  assert.deepEqual([upserted.id, upserted.config.url, upserted.config.http_method], [made.id, sink.url, 'PUT']);
  const mock = await hookdeck.json('destination', 'create', '--name', 'cli-mock', '--type', 'MOCK_API');
  assert.equal(mock.type, 'MOCK_API');
  assert.deepEqual(names(await hookdeck.json('destination', 'list', '--type', 'MOCK_API')), ['cli-mock']);
  await hookdeck.text('destination', 'disable', mock.id);
  assert.deepEqual(names(await hookdeck.json('destination', 'list', '--type', 'MOCK_API')), []);
  await hookdeck.text('destination', 'enable', mock.id);
  const before = Number(await hookdeck.text('destination', 'count'));
  await hookdeck.text('destination', 'delete', mock.id, '--force');
  assert.equal(Number(await hookdeck.text('destination', 'count')), before - 1);
});

test('a connection is made with its ends, changed in part, paused, unpaused, disabled, enabled and deleted', async () => {
  const made = await hookdeck.json('connection', 'create', '--name', 'cli-link', '--source-name', 'cli-in', '--source-type', 'WEBHOOK',
    '--destination-name', 'cli-out', '--destination-type', 'HTTP', '--destination-url', sink.url,
    '--rule-retry-strategy', 'linear', '--rule-retry-count', '3', '--rule-retry-interval', '1000', '--rule-retry-response-status-codes', '500,503');
  assert.deepEqual([made.source.name, made.destination.name], ['cli-in', 'cli-out']);
  assert.deepEqual(made.rules, [{ type: 'retry', strategy: 'linear', count: 3, interval: 1000, response_status_codes: ['500', '503'] }]);
  assert.equal((await hookdeck.json('connection', 'get', 'cli-link')).id, made.id);
  assert.equal((await hookdeck.json('connection', 'get', made.id)).name, 'cli-link');
  const upserted = await hookdeck.json('connection', 'upsert', 'cli-link', '--description', 'two');
  assert.deepEqual([upserted.id, upserted.description, upserted.rules.length], [made.id, 'two', 1]);
  const ruled = await hookdeck.json('connection', 'upsert', 'cli-link', '--rules', '[{"type":"delay","delay":1000}]');
  assert.deepEqual(ruled.rules.map(({ type }) => type), ['delay']);
  const renamed = await hookdeck.json('connection', 'update', made.id, '--name', 'cli-link-2');
  assert.deepEqual([renamed.id, renamed.name, renamed.source.id], [made.id, 'cli-link-2', made.source.id]);
  assert.deepEqual(names(await hookdeck.json('connection', 'list', '--source-id', made.source.id)), ['cli-link-2']);
  const byIds = await hookdeck.json('connection', 'create', '--name', 'cli-by-ids', '--source-id', made.source.id, '--destination-id', made.destination.id);
  assert.equal(byIds.destination.id, made.destination.id);
  await hookdeck.text('connection', 'pause', 'cli-link-2');
  assert.notEqual((await hookdeck.json('connection', 'get', made.id)).paused_at, null);
  await hookdeck.text('connection', 'unpause', 'cli-link-2');
  assert.equal((await hookdeck.json('connection', 'get', made.id)).paused_at, null);
  await hookdeck.text('connection', 'disable', made.id);
  assert.deepEqual(names(await hookdeck.json('connection', 'list', '--source-id', made.source.id)), ['cli-by-ids']);
  await hookdeck.text('connection', 'enable', made.id);
  for (const id of [made.id, byIds.id]) await hookdeck.text('connection', 'delete', id, '--force');
  assert.deepEqual(names(await hookdeck.json('connection', 'list', '--source-id', made.source.id)), []);
});

test('a webhook is followed from its request to its attempts, and retried', async () => {
  const link = await hookdeck.json('connection', 'create', '--name', 'cli-follow', '--source-name', 'cli-follow', '--source-type', 'WEBHOOK',
    '--destination-name', 'cli-follow', '--destination-type', 'HTTP', '--destination-url', `${sink.url}/follow`);
  const arrivals = () => sink.received.filter(({ url }) => url.startsWith('/follow'));
  healthy = false;
  assert.equal((await fetch(link.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"order":1}' })).status, 200);
  const [failed] = await until('the failed event', async () => {
    const { models } = await hookdeck.json('event', 'list', '--connection-id', link.id, '--status', 'FAILED');
    return models.length > 0 && models;
  });
  assert.deepEqual([failed.attempts, failed.response_status], [1, 503]);
  healthy = true;
  await hookdeck.text('event', 'retry', failed.id);
  const event = await until('the successful event', async () => {
    const shown = await hookdeck.json('event', 'get', failed.id);
    return shown.status === 'SUCCESSFUL' && shown;
  });
  assert.equal(arrivals().length, 2);
  assert.deepEqual(event.data.body, { order: 1 });
  assert.match(await hookdeck.text('event', 'raw-body', event.id), /order/);
  const attempts = (await hookdeck.json('attempt', 'list', '--event-id', event.id)).models;
  assert.deepEqual(attempts.map(({ trigger, response_status }) => [trigger, response_status]), [['MANUAL', 200], ['INITIAL', 503]]);
  assert.equal((await hookdeck.json('attempt', 'get', attempts[0].id)).event_id, event.id);

  const [request] = (await hookdeck.json('request', 'list', '--source-id', link.source.id, '--status', 'accepted')).models;
  assert.equal(request.id, event.request_id);
  assert.deepEqual((await hookdeck.json('request', 'get', request.id)).data.body, { order: 1 });
  assert.match(await hookdeck.text('request', 'raw-body', request.id), /order/);
  assert.deepEqual((await hookdeck.json('request', 'events', request.id)).map(({ id }) => id), [event.id]);
  assert.deepEqual(await hookdeck.json('request', 'ignored-events', request.id), []);
  await hookdeck.text('request', 'retry', request.id);
  await until('the event of the retried request', () => arrivals().length === 3);
});

test('waiting events are listed, cancelled and muted', async () => {
  const link = await hookdeck.json('connection', 'create', '--name', 'cli-hold', '--source-name', 'cli-hold', '--source-type', 'WEBHOOK',
    '--destination-name', 'cli-hold', '--destination-type', 'HTTP', '--destination-url', sink.url);
  await hookdeck.text('connection', 'pause', link.id);
  for (let i = 0; i < 3; i++) assert.equal((await fetch(link.source.url, { method: 'POST', body: `${i}` })).status, 200);
  const held = (await hookdeck.json('event', 'list', '--connection-id', link.id, '--status', 'HOLD')).models;
  assert.equal(held.length, 3);
  const page = await hookdeck.json('event', 'list', '--connection-id', link.id, '--limit', '2');
  assert.equal(page.models.length, 2);
  const rest = await hookdeck.json('event', 'list', '--connection-id', link.id, '--limit', '2', '--next', page.pagination.next);
  assert.equal(rest.models.length, 1);
  const two = await hookdeck.json('event', 'list', '--id', `${held[0].id},${held[1].id}`);
  assert.equal(two.models.length, 2);
  await hookdeck.text('event', 'cancel', held[0].id);
  await hookdeck.text('event', 'mute', held[1].id);
  const { models } = await hookdeck.json('event', 'list', '--connection-id', link.id, '--status', 'CANCELLED');
  assert.deepEqual(models.map(({ id }) => id).sort(), [held[0].id, held[1].id].sort());
});

test('a transformation is made, found, changed, counted and deleted; running it is refused in words', async () => {
  const code = 'addHandler("transform", (request) => request);';
  const made = await hookdeck.json('transformation', 'create', '--name', 'cli-code', '--code', code, '--env', 'A=1');
  assert.deepEqual([made.name, made.code, made.env], ['cli-code', code, { A: '1' }]);
  assert.equal((await hookdeck.json('transformation', 'get', 'cli-code')).id, made.id);
  assert.equal((await hookdeck.json('transformation', 'get', made.id)).code, code);
  const upserted = await hookdeck.json('transformation', 'upsert', 'cli-code', '--code', `${code} // two`);
  assert.deepEqual([upserted.id, upserted.code], [made.id, `${code} // two`]);
  assert.deepEqual(names(await hookdeck.json('transformation', 'list', '--name', 'cli-code')), ['cli-code']);
  assert.equal(Number(await hookdeck.text('transformation', 'count')), 1);
  assert.deepEqual((await hookdeck.json('transformation', 'executions', 'list', 'cli-code')).models, []);
  const run = await hookdeck.run('gateway', 'transformation', 'run', '--code', code, '--request', '{"headers":{}}');
  assert.notEqual(run.code, 0);
  assert.match(run.out + run.err, /has no JavaScript engine/);
  await hookdeck.text('transformation', 'delete', made.id, '--force');
  assert.equal(Number(await hookdeck.text('transformation', 'count')), 0);
});

test('it says what is wrong', async () => {
  const missing = await hookdeck.run('gateway', 'event', 'get', 'evt_doesnotexist');
  assert.notEqual(missing.code, 0);
  assert.match(missing.out + missing.err, /there is no event/);
  const invalid = await hookdeck.run('gateway', 'destination', 'create', '--name', 'no url', '--type', 'HTTP', '--url', 'nonsense');
  assert.notEqual(invalid.code, 0);
  const stranger = await setUpHookdeck(gateway, { key: 'not-the-key-of-this-gateway' });
  const refused = await stranger.run('gateway', 'source', 'list');
  stranger.remove();
  assert.notEqual(refused.code, 0);
  assert.match(refused.out + refused.err, /[Aa]uthentication/);
});

test('the commands of the README work as they stand there', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const section = readFileSync(join(root, 'README.md'), 'utf8').split(/^## /m).find((part) => part.startsWith('Point hookdeck-cli at it'));
  const commands = /```sh\n(.*?)```/s.exec(section)[1].replace(/^npm .*\n/m, '').replaceAll('http://127.0.0.1:8420', gateway.url);
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-readme-'));
  symlinkSync(gateway.dir, join(dir, 'data'));
  writeFileSync(join(dir, 'hookdeck_source_types_2026-09-01.json'), '{}');
  const env = { HOME: dir, TMPDIR: dir, PATH: `${join(root, 'tests/node_modules/.bin')}${delimiter}${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync('sh', ['-ex'], { cwd: dir, env, input: commands, encoding: 'utf8' });
  rmSync(dir, { recursive: true, force: true });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /orders-to-shop/);
  assert.match(stdout, /evt_\w+ +Status: /);
});
