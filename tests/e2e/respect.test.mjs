// Side by side with another runner: both send the same requests and come to the same verdict. Where they do not, the
// difference is named here and explained in docs/workflows.md.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { respect, workflow } from './runner.mjs';

const REPLY = { responses: { 200: { description: 'good' } } };
const DESCRIPTION = {
  openapi: '3.0.3', info: { title: 'shop', version: '1' }, servers: [{ url: 'http://127.0.0.1:1/v1' }],
  paths: {
    '/items': { get: { operationId: 'list', parameters: ['q', 'n', 'id'].map((name) => ({ name, in: 'query', schema: { type: 'string' } })), ...REPLY },
      post: { operationId: 'make', requestBody: { content: { 'application/json': {} } }, ...REPLY } },
    '/items/{id}': { parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: { operationId: 'get', ...REPLY } },
    '/form': { post: { operationId: 'form', requestBody: { content: { 'application/x-www-form-urlencoded': {} } }, ...REPLY } },
    '/fails': { get: { operationId: 'fails', ...REPLY } },
  },
};

let server, url, folder, calls = [], fails = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-respect-'));
  writeFileSync(join(folder, 'shop.json'), JSON.stringify(DESCRIPTION));
  server = createServer((request, reply) => {
    let body = '';
    request.on('data', (bytes) => { body += bytes; });
    request.on('end', () => {
      let json;
      try { json = JSON.parse(body); } catch { json = body; }
      calls.push({ method: request.method, url: request.url, trace: request.headers['x-trace'] ?? null,
        cookie: request.headers.cookie ?? null, body: json });
      const status = request.url.includes('fails') && fails-- > 0 ? 503 : 200;
      reply.writeHead(status, { 'content-type': 'application/json', 'x-count': String(calls.length) });
      reply.end(JSON.stringify({ id: `i-${calls.length}`, count: 3, name: 'Anne', list: [{ id: 1 }, { id: 2 }], nothing: null }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}/v1`;
});
after(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
});

const ok = [{ condition: '$statusCode == 200' }];
const query = (name, value) => ({ name, in: 'query', value });
const list = (stepId, more = {}) => ({ stepId, operationId: 'list', successCriteria: ok, ...more });
const one = (steps, more = {}) => [{ workflowId: 'w', steps, ...more }];

// name, workflows, { inputs, fails, components, differs }
const DOCUMENTS = [
  ['values of one step go to the next', one([
    list('a', { outputs: { id: '$response.body#/id', second: '$response.body#/list/1/id', count: '$response.header.x-count', status: '$statusCode' } }),
    { stepId: 'b', operationId: 'make', successCriteria: ok, requestBody: { contentType: 'application/json',
      payload: { id: '$steps.a.outputs.id', second: '$steps.a.outputs.second', text: 'no {$steps.a.outputs.count} of it', plain: 7, nested: [{ status: '$steps.a.outputs.status' }] } } }])],
  ['parameters in all places', one([{ stepId: 'a', operationId: 'get', successCriteria: ok, parameters: [
    { name: 'id', in: 'path', value: 'a b' }, { name: 'X-Trace', in: 'header', value: 't-1' }, { name: 'session', in: 'cookie', value: 'c-1' }] },
  list('b', { parameters: [query('q', 'x&y'), query('n', 5)] })])],
  ['inputs and their defaults', one([list('a', { parameters: [query('q', '$inputs.q'), query('n', '$inputs.n')] })],
    { inputs: { type: 'object', properties: { q: { type: 'string' }, n: { type: 'integer', default: 4 } } } }), { inputs: { q: 'given' } }],
  ['a form', one([{ stepId: 'a', operationId: 'form', successCriteria: ok, requestBody: {
    contentType: 'application/x-www-form-urlencoded', payload: { a: 'one', b: 'two' } } }])],
  ['replacements', one([{ stepId: 'a', operationId: 'make', successCriteria: ok, requestBody: { contentType: 'application/json',
    payload: { a: { b: 1 } }, replacements: [{ target: '/a/b', value: 2 }] } }])],
  ['a criterion that does not hold ends the workflow', one([list('a', { successCriteria: [{ condition: '$response.body#/count > 5' }] }), list('b')])],
  ['conditions', one([list('a', { successCriteria: [{ condition: "$response.body#/name == 'Anne' && $response.body#/count >= 3" },
    { condition: '^20\\d$', context: '$statusCode', type: 'regex' }, { condition: '$[?@.count == 3]', context: '$response.body', type: 'jsonpath' }] })])],
  ['goto leaves steps out', one([list('a', { onSuccess: [{ name: 'on', type: 'goto', stepId: 'c' }] }), list('b', { parameters: [query('q', 'b')] }),
    list('c', { parameters: [query('q', 'c')] })])],
  ['end leaves steps out', one([list('a', { onSuccess: [{ name: 'done', type: 'end' }] }), list('b')])],
  ['a retry is taken once when it does not say', one([{ stepId: 'a', operationId: 'fails', successCriteria: ok,
    onFailure: [{ name: 'again', type: 'retry', retryAfter: 0.01 }] }]), { fails: 1 }],
  ['and no more than that', one([{ stepId: 'a', operationId: 'fails', successCriteria: ok,
    onFailure: [{ name: 'again', type: 'retry', retryAfter: 0.01 }] }]), { fails: 5 }],
  ['a retry is taken as often as it says', one([{ stepId: 'a', operationId: 'fails', successCriteria: ok,
    onFailure: [{ name: 'again', type: 'retry', retryAfter: 0.01, retryLimit: 3 }] }]), { fails: 3 }],
  ['workflows call workflows', [
    { workflowId: 'inner', inputs: { type: 'object', properties: { q: { type: 'string' } } }, steps: [list('i', { parameters: [query('q', '$inputs.q')],
      outputs: { id: '$response.body#/id' } })], outputs: { id: '$steps.i.outputs.id' } },
    { workflowId: 'outer', steps: [{ stepId: 'call', workflowId: 'inner', parameters: [{ name: 'q', value: 'called' }], outputs: { id: '$outputs.id' } },
      list('use', { parameters: [query('id', '$steps.call.outputs.id')] })] }], { inputs: { q: 'direct' } }],
  ['parameters of the workflow, and steps that have their own', one([list('a'), list('b', { parameters: [{ name: 'X-Trace', in: 'header', value: 'own' }] })],
    { parameters: [{ name: 'X-Trace', in: 'header', value: 'shared' }] })],
  ['components are reused', one([list('a', { parameters: [{ reference: '$components.parameters.q' }, { reference: '$components.parameters.n', value: '9' }] })]),
    { components: { parameters: { q: query('q', 'reused'), n: query('n', '8') } } }],
  ['an operationPath', one([{ stepId: 'a', operationPath: '{$sourceDescriptions.shop.url}#/paths/~1items/get', successCriteria: ok }])],
];

// What they do differently on purpose: what each comes to.
const DIFFERENCES = [
  ['a failure that goes on elsewhere', one([{ stepId: 'a', operationId: 'fails', successCriteria: ok,
    onFailure: [{ name: 'on', type: 'goto', stepId: 'c' }] }, list('b'), list('c', { parameters: [query('q', 'c')] })]),
  (ours, theirs) => { assert.equal(ours.code, 0); assert.notEqual(theirs.code, 0); assert.equal(ours.calls.length, theirs.calls.length); },
  { fails: 1 }],
  ['an input that is not there', one([list('a', { parameters: [query('q', '$inputs.q')] })],
    { inputs: { type: 'object', properties: { q: { type: 'string' } } } }),
  (ours, theirs) => { assert.equal(ours.calls[0].url, '/v1/items'); assert.equal(theirs.calls[0].url, '/v1/items?q=undefined'); }],
  ['an output of a step that was left out', one([list('a', { onSuccess: [{ name: 'done', type: 'end' }] }), list('b', { outputs: { id: '$response.body#/id' } })],
    { outputs: { id: '$steps.b.outputs.id' } }),
  (ours, theirs) => { assert.equal(ours.code, 0); assert.notEqual(theirs.code, 0); }],
  ['texts are equal whatever their case', one([list('a', { successCriteria: [{ condition: "$response.body#/name == 'ANNE'" }] })]),
    (ours, theirs) => { assert.equal(ours.code, 0); assert.notEqual(theirs.code, 0); }],
];

async function runBoth(workflows, { inputs, fails: most = 0, components } = {}) {
  writeFileSync(join(folder, 'document.json'), JSON.stringify({ arazzo: '1.0.1', info: { title: 'test', version: '1' },
    sourceDescriptions: [{ name: 'shop', url: 'shop.json', type: 'openapi' }], workflows, ...(components && { components }) }));
  const results = [];
  for (const run of [
    () => workflow('run', ['document.json', '--server', url, ...Object.entries(inputs ?? {}).flatMap(([name, value]) => ['--input', `${name}=${value}`])], { cwd: folder }),
    () => respect(['document.json', '-S', `shop=${url}`, ...(inputs ? ['-i', JSON.stringify(inputs)] : [])], folder)]) {
    calls = [];
    fails = most;
    const done = await run();
    results.push({ code: done.code, calls, text: done.out + done.log });
  }
  return results;
}

// A blank in a query is "+" or "%20".
const plain = (call) => ({ ...call, url: decodeURIComponent(call.url.replaceAll('+', '%20')) });

test('both come to the same', async () => {
  const wrong = [];
  for (const [name, workflows, options] of DOCUMENTS) {
    const [ours, theirs] = await runBoth(workflows, options);
    const [we, they] = [ours, theirs].map((run) => JSON.stringify([run.code === 0, run.calls.map(plain)]));
    if (we !== they) wrong.push(`${name}\n${we}\n${they}\n${ours.text}\n${theirs.text}`);
  }
  assert.deepEqual(wrong, []);
});

test('where they differ, it is known', async () => {
  for (const [name, workflows, check, options] of DIFFERENCES) {
    const [ours, theirs] = await runBoth(workflows, options);
    assert.doesNotThrow(() => check(ours, theirs), `${name}\n${ours.text}\n${theirs.text}`);
  }
});
