// Rules of connections as the API takes, keeps and shows them: filter, deduplicate and transform.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, until } from './gateway.mjs';
import { callsOf, refusesEach } from './resource.mjs';

const CODE = 'addHandler("transform", (request) => request);';
let gateway, ok, refused, counter = 0;

before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

const bodyWith = (rules, name = `web-${++counter}`) => ({
  name, source: { name: `in-${name}` }, destination: { name: `out-${name}`, type: 'MOCK_API' }, rules,
});
const make = async (rules) => ok('PUT', '/connections', bodyWith(rules));
const transformation = (name, code = CODE, env) => ok('PUT', '/transformations', { name, code, ...(env ? { env } : {}) });
const named = async (name) => {
  const [found] = (await ok('GET', `/transformations?name=${name}`)).models;
  return found && ok('GET', `/transformations/${found.id}`); // lists do not show variables
};

describe('what is kept', () => {
  test('filters come back as they were given', async () => {
    const rules = [
      { type: 'filter', body: { a: { $gt: 1, $lt: 2.5 }, $or: [{ b: null }, { c: [1, '2', true] }] } },
      { type: 'filter', headers: { 'X-Shop': { $exist: true } }, query: { page: 1 }, path: { $startsWith: ['/a', '/b'] } },
      { type: 'filter', body: 'text', path: '/a' }, { type: 'filter', body: 5 }, { type: 'filter', body: true }, { type: 'filter', body: 1.5 },
      { type: 'filter', body: ['x'] }, { type: 'filter', body: null, headers: null }, { type: 'filter' },
      { type: 'filter', body: { list: { price: { $gte: { $ref: 'list[$index].least' } } } } },
      { type: 'filter', body: { $not: { a: { $in: ['x', 1, null] } }, $and: [{ b: { $nin: 'y' } }] } },
    ];
    const made = await make(rules);
    assert.deepEqual(made.rules, rules);
    assert.deepEqual((await ok('GET', `/connections/${made.id}`)).rules, rules);
    assert.deepEqual((await ok('PUT', `/connections/${made.id}`, { description: 'd' })).rules, rules);
  });

  test('deduplicate rules come back as they were given', async () => {
    const rules = [
      { type: 'deduplicate', window: 1000 }, { type: 'deduplicate', window: 3600000, include_fields: ['body.id', 'headers.X-Id', 'query', 'path'] },
      { type: 'deduplicate', window: 60000, exclude_fields: ['body.items[*].at', 'body.items[0].id', 'body[*].x', 'headers'] },
    ];
    assert.deepEqual((await make(rules)).rules, rules);
  });

  test('rules of every type stay in their order', async () => {
    const { id } = await transformation('ordered');
    const rules = [
      { type: 'deduplicate', window: 1000 }, { type: 'retry', strategy: 'linear' }, { type: 'transform', transformation_id: id },
      { type: 'delay', delay: 1 }, { type: 'filter', body: { a: 1 } }, { type: 'transform', transformation_id: id },
    ];
    const made = await make(rules);
    assert.deepEqual(made.rules, rules);
    assert.deepEqual((await ok('PUT', `/connections/${made.id}`, { rules: [...rules].reverse() })).rules, [...rules].reverse());
  });

  for (const version of ['2023-07-01', '2024-03-01', '2025-01-01', '2025-07-01'])
    test(`${version} shows the same`, async () => {
      const { id } = await transformation('versions');
      const rules = [{ type: 'filter', body: { a: 1 } }, { type: 'transform', transformation_id: id }, { type: 'deduplicate', window: 5000 }];
      const made = await make(rules);
      const reply = await fetch(`${gateway.url}/${version}/connections/${made.id}`, { headers: { authorization: `Bearer ${gateway.key}` } });
      assert.deepEqual((await reply.json()).rules, rules);
    });
});

test('the examples of docs/rules.md are taken', async () => {
  const text = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
  const rules = text.split('\n').filter((line) => line.startsWith('{"type"')).map((line) => JSON.parse(line));
  assert.ok(rules.length >= 5);
  assert.deepEqual((await make(rules)).rules, rules);
  const whole = JSON.parse(/-d '(\{[^']*\})'/.exec(text)[1]);
  assert.deepEqual((await ok('PUT', '/connections', whole)).rules.map(({ type }) => type), whole.rules.map(({ type }) => type));
});

describe('transformations in rules', () => {
  test('one that stands in a rule is made, and shown by its id', async () => {
    const made = await make([{ type: 'transform', transformation: { name: 'inline', code: CODE, env: { A: '1' } } }]);
    const { id, code, env } = await named('inline');
    assert.deepEqual([code, env], [CODE, { A: '1' }]);
    assert.deepEqual(made.rules, [{ type: 'transform', transformation_id: id }]);
    // Given again it is changed, and stays the same one; what is left out stays.
    const again = await make([{ type: 'transformation', transformation: { name: 'inline', code: `${CODE}//2`, env: null } }]);
    assert.deepEqual(again.rules, [{ type: 'transform', transformation_id: id }]);
    const changed = await named('inline');
    assert.deepEqual([changed.id, changed.code, changed.env], [id, `${CODE}//2`, { A: '1' }]);
  });

  test('a name alone, or an id in its place, means one that is there', async () => {
    const { id } = await transformation('there', CODE, { B: '2' });
    for (const name of ['there', id])
      assert.deepEqual((await make([{ type: 'transform', transformation: { name } }])).rules, [{ type: 'transform', transformation_id: id }]);
    assert.deepEqual((await named('there')).env, { B: '2' });
    await make([{ type: 'transform', transformation: { name: id, env: { C: '3' } } }]);
    assert.deepEqual([(await named('there')).env, (await named('there')).code], [{ C: '3' }, CODE]);
  });

  test('two rules may share a new one', async () => {
    const made = await make([{ type: 'transform', transformation: { name: 'shared', code: CODE } }, { type: 'transform', transformation: { name: 'shared' } }]);
    const { id } = await named('shared');
    assert.deepEqual(made.rules.map((rule) => rule.transformation_id), [id, id]);
  });

  test('nothing of a refused change stays', async () => {
    await refused(422, 'PUT', '/connections', bodyWith([{ type: 'transform', transformation: { name: 'never', code: CODE } }, { type: 'filter', body: { $x: 1 } }], 'never'));
    await refused(422, 'PUT', '/connections', bodyWith([{ type: 'transform', transformation: { name: 'never', code: CODE } }, { type: 'transform', transformation_id: 'trs_0' }], 'never'));
    assert.equal(await named('never'), undefined);
    assert.deepEqual((await ok('GET', '/sources?name=in-never')).models, []);
  });

  test('one that a rule uses is not deleted', async () => {
    const made = await make([{ type: 'transform', transformation: { name: 'used', code: CODE } }]);
    const { id } = await named('used');
    const error = await refused(422, 'DELETE', `/transformations/${id}`);
    assert.match(error.data[0], new RegExp(`connection ${made.id} use`));
    await ok('PUT', `/connections/${made.id}`, { rules: [] });
    await ok('DELETE', `/transformations/${id}`);
    await refused(422, 'PUT', `/connections/${made.id}`, { rules: [{ type: 'transform', transformation_id: id }] });
    await refused(422, 'PUT', `/connections/${made.id}`, { rules: [{ type: 'transform', transformation: { name: 'used' } }] });
  });
});

test('what is wrong is refused with its place', async () => {
  const { id } = await transformation('fine');
  const fields = (include_fields) => [{ type: 'deduplicate', window: 1000, include_fields }];
  const cases = [
    [[{ type: 'retry', strategy: 'linear' }, { type: 'delay', delay: 1 }, { type: 'filter', body: { a: { $gt: true } } }], /^rules\[2\]\.body\.a\.\$gt: must be a string or a number$/],
    [[{ type: 'filter', headers: { $or: 1 } }], /^rules\[0\]\.headers\.\$or: must be an array of filters$/],
    [[{ type: 'filter', query: { a: { $regex: 'x' } } }], /^rules\[0\]\.query\.a\.\$regex: is not an operator of filters$/],
    [[{ type: 'filter', path: { $ref: 'a..b' } }], /^rules\[0\]\.path\.\$ref: is not a path like/],
    [[{ type: 'filter', headers: { A: 1, a: 2 } }], /^rules\[0\]\.headers\.a: is there in another letter case too$/],
    [[{ type: 'filter', $or: [{ body: 1 }] }], /^rules\[0\]\.\$or: is not a field of this request$/],
    [[{ type: 'filter', method: 'POST' }], /^rules\[0\]\.method: is not a field of this request$/],
    [[{ type: 'filter', body: JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) }], /^rules\[0\]\.body.*nested too deeply \(filter_depth\)$/],
    [[{ type: 'filter', body: Array(2001).fill(1) }], /^rules\[0\]\.body: the filter has too many values \(filter_nodes\)$/],
    [[{ type: 'deduplicate' }], /^rules\[0\]\.window: is required$/],
    [[{ type: 'deduplicate', window: 999 }], /^rules\[0\]\.window: must be from 1000 to 3600000$/],
    [[{ type: 'deduplicate', window: 3600001 }], /^rules\[0\]\.window: must be from 1000 to 3600000$/],
    [[{ type: 'deduplicate', window: '1000' }], /^rules\[0\]\.window: must be an integer, not a string$/],
    [[{ type: 'deduplicate', window: null }], /^rules\[0\]\.window: must be an integer, not null$/],
    [[{ type: 'deduplicate', window: 1000, include_fields: ['body'], exclude_fields: ['path'] }], /^rules\[0\]\.exclude_fields: cannot be given together with include_fields$/],
    [fields([]), /^rules\[0\]\.include_fields: must be an array of 1 to 50 paths$/],
    [fields(Array.from({ length: 51 }, (_, i) => `body.f${i}`)), /^rules\[0\]\.include_fields: must be an array of 1 to 50 paths$/],
    [fields('body'), /^rules\[0\]\.include_fields: must be an array, not a string$/],
    [fields(['body.a', 'method']), /^rules\[0\]\.include_fields\[1\]: must begin with headers, body, query or path$/],
    [fields(['body.items[*]']), /^rules\[0\]\.include_fields\[0\]: \[\*\] and \[n\] must be followed by a name$/],
    [fields(['body..a']), /^rules\[0\]\.include_fields\[0\]: is not a path/],
    [fields([1]), /^rules\[0\]\.include_fields\[0\]: must be a string, not an integer$/],
    [[{ type: 'deduplicate', window: 1000, fields: [] }], /^rules\[0\]\.fields: is not a field of this request$/],
    [[{ type: 'transform' }], /^rules\[0\]\.transformation_id: or transformation is required$/],
    [[{ type: 'transform', transformation_id: null }], /^rules\[0\]\.transformation_id: or transformation is required$/],
    [[{ type: 'delay', delay: 1 }, { type: 'transform', transformation_id: 'trs_00000000000' }], /^rules\[1\]\.transformation_id: there is no transformation trs_00000000000$/],
    [[{ type: 'transform', transformation_id: 'src_00000000000' }], /^rules\[0\]\.transformation_id: there is no transformation src_/],
    [[{ type: 'transform', transformation_id: id, transformation: { name: 'a', code: 'b' } }], /^rules\[0\]\.transformation_id: cannot be given together with transformation$/],
    [[{ type: 'transform', transformation: { code: CODE } }], /^rules\[0\]\.transformation\.name: is required$/],
    [[{ type: 'transform', transformation: { name: 'unknown' } }], /^rules\[0\]\.transformation\.code: is required, there is no transformation unknown$/],
    [[{ type: 'transform', transformation: { name: 'a b', code: CODE } }], /^rules\[0\]\.transformation\.name: must consist of letters/],
    [[{ type: 'transform', transformation: { name: 'a', code: CODE, env: { X: 1 } } }], /^rules\[0\]\.transformation\.env\.X: must be a string, not an integer$/],
    [[{ type: 'transform', transformation: { name: 'a', code: CODE, more: 1 } }], /^rules\[0\]\.transformation\.more: is not a field of this request$/],
    [[{ type: 'bogus' }], /^rules\[0\]\.type: "bogus" is no type of rule$/], [[{}], /^rules\[0\]\.type: is required and must be a string$/],
    // Each wrong rule is named.
    [[{ type: 'deduplicate', window: 1 }, { type: 'filter', body: { $x: 1 } }], /^rules\[1\]\.body\.\$x: is not an operator of filters$/],
  ].map(([rules, pattern]) => [bodyWith(rules, 'wrong'), pattern]);
  await refusesEach(refused, 'PUT', '/connections', cases);
  await refusesEach(refused, 'POST', '/connections', cases);
  const made = await make([{ type: 'filter', body: { kept: 1 } }]);
  await refusesEach(refused, 'PUT', `/connections/${made.id}`, cases.map(([{ rules }, pattern]) => [{ rules }, pattern]));
  assert.deepEqual((await ok('GET', `/connections/${made.id}`)).rules, made.rules);
  assert.deepEqual((await ok('GET', '/connections?name=wrong')).models, []);
});

test('rules that can no longer be read let nothing pass, and say so', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-rules-'));
  let running = await startGateway({ dir });
  const start = async (args) => {
    await running.stop();
    running = await startGateway({ dir, args });
    return callsOf(running);
  };
  const send = async (name) => {
    const { url } = (await callsOf(running).ok('GET', `/sources?name=${name}`)).models[0];
    return (await (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1,"b":2}' })).json()).request_id;
  };
  const counts = async (calls, id) => until('an end', async () => {
    const { events_count, ignored_count } = await calls.ok('GET', `/requests/${id}`);
    return events_count + ignored_count > 0 && [events_count, ignored_count];
  });
  try {
    await callsOf(running).ok('PUT', '/connections', bodyWith([{ type: 'filter', body: { a: 1, b: 2 } }], 'closed'));
    const lowered = await start(['--set', 'filter_nodes=2']);
    const id = await send('in-closed');
    assert.deepEqual(await counts(lowered, id), [0, 1]);
    const [ignored] = (await lowered.ok('GET', `/requests/${id}/ignored_events`)).models;
    assert.equal(ignored.cause, 'FILTERED');
    assert.match(running.log(), /the rules of connection closed cannot be run, it lets nothing pass: rules\[0\]\.body: the filter has too many values/);
    // What came meanwhile is sent again when they can.
    const mended = await start([]);
    await mended.ok('POST', `/requests/${id}/retry`, {});
    await until('the event', async () => (await mended.ok('GET', `/requests/${id}/events`)).models.length === 1);
  } finally {
    await running.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
