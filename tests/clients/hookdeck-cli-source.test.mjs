// `hookdeck gateway source`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';
import { SOURCE_FILES, SOURCE_SETTINGS, checkSource, words } from './hookdeck_flags.mjs';

let gateway, hookdeck;

before(async () => {
  gateway = await startGateway();
  hookdeck = await setUpHookdeck(gateway);
  for (const [name, content] of Object.entries(SOURCE_FILES)) hookdeck.file(name, content);
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
});

const source = (...rest) => hookdeck.json('source', ...rest);
const names = ({ models }) => models.map(({ name }) => name).sort();
const shown = (name) => source('get', name, '--include-auth');

test('each setting of a new source is kept and works', async () => {
  await Promise.all(SOURCE_SETTINGS.map(async (setting) => {
    const made = await source('create', '--name', `create-${setting.name}`, '--type', 'WEBHOOK', '--description', 'one', ...words(setting.flags));
    assert.deepEqual([made.name, made.type, made.description], [`create-${setting.name}`, 'WEBHOOK', 'one']);
    assert.equal(made.config.auth, undefined, 'no secret without being asked');
    await checkSource(await shown(made.id), setting);
  }));
});

test('an upsert makes a source, or changes the one of that name and keeps the rest', async () => {
  await Promise.all(SOURCE_SETTINGS.map(async (setting) => {
    const name = `upsert-${setting.name}`;
    const made = await source('upsert', name, '--type', 'WEBHOOK', '--description', 'one');
    const changed = await source('upsert', name, '--type', 'WEBHOOK', ...words(setting.flags));
    assert.deepEqual([changed.id, changed.url, changed.description], [made.id, made.url, 'one']);
    await checkSource(await shown(name), setting);
    const described = await source('upsert', name, '--description', 'two');
    assert.deepEqual([described.id, described.type, described.description], [made.id, 'WEBHOOK', 'two']);
    await checkSource(await shown(name), setting);
  }));
});

test('an update by id changes what it names', async () => {
  await Promise.all(SOURCE_SETTINGS.map(async (setting) => {
    const made = await source('create', '--name', `update-${setting.name}`, '--type', 'WEBHOOK', '--description', 'one');
    const changed = await source('update', made.id, '--name', `updated-${setting.name}`, ...words(setting.flags));
    assert.deepEqual([changed.id, changed.url, changed.name, changed.description], [made.id, made.url, `updated-${setting.name}`, 'one']);
    await checkSource(await shown(made.id), setting);
    const typed = await source('update', made.id, '--type', 'HTTP', '--description', 'two');
    assert.deepEqual([typed.type, typed.description], ['HTTP', 'two']);
    await checkSource(await shown(made.id), setting);
  }));
});

test('a dry run tells what an upsert would do and does nothing', async () => {
  const made = await source('create', '--name', 'dry', '--type', 'WEBHOOK');
  assert.match(await hookdeck.text('source', 'upsert', 'dry', '--description', 'changed', '--dry-run'), new RegExp(`UPDATE.*\\n.*${made.id}`));
  assert.match(await hookdeck.text('source', 'upsert', 'dry-new', '--type', 'WEBHOOK', '--dry-run'), /CREATE/);
  assert.equal((await source('get', 'dry')).description, null);
  assert.deepEqual(names(await source('list', '--name', 'dry-new')), []);
});

test('sources are found by name, id, type and state, listed and counted', async () => {
  const count = async (...rest) => Number(await hookdeck.text('source', 'count', ...rest));
  const [one, two] = await Promise.all(['find-1', 'find-2'].map((name) => source('create', '--name', name, '--type', 'SHOPIFY')));
  assert.deepEqual(await source('get', 'find-1'), await source('get', one.id));
  assert.match(await hookdeck.text('source', 'get', 'find-1'), new RegExp(`find-1[^]*${one.id}[^]*SHOPIFY[^]*${one.url}[^]*active`));
  assert.deepEqual(names(await source('list', '--type', 'SHOPIFY')), ['find-1', 'find-2']);
  assert.equal(await count('--type', 'SHOPIFY'), 2);
  assert.deepEqual(names(await source('list', '--name', 'find-2')), ['find-2']);
  assert.equal(await count('--name', 'find-2'), 1);
  const page = await source('list', '--limit', '1');
  assert.equal(page.models.length, 1);
  assert.equal(typeof page.pagination.next, 'string');

  assert.match(await hookdeck.text('source', 'disable', two.id), /disabled/);
  assert.equal((await fetch(two.url, { method: 'POST', body: 'x' })).status, 200);
  await until('the rejected request', async () => {
    const { models } = await hookdeck.json('request', 'list', '--source-id', two.id, '--status', 'rejected');
    return models.map(({ rejection_cause }) => rejection_cause).includes('SOURCE_DISABLED');
  });
  assert.deepEqual(names(await source('list', '--type', 'SHOPIFY')), ['find-1']);
  assert.deepEqual(names(await source('list', '--type', 'SHOPIFY', '--disabled')), ['find-1', 'find-2']);
  assert.equal(await count('--type', 'SHOPIFY'), 1);
  assert.equal(await count('--type', 'SHOPIFY', '--disabled'), 2);
  assert.match(await hookdeck.text('source', 'list', '--disabled'), /find-2[^]*disabled/);
  assert.match(await hookdeck.text('source', 'enable', two.id), /enabled/);
  assert.equal((await source('get', two.id)).disabled_at, null);

  assert.match(await hookdeck.text('source', 'delete', two.id, '--force'), /deleted/);
  assert.equal((await fetch(two.url, { method: 'POST', body: 'x' })).status, 410);
  assert.equal(await count('--type', 'SHOPIFY'), 1);
  await hookdeck.refused(/no source found/, 'source', 'get', two.id);
});

test('the secret of a provider is taken by the flag for secrets', async () => {
  const made = await source('create', '--name', 'provider', '--type', 'GITHUB', '--webhook-secret', 'of-github');
  const { config, authenticated } = (await gateway.api('GET', `/sources/${made.id}?include=config.auth`)).body;
  assert.equal(authenticated, true);
  assert.deepEqual(config, { auth: { webhook_secret_key: 'of-github' } }, 'what the client sends of its own accord is not kept');
});

test('what cannot be is refused in words', async () => {
  await source('create', '--name', 'refused', '--type', 'WEBHOOK');
  await hookdeck.refused(/there is a source of the name refused/, 'source', 'create', '--name', 'refused', '--type', 'WEBHOOK');
  await hookdeck.refused(/config\.auth\.webhook_secret_key: must be "whsec_" and base64/,
    'source', 'create', '--name', 'svix', '--type', 'SVIX', '--webhook-secret', 'whsec_!');
  await hookdeck.refused(/name: /, 'source', 'create', '--name', 'not a name', '--type', 'WEBHOOK');
  await hookdeck.refused(/config\.colour: is not a field/, 'source', 'create', '--name', 'colour', '--type', 'WEBHOOK', '--config', '{"colour":1}');
  await hookdeck.refused(/type/, 'source', 'create', '--name', 'typed', '--type', 'NO_SUCH_TYPE');
  await hookdeck.refused(/no source found/, 'source', 'get', 'src_nothing');
});

test('every command and flag was run', async (t) => t.diagnostic(await hookdeck.coverage('source')));
