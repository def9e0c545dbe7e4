// What the workflow runner makes of documents: control flow, criteria, requests, reports, errors.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { workflow } from './runner.mjs';

// A server that answers with what it was asked, and /say/{status} with that status; "fails" counts down to a success.
let server, url, folder, calls = [], fails = 0, extra = {};

const DESCRIPTION = {
  openapi: '3.0.3',
  info: { title: 'echo', version: '1' },
  servers: [{ url: '/v1' }],
  security: [{ bearer: [] }],
  components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' },
    basic: { type: 'http', scheme: 'basic' }, header: { type: 'apiKey', in: 'header', name: 'X-Key' },
    query: { type: 'apiKey', in: 'query', name: 'key' } } },
  paths: {
    '/echo': { get: { operationId: 'look' }, post: { operationId: 'echo', requestBody: { content: { 'application/json': {} } } },
      put: { operationId: 'form', security: [{ basic: [] }], requestBody: { content: { 'application/x-www-form-urlencoded': {} } } },
      patch: { operationId: 'open', security: [] }, delete: { operationId: 'keyed', security: [{ header: [], query: [] }] } },
    '/echo/{id}': { get: { operationId: 'lookAt', parameters: [
      { name: 'list', in: 'query', style: 'pipeDelimited', explode: false },
      { name: 'deep', in: 'query', style: 'deepObject' }, { name: 'needed', in: 'query', required: false }] } },
    '/fails': { get: { operationId: 'fails' } },
    '/needs': { get: { operationId: 'needs', parameters: [{ name: 'q', in: 'query', required: true }] } },
    '/say/{status}': { get: { operationId: 'say' } },
  },
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-arazzo-'));
  writeFileSync(join(folder, 'echo.json'), JSON.stringify(DESCRIPTION));
  server = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      let json;
      try { json = JSON.parse(body); } catch { json = undefined; }
      const { pathname, searchParams } = new URL(request.url, 'http://localhost');
      const call = { method: request.method, path: pathname, query: [...searchParams].map((pair) => pair.join('=')),
        raw: request.url, headers: request.headers, body, json };
      calls.push(call);
      let status = 200;
      if (pathname === '/v1/fails' && fails-- > 0) status = 503;
      if (pathname.startsWith('/v1/say/')) status = Number(pathname.slice(8));
      reply.writeHead(status, { 'content-type': 'application/json', ...extra });
      reply.end(JSON.stringify({ ...call, status, items: [{ id: 1, name: 'One' }, { id: 2, name: 'Two' }], nothing: null }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
});
beforeEach(() => { calls = []; fails = 0; extra = {}; });

const documentOf = (workflows, more = {}) => ({
  arazzo: '1.0.1', info: { title: 'test', version: '1' },
  sourceDescriptions: [{ name: 'api', url: './echo.json', type: 'openapi' }], workflows, ...more });
const ok = [{ condition: '$statusCode == 200' }];

async function run(steps, { args = [], verb = 'run', more = {}, whole = {}, ...options } = {}) {
  const document = Array.isArray(steps)
    ? documentOf([{ workflowId: 'w', steps, ...more }], whole) : steps;
  const path = join(folder, 'document.json');
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return workflow(verb, [path, ...(verb === 'run' ? ['--server', url] : []), ...args], options);
}

test('values go where the document says, in their types', async () => {
  const done = await run([{ stepId: 's', operationId: 'echo', requestBody: { payload: {
    text: '$inputs.text', number: '$inputs.number', yes: '$inputs.yes', list: '$inputs.list', absent: '$inputs.absent',
    inside: 'a {$inputs.text} and {$inputs.number}', dollar: '$5', plain: 'x' } }, outputs: {
    text: '$response.body#/json/text', status: '$statusCode', method: '$method', sent: '$request.body#/number',
    header: '$response.header.Content-Type', missing: '$response.body#/none/0', url: '$url' } }], {
    args: ['--input', 'text=1', '--input', 'number=42', '--input', 'yes=true', '--input', 'list=[1,"b"]'],
    more: { inputs: { type: 'object', properties: { text: { type: 'string' }, number: { type: 'integer' },
      yes: { type: 'boolean' }, list: { type: 'array' }, absent: { type: 'string' } } },
    outputs: Object.fromEntries(['text', 'status', 'method', 'sent', 'header', 'missing', 'url'].map(
      (name) => [name, `$steps.s.outputs.${name}`])) } });
  assert.equal(done.code, 0, done.log);
  assert.deepEqual(calls[0].json, { text: '1', number: 42, yes: true, list: [1, 'b'], inside: 'a 1 and 42',
    dollar: '$5', plain: 'x' });
  assert.deepEqual(done.outputs, { text: '1', status: 200, method: 'POST', sent: 42, header: 'application/json',
    missing: null, url: `${url}/v1/echo` });
});

test('parameters: places, styles, escapes', async () => {
  const done = await run([{ stepId: 's', operationId: 'lookAt', parameters: [
    { name: 'id', in: 'path', value: 'a/b c?' }, { name: 'q', in: 'query', value: 'x & y=ü' },
    { name: 'many', in: 'query', value: [1, 2] }, { name: 'list', in: 'query', value: ['a', 'b'] },
    { name: 'deep', in: 'query', value: { gte: 1, lt: 'z' } }, { name: 'X-One', in: 'header', value: 'one' },
    { name: 'c', in: 'cookie', value: 'v 1' }, { name: 'd', in: 'cookie', value: 2 },
    { name: 'gone', in: 'query', value: '$inputs.gone' }] }], {
    more: { inputs: { type: 'object', properties: { gone: { type: 'string' } } },
      parameters: [{ name: 'X-One', in: 'header', value: 'shared' }, { name: 'X-Two', in: 'header', value: 'shared' }] } });
  assert.equal(done.code, 0, done.log);
  assert.equal(calls[0].raw.split('?')[0], '/v1/echo/a%2Fb%20c%3F');
  assert.deepEqual(calls[0].query, ['q=x & y=ü', 'many=1', 'many=2', 'list=a|b', 'deep[gte]=1', 'deep[lt]=z']);
  assert.equal(calls[0].headers['x-one'], 'one');
  assert.equal(calls[0].headers['x-two'], 'shared');
  assert.equal(calls[0].headers.cookie, 'c=v%201; d=2');
});

test('bodies: form, text template, replacements', async () => {
  const done = await run([
    { stepId: 'form', operationId: 'form', requestBody: { payload: { a: 'x y', b: [1, 2] } } },
    { stepId: 'template', operationId: 'echo', requestBody: { contentType: 'application/json',
      payload: '{"n": {$inputs.n}, "t": "{$inputs.t}"}' } },
    { stepId: 'xml', operationId: 'echo', requestBody: { contentType: 'application/xml', payload: '<a>{$inputs.t}</a>' } },
    { stepId: 'replace', operationId: 'echo', requestBody: { payload: { a: { b: 1 }, list: [1] }, replacements: [
      { target: '/a/b', value: '$inputs.n' }, { target: '/list/-', value: 'new' }] } }],
  { args: ['--input', 'n=7', '--input', 't=tt'], more: { inputs: { type: 'object',
    properties: { n: { type: 'integer' }, t: { type: 'string' } } } } });
  assert.equal(done.code, 0, done.log);
  assert.equal(calls[0].body, 'a=x%20y&b=1&b=2');
  assert.equal(calls[0].headers['content-type'], 'application/x-www-form-urlencoded');
  assert.deepEqual(calls[1].json, { n: 7, t: 'tt' });
  assert.equal(calls[2].body, '<a>tt</a>');
  assert.deepEqual(calls[3].json, { a: { b: 7 }, list: [1, 'new'] });
});

test('the key goes where the description wants it', async () => {
  const done = await run([{ stepId: 'a', operationId: 'look' }, { stepId: 'b', operationId: 'form' },
    { stepId: 'c', operationId: 'open' }, { stepId: 'd', operationId: 'keyed' }], { args: ['--api-key', 'se cret'] });
  assert.equal(done.code, 0, done.log);
  assert.equal(calls[0].headers.authorization, 'Bearer se cret');
  assert.equal(calls[1].headers.authorization, `Basic ${Buffer.from('se cret:').toString('base64')}`);
  assert.equal(calls[2].headers.authorization, undefined);
  assert.equal(calls[3].headers['x-key'], 'se cret');
  assert.deepEqual(calls[3].query, ['key=se cret']);
});

const CRITERIA = [
  [{ condition: '$statusCode == 200' }, true], [{ condition: '$statusCode != 200' }, false],
  [{ condition: '$response.body#/items/0/name == \'one\'' }, true], [{ condition: '{$statusCode == 200}' }, true],
  [{ condition: '$response.body.items[1].id == 2 && !($statusCode >= 400)' }, true],
  [{ condition: '$response.body#/none == null' }, true], [{ condition: '$response.body#/nothing' }, false],
  [{ condition: '$statusCode < 200 || $method == \'GET\'' }, true], [{ condition: '$response.header.x-none' }, false],
  [{ context: '$response.body', condition: '$.items[?@.id > 1]', type: 'jsonpath' }, true],
  [{ context: '$response.body', condition: '$.items[?@.id > 2]', type: 'jsonpath' }, false],
  [{ context: '$response.body', condition: '$[?@.method == "GET"]', type: 'jsonpath' }, true],
  [{ context: '$response.body', condition: '$.items.length == 2', type: 'jsonpath' }, true],
  [{ context: '$response.body', condition: '$.items.length > 2', type: 'jsonpath' }, false],
  [{ context: '$response.body', condition: '$.nowhere.length > 0', type: 'jsonpath' }, false],
  [{ context: '$response.body', condition: "$.method == 'get'", type: { type: 'jsonpath', version: 'rfc9535' } }, true],
  [{ context: '$response.body#/method', condition: '^G.T$', type: 'regex' }, true],
  [{ context: '$statusCode', condition: '^[45]', type: 'regex' }, false],
  [{ context: '$response.body#/none', condition: '.', type: 'regex' }, false],
];
test('criteria hold or do not', async () => {
  for (const [criterion, holds] of CRITERIA) {
    const done = await run([{ stepId: 's', operationId: 'look', successCriteria: [criterion] }]);
    assert.equal(done.code, holds ? 0 : 1, JSON.stringify(criterion) + done.log);
    if (!holds) assert.match(done.log, /does not hold/);
  }
});

test('without criteria any 2xx is a success, and nothing else', async () => {
  for (const [status, code] of [[200, 0], [204, 0], [302, 1], [404, 1], [500, 1]]) {
    const done = await run([{ stepId: 's', operationId: 'say', parameters: [{ name: 'status', in: 'path', value: status }] }]);
    assert.equal(done.code, code, done.log);
  }
});

test('goto, end, and outputs of steps that were left out', async () => {
  const done = await run([
    { stepId: 'a', operationId: 'look', outputs: { x: '$statusCode' }, onSuccess: [
      { name: 'no', type: 'end', criteria: [{ condition: '$statusCode == 404' }] },
      { name: 'yes', type: 'goto', stepId: 'c', criteria: [{ condition: '$statusCode == 200' }] }] },
    { stepId: 'b', operationId: 'echo', outputs: { x: '$statusCode' } },
    { stepId: 'c', operationId: 'lookAt', parameters: [{ name: 'id', in: 'path', value: '$steps.a.outputs.x' }],
      onSuccess: [{ name: 'stop', type: 'end' }] },
    { stepId: 'd', operationId: 'echo' }],
  { more: { outputs: { a: '$steps.a.outputs.x', b: '$steps.b.outputs.x' } } });
  assert.equal(done.code, 0, done.log);
  assert.deepEqual(calls.map((call) => call.path), ['/v1/echo', '/v1/echo/200']);
  assert.deepEqual(done.outputs, { a: 200, b: null });
});

test('a failure ends the workflow, unless an action knows better', async () => {
  const failing = { stepId: 'a', operationId: 'fails', successCriteria: ok };
  fails = 1;
  const plain = await run([failing, { stepId: 'b', operationId: 'look' }]);
  assert.equal(plain.code, 1);
  assert.equal(calls.length, 1);
  assert.match(plain.log, /\$statusCode is 503/);
  calls = []; fails = 1;
  const elsewhere = await run([{ ...failing, onFailure: [{ name: 'on', type: 'goto', stepId: 'c' }] },
    { stepId: 'b', operationId: 'look' }, { stepId: 'c', operationId: 'echo' }]);
  assert.equal(elsewhere.code, 0, elsewhere.log);
  assert.deepEqual(calls.map((call) => call.method), ['GET', 'POST']);
});

test('retries: once by default, as often as said, then the next action', async () => {
  const step = (retry) => [{ stepId: 'a', operationId: 'fails', successCriteria: ok, onFailure: [
    { name: 'again', type: 'retry', retryAfter: 0.01, ...retry }] }];
  fails = 1;
  assert.equal((await run(step({}))).code, 0);
  assert.equal(calls.length, 2);
  calls = []; fails = 2;
  assert.equal((await run(step({}))).code, 1);
  assert.equal(calls.length, 2);
  calls = []; fails = 3;
  assert.equal((await run(step({ retryLimit: 3 }))).code, 0);
  assert.equal(calls.length, 4);
  calls = []; fails = 9;
  const steps = step({ retryLimit: 2 });
  steps[0].onFailure.push({ name: 'give up', type: 'goto', stepId: 'b' });
  assert.equal((await run([...steps, { stepId: 'b', operationId: 'look' }])).code, 0);
  assert.deepEqual(calls.map((call) => call.path), ['/v1/fails', '/v1/fails', '/v1/fails', '/v1/echo']);
});

test('a retry may run a step first, and Retry-After goes before retryAfter', async () => {
  fails = 1;
  extra = { 'retry-after': '0' };
  const done = await run([{ stepId: 'other', operationId: 'look' },
    { stepId: 'a', operationId: 'fails', successCriteria: ok, onFailure: [
      { name: 'again', type: 'retry', retryAfter: 3600, stepId: 'other' }] }]);
  assert.equal(done.code, 0, done.log);
  assert.deepEqual(calls.map((call) => call.path), ['/v1/echo', '/v1/fails', '/v1/echo', '/v1/fails']);
});

test('workflow-level actions stand in, and those of a step replace them by name', async () => {
  const step = { stepId: 'a', operationId: 'fails', successCriteria: ok };
  const more = { failureActions: [{ name: 'again', type: 'retry', retryLimit: 2 }] };
  fails = 2;
  assert.equal((await run([step], { more })).code, 0);
  calls = []; fails = 2;
  assert.equal((await run([{ ...step, onFailure: [{ name: 'again', type: 'retry', retryLimit: 1 }] }], { more })).code, 1);
  assert.equal(calls.length, 2);
});

test('workflows call, depend on and go to each other', async () => {
  const called = { workflowId: 'called', inputs: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } },
    steps: [{ stepId: 's', operationId: 'lookAt', parameters: [{ name: 'id', in: 'path', value: '$inputs.x' }],
      outputs: { path: '$response.body#/path' } }], outputs: { path: '$steps.s.outputs.path' } };
  const done = await run(documentOf([
    { workflowId: 'first', dependsOn: ['before'], steps: [
      { stepId: 'call', workflowId: 'called', parameters: [{ name: 'x', value: 5 }],
        outputs: { path: '$outputs.path' } },
      { stepId: 'go', operationId: 'look', onSuccess: [{ name: 'over', type: 'goto', workflowId: 'last' }] },
      { stepId: 'never', operationId: 'echo' }],
    outputs: { path: '$steps.call.outputs.path' } },
    { workflowId: 'before', steps: [{ stepId: 's', operationId: 'form', requestBody: { payload: { a: 1 } } }] },
    called,
    { workflowId: 'last', steps: [{ stepId: 's', operationId: 'open', outputs: { m: '$method' } }],
      outputs: { method: '$steps.s.outputs.m', seen: '$workflows.called.outputs.path' } }]), { args: ['--workflow', 'first'] });
  assert.equal(done.code, 0, done.log);
  assert.deepEqual(calls.map((call) => call.method), ['PUT', 'GET', 'GET', 'PATCH']);
  assert.deepEqual(done.outputs, { method: 'PATCH', seen: '/v1/echo/5' });
});

test('all workflows of a document run, a dependency once', async () => {
  const done = await run(documentOf([
    { workflowId: 'a', dependsOn: ['b'], steps: [{ stepId: 's', operationId: 'look' }], outputs: {} },
    { workflowId: 'c', dependsOn: ['b'], steps: [{ stepId: 's', operationId: 'look' }] },
    { workflowId: 'b', steps: [{ stepId: 's', operationId: 'open', outputs: { m: '$method' } }],
      outputs: { m: '$steps.s.outputs.m' } }]), { args: [] });
  assert.equal(done.code, 0, done.log);
  assert.deepEqual(done.outputs, { a: {}, c: {}, b: { m: 'PATCH' } });
  assert.deepEqual(calls.map((call) => call.method), ['PATCH', 'GET', 'GET', 'PATCH']);
});

test('components are reused', async () => {
  const done = await run([{ stepId: 's', operationId: 'look', parameters: [{ reference: '$components.parameters.page' },
    { reference: '$components.parameters.size', value: 3 }], onSuccess: [{ reference: '$components.successActions.stop' }] },
  { stepId: 't', operationId: 'echo' }], { whole: { components: {
    parameters: { page: { name: 'page', in: 'query', value: 1 }, size: { name: 'size', in: 'query', value: 2 } },
    successActions: { stop: { name: 'stop', type: 'end' } } } } });
  assert.equal(done.code, 0, done.log);
  assert.deepEqual(calls.map((call) => call.query), [['page=1', 'size=3']]);
});

test('operations are found by path and by qualified id; two of one name are an error', async () => {
  writeFileSync(join(folder, 'other.json'), JSON.stringify({ ...DESCRIPTION, paths: {
    '/other': { get: { operationId: 'look' } }, '/more': { get: { operationId: 'only' } } } }));
  const two = { sourceDescriptions: [{ name: 'api', url: './echo.json' }, { name: 'other', url: 'other.json' }] };
  const good = await run([{ stepId: 'a', operationId: '$sourceDescriptions.other.look' },
    { stepId: 'b', operationPath: '{$sourceDescriptions.api.url}#/paths/~1echo~1{id}/get',
      parameters: [{ name: 'id', in: 'path', value: 1 }] }, { stepId: 'c', operationId: 'only' }], { whole: two });
  assert.equal(good.code, 0, good.log);
  assert.deepEqual(calls.map((call) => call.path), ['/v1/other', '/v1/echo/1', '/v1/more']);
  const bad = await run([{ stepId: 'a', operationId: 'look' }], { whole: two });
  assert.equal(bad.code, 2);
  assert.match(bad.log, /api and another one of other/);
});

test('nothing is sent when something is wrong with the inputs or the document', async () => {
  const inputs = { type: 'object', required: ['need'], properties: { need: { type: 'integer', minimum: 1 },
    kind: { type: 'string', enum: ['a', 'b'] } } };
  const step = { stepId: 's', operationId: 'look' };
  const cases = [
    [[step], { more: { inputs } }, /need is missing/],
    [[step], { more: { inputs }, args: ['--input', 'need=x'] }, /"x" is no integer/],
    [[step], { more: { inputs }, args: ['--input', 'need=0'] }, /at least 1/],
    [[step], { more: { inputs }, args: ['--input', 'need=1', '--input', 'kind=c'] }, /none of/],
    [[step], { more: { inputs }, args: ['--input', 'need=1', '--input', 'nead=1'] }, /no input "nead"; it has: need, kind/],
    [[step], { args: ['--workflow', 'nope'] }, /no workflow "nope"/],
    [[step], { args: ['--server', 'nope=http://127.0.0.1:1'] }, /no source "nope"/],
    [[step], { args: ['--server', 'ftp://x'] }, /is no server/],
    [[step], { args: ['--input', 'novalue'] }, /NAME=VALUE/],
    [[step], { args: ['--report', '/nowhere/at/all.json'] }, /cannot be written/],
    [[{ stepId: 's', operationId: 'nope' }], {}, /no source describes an operation "nope"/],
    [[{ stepId: 's' }], {}, /one of operationId, operationPath and workflowId, not none/],
    [[{ stepId: 's', operationId: 'look', onSuccess: [{ name: 'x', type: 'goto', stepId: 'none' }] }], {}, /no step "none"/],
    [[{ stepId: 's', operationId: 'look', onSuccess: [{ name: 'x', type: 'retry' }] }], {}, /"retry" is none of: end, goto/],
    [[{ stepId: 's', operationId: 'look', successCriteria: [{ condition: '$statusCode ==' }] }], {}, /condition, character/],
    [[{ stepId: 's', operationId: 'look', outputs: { x: '$steps.t.outputs.y' } }], {}, /no such step: "\$steps.t/],
    [[{ stepId: 's', operationId: 'look', outputs: { x: 'plain' } }], {}, /no expression begins with/],
    [[{ stepId: 's', workflowId: 'other' }], {}, /no workflow "other"/],
    [[{ stepId: 's', operationId: 'look', successCriteria: [{ condition: '//[', context: '$response.body', type: 'xpath' }] }],
      {}, /XPath: /],
    [[step, step], {}, /an earlier step has the stepId "s"/],
    [documentOf([{ workflowId: 'a', dependsOn: ['b'], steps: [step] }, { workflowId: 'b', dependsOn: ['a'], steps: [step] }]),
      {}, /circle/],
    ['arazzo: 1.0.1\narazzo: 1.0.1\n', {}, /there twice/],
    ['{', {}, /line \d+, column/],
    ['arazzo: 2.0.0\n', {}, /version 2.0.0/],
    ['a: &x [1]\nb: *y\n', {}, /alias/],
    ['[]', {}, /object belongs here/],
    ['', {}, /empty/],
  ];
  for (const [document, options, message] of cases) {
    const done = await run(document, options);
    assert.equal(done.code, 2, `${JSON.stringify(document)}: ${done.log}`);
    assert.match(done.log, message);
  }
  assert.equal(calls.length, 0);
});

test('a step whose path has no value fails and sends nothing; needed parameters likewise', async () => {
  const path = await run([{ stepId: 's', operationId: 'lookAt', parameters: [{ name: 'id', in: 'path', value: '$inputs.id' }] }],
    { more: { inputs: { type: 'object', properties: { id: { type: 'string' } } } } });
  assert.equal(path.code, 1);
  assert.match(path.log, /parameter id is needed/);
  const none = await run([{ stepId: 's', operationId: 'lookAt' }]);
  assert.match(none.log, /no value for \{id\}/);
  const query = await run([{ stepId: 's', operationId: 'needs', parameters: [{ name: 'q', in: 'query', value: '$inputs.q' }] }],
    { more: { inputs: { type: 'object', properties: { q: {} } } } });
  assert.match(query.log, /parameter q is needed/);
  const header = await run([{ stepId: 's', operationId: 'look', parameters: [{ name: 'X-A', in: 'header', value: 'a\r\nX-B: c' }] }]);
  assert.match(header.log, /line break/);
  assert.equal(calls.length, 0);
});

test('a server that cannot be reached is exit status 3', async () => {
  const done = await run([{ stepId: 's', operationId: 'look' }], { args: ['--server', 'http://127.0.0.1:1'] });
  assert.equal(done.code, 3, done.log);
});

test('a missing description is a warning that names it, and the one in --openapi is taken', async () => {
  const whole = { sourceDescriptions: [{ name: 'api', url: '../nowhere/echo.json' }] };
  const found = await run([{ stepId: 's', operationId: 'look' }], { whole, args: ['--openapi', folder] });
  assert.equal(found.code, 0, found.log);
  const missing = await run([{ stepId: 's', operationId: 'look' }], { whole });
  assert.equal(missing.code, 2);
  assert.match(missing.log, /warning: source api: .*no such file/);
});

test('unknown fields are warned about by name', async () => {
  const done = await run([{ stepId: 's', operationId: 'look', sucessCriteria: [], 'x-mine': 1 }], { verb: 'validate' });
  assert.equal(done.code, 0);
  assert.match(done.log, /workflows\[0\]\.steps\[0\]\.sucessCriteria.*no such field/);
  assert.ok(!done.log.includes('x-mine'));
});

test('the report and the archive say what happened, without secrets', async () => {
  const report = join(folder, 'report.json'), har = join(folder, 'run.har');
  fails = 1;
  const done = await run([{ stepId: 'a', operationId: 'fails', successCriteria: ok, onFailure: [{ name: 'again', type: 'retry' }] },
    { stepId: 'b', operationId: 'echo', requestBody: { payload: { password: '$inputs.password' } },
      outputs: { back: '$response.body#/json/password', status: '$statusCode' } }],
  { args: ['--api-key', 'very-secret-key', '--input', 'password=hush-hush', '--report', report, '--har', har, '--verbose'],
    more: { inputs: { type: 'object', properties: { password: { type: 'string', format: 'password' } } },
      outputs: { back: '$steps.b.outputs.back' } } });
  assert.equal(done.code, 0, done.log);
  const text = readFileSync(report, 'utf8'), archive = readFileSync(har, 'utf8');
  for (const shown of [text, archive, done.log])
    for (const secret of ['very-secret-key', 'hush-hush']) assert.ok(!shown.includes(secret), shown);
  assert.equal(calls[2].json.password, 'hush-hush');
  assert.deepEqual(done.outputs, { back: 'hush-hush' }, 'outputs are what the caller asked for');
  const { outcome, workflows } = JSON.parse(text);
  assert.equal(outcome, 'success');
  assert.equal(workflows[0].workflowId, 'w');
  assert.equal(workflows[0].outcome, 'success');
  assert.deepEqual(workflows[0].steps.map((step) => [step.stepId, step.outcome, step.attempt, step.action]),
    [['a', 'failure', 1, 'again'], ['a', 'success', 2, null], ['b', 'success', 1, null]]);
  assert.equal(workflows[0].steps[0].response.status, 503);
  assert.equal(workflows[0].steps[0].criteria[0].holds, false);
  assert.equal(workflows[0].steps[2].outputs.status, 200);
  const entries = JSON.parse(archive).log.entries;
  assert.deepEqual(entries.map((entry) => [entry.request.method, entry.response.status]), [['GET', 503], ['GET', 200], ['POST', 200]]);
});

test('a failed run has its report too', async () => {
  const report = join(folder, 'failed.json');
  fails = 1;
  const done = await run([{ stepId: 'a', operationId: 'fails' }], { args: ['--report', report] });
  assert.equal(done.code, 1);
  const { outcome, workflows } = JSON.parse(readFileSync(report, 'utf8'));
  assert.equal(outcome, 'failure');
  assert.match(workflows[0].reason, /503/);
});

test('a rehearsal sends nothing', async () => {
  const done = await run([{ stepId: 'a', operationId: 'look', outputs: { id: '$response.body#/id' } },
    { stepId: 'b', operationId: 'lookAt', parameters: [{ name: 'id', in: 'path', value: '$steps.a.outputs.id' }] }],
  { args: ['--dry-run'] });
  assert.equal(done.code, 0, done.log);
  assert.equal(calls.length, 0);
  assert.match(done.log, /GET .*\/v1\/echo\/\{\$steps\.a\.outputs\.id\}/);
});

test('endless documents end', async () => {
  const done = await run([{ stepId: 'a', operationId: 'look', onSuccess: [{ name: 'round', type: 'goto', stepId: 'a' }] }]);
  assert.equal(done.code, 1);
  assert.match(done.log, /workflow_steps/);
  const deep = await run(documentOf([{ workflowId: 'w', steps: [{ stepId: 'a', workflowId: 'w' }] }]));
  assert.equal(deep.code, 1);
  assert.match(deep.log, /workflow_nesting/);
  const bomb = ['a: &a [1,1,1,1,1,1,1,1]', ...'bcdefghij'.split('').map((name, i) =>
    `${name}: &${name} [${Array(8).fill(`*${'abcdefghij'[i]}`).join(',')}]`)].join('\n');
  assert.match((await run(bomb)).log, /aliases/);
  assert.match((await run('['.repeat(5000))).log, /deep/);
});

test('list and help tell how to use a document', async () => {
  const inputs = { type: 'object', required: ['a'], properties: { a: { type: 'string', description: 'The A.' },
    b: { type: 'integer', default: 4 } } };
  const done = await run([{ stepId: 's', operationId: 'look' }], { verb: 'list', more: { inputs, summary: 'Does it.' } });
  assert.equal(done.code, 0);
  assert.match(done.out, /^w {2}Does it\.\n {4}--input a=string {2}\(required\) {2}The A\.\n {4}--input b=integer {2}\(4\)/);
  assert.match((await workflow('run', ['--help'])).out, /usage: fairlead workflow run/);
  assert.equal((await workflow('dance', [])).code, 2);
  assert.equal((await workflow('run', [])).code, 2);
  assert.equal((await workflow('run', ['/nowhere.yml'])).code, 2);
});
