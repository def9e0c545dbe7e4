// Transformations and their executions, as records.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

const CODE = 'addHandler("transform", (request) => request);';
let gateway, ok, refused;

before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

describe('transformations', () => {
  test('are created, read, changed, counted and deleted', async () => {
    const made = await ok('POST', '/transformations', { name: 'add-header', code: CODE, env: { KEY: 'ünï' } });
    assert.match(made.id, /^trs_/);
    assert.equal(made.code, CODE);
    assert.deepEqual(made.env, { KEY: 'ünï' });
    assert.deepEqual(await ok('GET', `/transformations/${made.id}`), made);
    const changed = await ok('PUT', `/transformations/${made.id}`, { env: {} });
    assert.deepEqual(changed.env, {});
    assert.equal(changed.code, CODE);
    assert.deepEqual((await ok('GET', '/transformations?name=add-header')).models, [changed]);
    assert.equal((await ok('GET', '/transformations/count')).count, 1);
    assert.deepEqual(await ok('DELETE', `/transformations/${made.id}`), { id: made.id });
    await refused(410, 'GET', `/transformations/${made.id}`);
    assert.equal((await ok('GET', '/transformations/count')).count, 0);
  });

  test('are made or changed by name with PUT', async () => {
    const first = await ok('PUT', '/transformations', { name: 'upserted', code: CODE, env: { A: '1' } });
    const second = await ok('PUT', '/transformations', { name: 'upserted', code: '2' });
    assert.equal(second.id, first.id);
    assert.equal(second.code, '2');
    assert.deepEqual(second.env, { A: '1' });
  });

  test('have names of their own: a clash shows the one that is there', async () => {
    const one = await ok('POST', '/transformations', { name: 'taken', code: CODE });
    const error = await refused(409, 'POST', '/transformations', { name: 'taken', code: 'x' });
    assert.deepEqual(error.data, one);
    const other = await ok('POST', '/transformations', { name: 'free', code: CODE });
    await refused(409, 'PUT', `/transformations/${other.id}`, { name: 'taken' });
    await ok('DELETE', `/transformations/${one.id}`);
    assert.notEqual((await ok('POST', '/transformations', { name: 'taken', code: CODE })).id, one.id);
  });

  test('are listed in pages', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) await ok('POST', '/transformations', { name, code: CODE });
    const names = 'name=page-a,page-b,page-c&order_by=name&dir=asc&limit=2';
    const first = await ok('GET', `/transformations?${names}`);
    assert.deepEqual(first.models.map((model) => [model.name, model.code]), [['page-a', CODE], ['page-b', CODE]]);
    const second = await ok('GET', `/transformations?${names}&next=${first.pagination.next}`);
    assert.deepEqual(second.models.map((model) => model.name), ['page-c']);
  });

  test('refuse what does not fit', async () => {
    await refusesStrangers(refused, 'POST', '/transformations', { name: 'x', code: CODE });
    await refused(404, 'GET', '/transformations/trs_nothing');
    await refused(404, 'PUT', '/transformations/trs_00000000000', { code: CODE });
    await refused(422, 'GET', '/transformations?nonsense=1');
    await refusesEach(refused, 'POST', '/transformations', [
      [{ name: 'x' }, /^code: is required/],
      [{ code: CODE }, /^name: is required/],
      [{ name: 'a b', code: CODE }, /^name: /],
      [{ name: 'x'.repeat(156), code: CODE }, /^name: .*155/],
      [{ name: 'x', code: 1 }, /^code: must be a string/],
      [{ name: 'x', code: CODE, env: [] }, /^env: must be an object/],
      [{ name: 'x', code: CODE, env: { A: 1 } }, /^env\.A: must be a string/],
      [{ name: 'x', code: CODE, more: 1 }, /^more: /],
    ]);
  });
});

describe('running one', () => {
  const request = { headers: { 'content-type': 'application/json' }, body: { a: 1 }, path: '/', query: '' };

  test('looks at the whole input first', async () => {
    const { id } = await ok('POST', '/transformations', { name: 'to-run', code: CODE });
    await refusesEach(refused, 'PUT', '/transformations/run', [
      [{ request }, /^code: or transformation_id/],
      [{ code: CODE }, /^request: or event_id/],
      [{ code: CODE, request, event_id: 'evt_x' }, /^request: cannot be given together/],
      [{ code: CODE, request: { body: {} } }, /^request\.headers: is required/],
      [{ code: CODE, request, env: { A: null } }, /^env\.A: /],
    ]);
    await refused(404, 'PUT', '/transformations/run', { transformation_id: 'trs_00000000000', request });
    await refused(404, 'PUT', '/transformations/run', { code: CODE, event_id: 'evt_00000000000' });
    await refused(404, 'PUT', '/transformations/run', { code: CODE, request, webhook_id: 'web_00000000000' });
    assert.deepEqual((await ok('GET', `/transformations/${id}/executions`)).models, []);
  });
});

describe('executions', () => {
  test('belong to a transformation that is there', async () => {
    const { id } = await ok('POST', '/transformations', { name: 'watched', code: CODE });
    const list = await ok('GET', `/transformations/${id}/executions?log_level=error,fatal&limit=5`);
    assert.equal(list.pagination.limit, 5);
    assert.equal(list.count, 0);
    await refused(422, 'GET', `/transformations/${id}/executions?log_level=loud`);
    await refused(404, 'GET', `/transformations/${id}/executions/exe_00000000000`);
    await refused(404, 'GET', '/transformations/trs_00000000000/executions');
    await ok('DELETE', `/transformations/${id}`);
    await refused(410, 'GET', `/transformations/${id}/executions`);
  });
});
