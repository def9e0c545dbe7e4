// `hookdeck gateway transformation`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';

const CODE = 'addHandler("transform", (request) => request);';
let gateway, hookdeck;

before(async () => {
  gateway = await startGateway();
  hookdeck = await setUpHookdeck(gateway);
  hookdeck.file('code.js', `${CODE} // of a file`);
  hookdeck.file('request.json', '{"headers":{}}');
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
});

const transformation = (...rest) => hookdeck.json('transformation', ...rest);
const names = ({ models }) => models.map(({ name }) => name);

test('a transformation is made, changed by name and by id, and deleted', async () => {
  const made = await transformation('create', '--name', 'code', '--code', CODE, '--env', 'A=1,B=two');
  assert.deepEqual([made.name, made.code, made.env], ['code', CODE, { A: '1', B: 'two' }]);
  const filed = await transformation('create', '--name', 'filed', '--code-file', 'code.js');
  assert.equal(filed.code, `${CODE} // of a file`);

  const upserted = await transformation('upsert', 'code', '--code-file', 'code.js');
  assert.deepEqual([upserted.id, upserted.code, upserted.env], [made.id, `${CODE} // of a file`, made.env]);
  const again = await transformation('upsert', 'code', '--code', CODE, '--env', 'C=3');
  assert.deepEqual([again.id, again.code, again.env], [made.id, CODE, { C: '3' }]);
  assert.match(await hookdeck.text('transformation', 'upsert', 'code', '--env', 'D=4', '--dry-run'), new RegExp(`UPDATE.*\\n.*${made.id}`));
  assert.deepEqual((await transformation('get', 'code')).env, { C: '3' });

  const updated = await transformation('update', made.id, '--name', 'code-2', '--env', 'E=5');
  assert.deepEqual([updated.id, updated.name, updated.code, updated.env], [made.id, 'code-2', CODE, { E: '5' }]);
  assert.equal((await transformation('update', made.id, '--code', `${CODE} // two`)).code, `${CODE} // two`);
  assert.equal((await transformation('update', made.id, '--code-file', 'code.js')).code, `${CODE} // of a file`);

  assert.match(await hookdeck.text('transformation', 'delete', filed.id, '--force'), /deleted/);
  await hookdeck.refused(/no transformation found/, 'transformation', 'get', filed.id);
});

test('transformations are found by name and id, listed in order, page by page, and counted', async () => {
  const made = [];
  for (const name of ['find-b', 'find-a', 'find-c']) made.push(await transformation('create', '--name', name, '--code', CODE));
  const found = await transformation('get', 'find-b');
  assert.deepEqual(found, await transformation('get', made[0].id));
  assert.match(await hookdeck.text('transformation', 'get', 'find-b'), new RegExp(`find-b[^]*${found.id}`));
  assert.deepEqual(names(await transformation('list', '--name', 'find-a')), ['find-a']);
  assert.deepEqual(names(await transformation('list', '--id', made[2].id)), ['find-c']);
  const order = ['--order-by', 'name', '--dir', 'asc'];
  const inOrder = names(await transformation('list', ...order)).filter((name) => name.startsWith('find-'));
  assert.deepEqual(inOrder, ['find-a', 'find-b', 'find-c']);
  assert.deepEqual(names(await transformation('list', '--order-by', 'created_at', '--dir', 'desc', '--limit', '2')), ['find-c', 'find-a']);
  const first = await transformation('list', '--limit', '1', ...order);
  const second = await transformation('list', '--limit', '1', ...order, '--next', first.pagination.next);
  assert.notDeepEqual(names(second), names(first));
  assert.deepEqual(names(await transformation('list', '--limit', '1', ...order, '--prev', second.pagination.prev)), names(first));
  assert.equal(Number(await hookdeck.text('transformation', 'count', '--name', 'find-a')), 1);
  assert.deepEqual(await transformation('count', '--name', 'find-a'), { count: 1 });
});

test('executions are looked for by all they can be found by; there are none without an engine', async () => {
  const [made, { body: link }] = await Promise.all([
    transformation('create', '--name', 'executed', '--code', CODE),
    gateway.api('PUT', '/connections', { name: 'executed', source: { name: 'executed' }, destination: { name: 'executed', type: 'MOCK_API' } }),
  ]);
  const list = (...rest) => transformation('executions', 'list', ...rest);
  assert.deepEqual((await list('executed')).models, []);
  const all = await list(made.id, '--connection-id', link.id, '--log-level', 'error', '--issue-id', 'iss_1', '--created-at', '2026-01-01T00:00:00Z',
    '--order-by', 'created_at', '--dir', 'asc', '--limit', '5');
  assert.deepEqual([all.models, all.pagination.limit, all.pagination.dir], [[], 5, 'asc']);
  for (const cursor of ['--next', '--prev']) await hookdeck.refused(/cursor/, 'transformation', 'executions', 'list', made.id, cursor, 'nonsense');
  await hookdeck.refused(/there is no execution exec_1/, 'transformation', 'executions', 'get', made.id, 'exec_1', '--output', 'json');
  await hookdeck.refused(/log_level: /, 'transformation', 'executions', 'list', made.id, '--log-level', 'loud');
});

test('running one is refused in words, in every form', async () => {
  const made = await transformation('create', '--name', 'run', '--code', CODE);
  const { body: link } = await gateway.api('PUT', '/connections', { name: 'run', source: { name: 'run' }, destination: { name: 'run', type: 'MOCK_API' } });
  const refused = (...rest) => hookdeck.refused(/has no JavaScript engine/, 'transformation', 'run', ...rest, '--output', 'json');
  await refused('--code', CODE, '--request', '{"headers":{}}', '--env', 'A=1');
  await refused('--code-file', 'code.js', '--request-file', 'request.json');
  await refused('--id', made.id, '--request', '{"headers":{}}', '--connection-id', link.id);
  await hookdeck.refused(/there is no transformation trs_1/, 'transformation', 'run', '--id', 'trs_1', '--request', '{"headers":{}}');
});

test('what cannot be is refused in words', async () => {
  await transformation('create', '--name', 'twice', '--code', CODE);
  await hookdeck.refused(/there is a transformation of the name twice/, 'transformation', 'create', '--name', 'twice', '--code', CODE);
  await hookdeck.refused(/name: must have at most 155/, 'transformation', 'create', '--name', 'n'.repeat(156), '--code', CODE);
});

test('every command and flag was run', async (t) => t.diagnostic(await hookdeck.coverage('transformation', {
  'transformation run': 'there is no JavaScript engine yet',
  'transformation executions get': 'nothing is executed yet',
  next: 'there are no pages of executions yet', prev: 'there are no pages of executions yet',
})));
