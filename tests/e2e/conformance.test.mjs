// The gateway does what it says, and says what the API is: every operation of /openapi.json with a call that is good, whose
// answer has the shape of the API (conformance/api_shapes.json) and the one described, and with every call that the
// description says is wrong, which must be refused with the right status, in the one form, naming what is wrong.
//
// A noun adds its good calls in a file of conformance/calls/; an operation without one fails the test.
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { callerOf } from './caller.mjs';
import { descriptionOf, operationsOf } from './description.mjs';
import { fill, goodQueries, queryText, refusalsOf } from './conformance/refusals.mjs';
import { assertDescribed, assertShape, operationsIn } from './conformance/shapes.mjs';
import { startWorld } from './conformance/world.mjs';

const REFERENCE = operationsIn('operations.txt'), CLIENTS = operationsIn('client_operations.txt');
const FACTS = new Map([...REFERENCE, ...CLIENTS].map((operation) => [operation.id, operation]));
const folder = new URL('conformance/calls/', import.meta.url);
const CALLS = Object.assign({}, ...await Promise.all(
  readdirSync(folder).map(async (name) => (await import(new URL(name, folder))).calls)));

const world = await startWorld();
const description = await descriptionOf(world.gateway);
const caller = callerOf(world.gateway);
const OFFERED = [...operationsOf(description)];
const done = new Map(OFFERED.map(({ operation }) => [operation.operationId, { good: 0, refused: 0 }]));

after(async () => {
  caller.close();
  await world.stop();
  const rows = OFFERED.map(({ path, method, operation }) => {
    const { good, refused } = done.get(operation.operationId);
    return `${operation.operationId.padEnd(40)} ${String(good).padStart(4)} ${String(refused).padStart(7)}  ${method} ${path}`;
  });
  const covered = [...done.values()].filter(({ good, refused }) => good > 0 && refused > 0).length;
  const known = REFERENCE.filter(({ id }) => done.has(id)).length;
  console.log(['operation                                good refused', ...rows,
    `${covered} of ${OFFERED.length} offered operations called; ${known} of the API's ${REFERENCE.length} are offered`].join('\n'));
});

const schemaOf = (operation, status = '200') => operation.responses[status].content['application/json'].schema;

function assertReply({ operation, method, path }, reply, what) {
  assert.equal(reply.status, 200, `${what}: ${JSON.stringify(reply.body)}`);
  const fact = FACTS.get(operation.operationId);
  if (fact) assertShape(fact.shape, reply.body, what);
  assertDescribed(description, schemaOf(operation), reply.body, `${method} ${path}`);
}

test('the operations have the paths and names of the API', () => {
  const wrong = OFFERED.filter(({ path, method, operation }) => {
    const fact = FACTS.get(operation.operationId);
    return fact && `${fact.method} ${fact.path}` !== `${method} ${path}`;
  });
  assert.deepEqual(wrong.map(({ operation }) => operation.operationId), []);
  const offered = new Map(OFFERED.map(({ path, method, operation }) => [`${method} ${path}`, operation.operationId]));
  const misnamed = [...FACTS.values()].filter(({ method, path, id }) => offered.has(`${method} ${path}`) && offered.get(`${method} ${path}`) !== id);
  assert.deepEqual(misnamed.map(({ id }) => id), []);
});

test('every operation of the API is offered', () => {
  assert.deepEqual([...FACTS.keys()].filter((id) => !done.has(id)), []);
});

test('every operation has a good call', () => {
  assert.deepEqual(OFFERED.map(({ operation }) => operation.operationId).filter((id) => !CALLS[id]), []);
  assert.deepEqual(Object.keys(CALLS).filter((id) => !done.has(id)), []);
});

test('methods that a path does not have are refused, and those that it has are told', async () => {
  const forms = OFFERED.map(({ path, method }) => [method, new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)]);
  const calls = Object.entries(description.paths).flatMap(([pattern, methods]) => ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
    .map((method) => ({ method, path: pattern.replaceAll(/\{\w+\}/g, 'x'), methods: Object.keys(methods) }))
    // "/sources/count" is one of "/sources/{id}" too
    .filter(({ method, path }) => !forms.some(([other, form]) => other === method && form.test(path))));
  assert.ok(calls.length > 100);
  await caller.callAll(calls, (reply, { methods }, what) => {
    assert.equal(reply.status, 405, `${what}: ${JSON.stringify(reply.body)}`);
    for (const method of methods) assert.ok(reply.headers.allow.split(', ').includes(method.toUpperCase()), `${what}: ${reply.headers.allow}`);
  });
});

for (const offered of OFFERED) {
  const { path, method, operation } = offered;
  const id = operation.operationId;
  if (!CALLS[id]) continue;
  test(`${id}: ${method} ${path}`, async () => {
    const count = done.get(id);
    const good = await CALLS[id](world);
    const { ids, query, body, headers } = good;
    const refusals = [...refusalsOf(offered, good)].map((refusal) => ({ ...refusal, headers: { ...headers, ...refusal.headers } }));
    await caller.callAll(refusals, (reply, { status, names }, what) => {
      assert.equal(reply.status, status, `${what}: ${JSON.stringify(reply.body)}`);
      assertDescribed(description, schemaOf(operation, String(status)), reply.body, what);
      if (names) assert.ok(reply.body.data?.some((sentence) => sentence.startsWith(names)), `${what}: ${names} is not named in ${JSON.stringify(reply.body.data)}`);
      count.refused++;
    });
    const at = fill(path, ids), json = body === undefined ? undefined : JSON.stringify(body);
    for (const more of method === 'GET' ? goodQueries(offered, query) : []) {
      assertReply(offered, await caller.call(method, at + queryText(more), json, headers), `${method} ${at}${queryText(more)}`);
      count.good++;
    }
    const reply = await caller.call(method, at + queryText(query), json, headers);
    assertReply(offered, reply, `${method} ${at}`);
    count.good++;
  });
}
