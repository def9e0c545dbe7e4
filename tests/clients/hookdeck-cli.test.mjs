// What people do with hookdeck-cli, done with hookdeck-cli; its single commands are in the files of their nouns.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

test('the same command by its other names, and the flags that all commands have', async () => {
  const { source } = await hookdeck.json('connection', 'upsert', 'cli-names', '--source-name', 'cli-names', '--source-type', 'WEBHOOK',
    '--destination-name', 'cli-names', '--destination-type', 'MOCK_API');
  const file = hookdeck.file('other.toml', [`api_base = "${gateway.url}"`, '[other]', `api_key = "${gateway.key}"`,
    `project_id = "${(await gateway.api('GET', `/sources/${source.id}`)).body.team_id}"`, 'project_type = "Gateway"', ''].join('\n'));
  for (const words of [
    ['connection', 'list'], ['connections', 'list'], ['gateway', 'connections', 'list'],
    ['gateway', 'connection', 'list', '--hookdeck-config', file, '-p', 'other'],
    ['gateway', 'connection', 'list', '--hookdeck-config', file, '--profile', 'other', '--color', 'off', '--log-level', 'error', '--insecure', '--device-name', 'box'],
    ['--api-base', gateway.url, 'gateway', 'connection', 'list'],
  ]) {
    const { code, out, err } = await hookdeck.run(...words, '--name', 'cli-names');
    assert.equal(code, 0, `${words}: ${out}${err}`);
    assert.match(out, /Found 1 connection/, `${words}`);
  }
});

test('each noun has its test', async () => {
  const { out } = await hookdeck.run('gateway', '--help');
  const nouns = [...out.split('Available Commands:\n')[1].split('\n\n')[0].matchAll(/^ +(\S+)/gm)].map(([, noun]) => noun);
  const tested = readdirSync(new URL('.', import.meta.url)).map((name) => readFileSync(new URL(name, import.meta.url), 'utf8')).join('');
  assert.ok(nouns.length >= 10, out);
  assert.deepEqual(nouns.filter((noun) => noun !== 'mcp' && !tested.includes(`hookdeck.coverage('${noun}'`)), []);
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
