// `hookdeck gateway destination`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, startSink } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';
import { DESTINATION_CONFIG_SETTINGS, DESTINATION_SETTINGS, checkDeliveries, checkPace, words } from './hookdeck_flags.mjs';

let gateway, sink, hookdeck;
const SETTINGS = [...DESTINATION_SETTINGS, ...DESTINATION_CONFIG_SETTINGS];

before(async () => {
  gateway = await startGateway();
  sink = await startSink();
  hookdeck = await setUpHookdeck(gateway);
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
  await sink?.stop();
});

const destination = (...rest) => hookdeck.json('destination', ...rest);
const names = ({ models }) => models.map(({ name }) => name).sort();

// The words of a setting for a destination that sends to `url`.
function wordsOf({ name, flags, config }, url) {
  if (flags['config-file']) return ['--config-file', hookdeck.file(`${new URL(url).pathname.slice(4)}.json`, JSON.stringify({ url, ...config }))];
  if (flags.config) return ['--config', flags.config(url)];
  return ['--url', url, ...words(flags)];
}

async function check(id, url, { config }) {
  const shown = await destination('get', id, '--include-auth');
  assert.deepEqual([shown.type, shown.config.url], ['HTTP', url]);
  for (const [member, value] of Object.entries(config)) assert.deepEqual(shown.config[member], value, member);
}

// Makes one destination per setting by `make(name, words)`, then sees how a webhook arrives at each.
async function eachSetting(verb, make) {
  const source = (await gateway.api('PUT', '/sources', { name: `to-${verb}` })).body;
  const placed = await Promise.all(SETTINGS.map(async (setting) => {
    const place = `${verb}-${setting.name}`, url = `${sink.url}/in/${place}`;
    const id = await make(place, wordsOf(setting, url), url);
    await check(id, url, setting);
    assert.equal((await gateway.api('POST', '/connections', { name: place, source_id: source.id, destination_id: id })).status, 200);
    return { place, ...setting };
  }));
  await checkDeliveries(sink, source.url, placed);
}

test('each setting of a new destination is kept and works', () => eachSetting('create', async (name, settings) => {
  const made = await destination('create', '--name', name, '--type', 'HTTP', '--description', 'one', ...settings);
  assert.deepEqual([made.name, made.type, made.description], [name, 'HTTP', 'one']);
  assert.equal(made.config.auth, undefined, 'no secret without being asked');
  return made.id;
}));

test('an upsert makes a destination, or changes the one of that name and keeps the rest', () => eachSetting('upsert', async (name, settings, url) => {
  const made = await destination('upsert', name, '--type', 'HTTP', '--url', `${sink.url}/elsewhere`, '--description', 'one');
  const changed = await destination('upsert', name, '--type', 'HTTP', ...settings);
  assert.deepEqual([changed.id, changed.description], [made.id, 'one']);
  const described = await destination('upsert', name, '--description', 'two');
  assert.deepEqual([described.id, described.type, described.config.url, described.description], [made.id, 'HTTP', url, 'two']);
  return made.id;
}));

test('an update by id changes what it names', () => eachSetting('update', async (name, settings, url) => {
  const made = await destination('create', '--name', `${name}-before`, '--type', 'HTTP', '--url', `${sink.url}/elsewhere`, '--description', 'one');
  const changed = await destination('update', made.id, '--name', name, ...settings);
  assert.deepEqual([changed.id, changed.name, changed.description, changed.config.url], [made.id, name, 'one', url]);
  const described = await destination('update', made.id, '--type', 'HTTP', '--description', 'two');
  assert.deepEqual([described.name, described.description], [name, 'two']);
  return made.id;
}));

test('destinations of the types CLI and MOCK_API', async () => {
  const local = await destination('create', '--name', 'local', '--type', 'CLI', '--cli-path', '/one');
  assert.deepEqual([local.type, local.config.path], ['CLI', '/one']);
  assert.equal((await destination('upsert', 'local', '--type', 'CLI', '--cli-path', '/two')).config.path, '/two');
  assert.equal((await destination('update', local.id, '--cli-path', '/three')).config.path, '/three');
  assert.equal((await destination('create', '--name', 'local-plain', '--type', 'CLI')).config.path, '/');
  const mock = await destination('create', '--name', 'mock', '--type', 'MOCK_API');
  assert.equal(mock.type, 'MOCK_API');
  const typed = await destination('update', mock.id, '--type', 'HTTP', '--url', sink.url);
  assert.deepEqual([typed.id, typed.type, typed.config.url], [mock.id, 'HTTP', sink.url]);
  assert.equal((await destination('upsert', 'mock-2', '--type', 'MOCK_API')).type, 'MOCK_API');
});

test('a dry run tells what an upsert would do and does nothing', async () => {
  const made = await destination('create', '--name', 'dry', '--type', 'MOCK_API');
  assert.match(await hookdeck.text('destination', 'upsert', 'dry', '--description', 'changed', '--dry-run'), new RegExp(`UPDATE.*\\n.*${made.id}`));
  assert.match(await hookdeck.text('destination', 'upsert', 'dry-new', '--type', 'MOCK_API', '--dry-run'), /CREATE/);
  assert.equal((await destination('get', 'dry')).description, null);
  assert.deepEqual(names(await destination('list', '--name', 'dry-new')), []);
});

test('destinations are found by name, id, type and state, listed and counted', async () => {
  const count = async (...rest) => Number(await hookdeck.text('destination', 'count', ...rest));
  const before = await count('--type', 'MOCK_API');
  const [one, two] = await Promise.all(['find-1', 'find-2'].map((name) => destination('create', '--name', name, '--type', 'MOCK_API')));
  assert.deepEqual(await destination('get', 'find-1'), await destination('get', one.id));
  assert.match(await hookdeck.text('destination', 'get', 'find-1'), new RegExp(`find-1[^]*${one.id}[^]*MOCK_API[^]*active`));
  assert.equal(await count('--type', 'MOCK_API'), before + 2);
  assert.deepEqual(names(await destination('list', '--name', 'find-2')), ['find-2']);
  assert.equal(await count('--name', 'find-2'), 1);
  const page = await destination('list', '--limit', '1');
  assert.equal(page.models.length, 1);
  assert.equal(typeof page.pagination.next, 'string');

  assert.match(await hookdeck.text('destination', 'disable', two.id), /disabled/);
  const active = names(await destination('list', '--type', 'MOCK_API'));
  assert.deepEqual([active.includes('find-1'), active.includes('find-2')], [true, false]);
  assert.ok(names(await destination('list', '--type', 'MOCK_API', '--disabled')).includes('find-2'));
  assert.equal(await count('--type', 'MOCK_API'), before + 1);
  assert.equal(await count('--type', 'MOCK_API', '--disabled'), before + 2);
  assert.match(await hookdeck.text('destination', 'list', '--disabled'), /find-2[^]*disabled/);
  assert.match(await hookdeck.text('destination', 'enable', two.id), /enabled/);
  assert.equal((await destination('get', two.id)).disabled_at, null);

  assert.match(await hookdeck.text('destination', 'delete', two.id, '--force'), /deleted/);
  assert.equal(await count('--type', 'MOCK_API'), before + 1);
  await hookdeck.refused(/no destination found/, 'destination', 'get', two.id);
});

test('rates and delivery groups are kept', async () => {
  const flags = (name) => words(SETTINGS.find((setting) => setting.name === name).flags);
  for (const [name, orders, expected] of [['rate', [1, 1, 1, 1, 1], 5], ['groups', [1, 9, 1, 9, 1, 2, 2, 9], 6]]) {
    const made = await destination('create', '--name', `kept-${name}`, '--type', 'HTTP', '--url', `${sink.url}/in/kept-${name}`, ...flags(name));
    const { source } = await hookdeck.json('connection', 'create', '--name', `kept-${name}`, '--source-name', `kept-${name}`, '--source-type', 'WEBHOOK',
      '--destination-id', made.id);
    const arrived = await checkPace(sink, source.url, `kept-${name}`, orders, expected);
    if (name === 'groups') assert.equal(arrived.filter(({ order }) => order === 9).length, 1);
  }
});

test('what cannot be is refused in words', async () => {
  await destination('create', '--name', 'twice', '--type', 'MOCK_API');
  await hookdeck.refused(/there is a destination of the name twice/, 'destination', 'create', '--name', 'twice', '--type', 'MOCK_API');
  await hookdeck.refused(/config\.url: must be an absolute/, 'destination', 'create', '--name', 'nowhere', '--type', 'HTTP', '--url', 'nonsense');
  await hookdeck.refused(/name: /, 'destination', 'create', '--name', 'not a name', '--type', 'MOCK_API');
  await hookdeck.refused(/config\.colour: is not a field/, 'destination', 'create', '--name', 'colour', '--type', 'HTTP',
    '--config', JSON.stringify({ url: sink.url, colour: 1 }));
});

test('every command and flag was run', async (t) => t.diagnostic(await hookdeck.coverage('destination')));
