// What people and build servers see of a run: lines, colours, progress, the summary, JUnit, archives, descriptions.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { XMLValidator } from 'fast-xml-parser';
import { parse as parseJunit } from 'junit2json';

import { PROGRAM, workflow } from './runner.mjs';

const require = createRequire(import.meta.url);

const DESCRIPTION = {
  openapi: '3.0.3', info: { title: 'shop', version: '1' }, servers: [{ url: '/v1' }],
  paths: {
    '/orders': { get: { operationId: 'list' }, post: { operationId: 'make', requestBody: { content: { 'application/json': {} } } } },
    '/slow': { get: { operationId: 'slow' } },
    '/fails': { get: { operationId: 'fails' } },
  },
};
const ok = [{ condition: '$statusCode == 200' }];

let server, url, folder, fails = 0, calls = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-output-'));
  writeFileSync(join(folder, 'shop.json'), JSON.stringify(DESCRIPTION));
  server = createServer((request, reply) => {
    calls++;
    request.resume().on('end', () => {
      const status = request.url.startsWith('/v1/fails') && fails-- > 0 ? 503 : 200;
      const send = () => reply.writeHead(status, { 'content-type': 'application/json', 'set-cookie': ['session=hidden; Path=/', 'b=c'] })
        .end(JSON.stringify({ id: 'o-1', text: '<&"\u0001>', count: 3, access_token: 'found-in-a-reply' }));
      request.url.startsWith('/v1/slow') ? setTimeout(send, 1500) : send();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
});
beforeEach(() => { fails = 0; calls = 0; });

function write(workflows, more = {}) {
  const path = join(folder, 'document.json');
  writeFileSync(path, JSON.stringify({ arazzo: '1.0.1', info: { title: 'Orders', version: '1' },
    sourceDescriptions: [{ name: 'shop', url: './shop.json', type: 'openapi' }], workflows, ...more }));
  return path;
}

const run = (workflows, args = [], options = {}) => workflow('run', [write(workflows), '--server', url, ...args], options);

const MANY = [{
  workflowId: 'orders', steps: [
    { stepId: 'flaky', operationId: 'fails', successCriteria: ok, onFailure: [{ name: 'again', type: 'retry', retryAfter: 0.01 }] },
    { stepId: 'make', operationId: 'make', requestBody: { payload: { a: 1 } },
      parameters: [{ name: 'session', in: 'cookie', value: 'sweet-secret' }, { name: 'q', in: 'query', value: 'a b' }],
      successCriteria: [...ok, { condition: "$response.body#/id == 'o-1'" }], outputs: { id: '$response.body#/id' } },
    { stepId: 'last', operationId: 'list', successCriteria: [...ok, { condition: '$response.body#/count > 5' }] },
  ],
}];

test('each step has its method, address, status, time and criteria, and a summary ends it all', async () => {
  fails = 1;
  const done = await run(MANY);
  assert.equal(done.code, 1);
  const lines = done.log.split('\n').map((line) => line.trimEnd());
  const expected = [/^orders$/, /^ {2}FAILED flaky +GET http:\S+\/v1\/fails 503, \d+ ms$/,
    /^ {6}does not hold: \$statusCode == 200: \$statusCode is 503$/, /the reply:/, /^ {6}again: retry$/,
    /^ {2}wait {3}flaky +0\.01 s until the next attempt$/, /^ {2}ok {5}flaky +GET \S+ 200, \d+ ms \(attempt 2\)$/,
    /^ {6}holds: \$statusCode == 200: \$statusCode is 200$/, /^ {2}ok {5}make +POST \S+\/v1\/orders\?q=a%20b 200, \d+ ms$/,
    /^ {6}holds: /, /^ {6}holds: \$response\.body#\/id == 'o-1'/, /^ {2}FAILED last +GET /, /^ {6}holds: /,
    /^ {6}does not hold: \$response\.body#\/count > 5: \$response\.body#\/count is 3$/, /the reply:/,
    /^orders: failed: step last: /, /^1 workflow, 1 failed; 4 steps, 2 failed, 1 retry; \d+ ms$/, /^$/];
  expected.forEach((pattern, index) => assert.match(lines[index] ?? '', pattern, done.log));
  assert.equal(lines.length, expected.length, done.log);
  assert.ok(!done.log.includes('\u001b'), 'no colours outside of a terminal');
});

// A terminal for the program: its output with all control bytes.
function onTerminal(args, env = {}) {
  const quoted = [PROGRAM, ...args].map((word) => `'${word}'`).join(' ');
  return new Promise((resolve) => {
    const child = spawn('script', ['-qec', quoted, '/dev/null'], { env: { ...process.env, FAIRLEAD_API_KEY: '',
      TERM: 'xterm', NO_COLOR: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (bytes) => { out += bytes; });
    child.on('close', (code) => resolve({ code, out }));
  });
}

const noTerminal = spawnSync('script', ['--version']).status === 0 ? false : 'there is no script(1) to make a terminal with';

test('colours and progress on a terminal, neither where they are not wanted', { skip: noTerminal }, async () => {
  fails = 1;
  const path = write([{ workflowId: 'w', steps: [{ stepId: 'slow', operationId: 'slow' },
    { stepId: 'flaky', operationId: 'fails', successCriteria: ok, onFailure: [{ name: 'again', type: 'retry', retryAfter: 1.5 }] }] }]);
  const args = ['workflow', 'run', path, '--server', url];
  const shown = await onTerminal(args);
  assert.equal(shown.code, 0, shown.out);
  assert.match(shown.out, /\u001b\[32mok {4}/);
  assert.match(shown.out, /\u001b\[31mFAILED/);
  assert.match(shown.out, /\r\u001b\[K {2}slow \d+\.\d s/, 'what takes long is shown');
  assert.match(shown.out, /\r\u001b\[K {2}flaky, next attempt \[[#.]{20}\] \d+\.\d s/, 'a wait is shown');
  const plain = await onTerminal(args, { NO_COLOR: '1' });
  assert.ok(!/\u001b\[\d+m/.test(plain.out), plain.out);
  assert.match(plain.out, /\r\u001b\[K {2}slow/);
  const dumb = await onTerminal(args, { TERM: 'dumb' });
  assert.ok(!dumb.out.includes('\u001b'), dumb.out);
});

test('a JUnit report that others can read', async () => {
  fails = 1;
  const file = join(folder, 'junit.xml');
  const done = await run([...MANY, { workflowId: 'round', steps: [{ stepId: 'a', operationId: 'list' }],
    successActions: [{ name: 'on', type: 'goto', stepId: 'a' }] }], ['--junit', file, '--limit', 'workflow_steps=60']);
  assert.equal(done.code, 1);
  const text = readFileSync(file, 'utf8');
  assert.equal(XMLValidator.validate(text), true);
  const report = await parseJunit(text);
  const [orders, round] = report.testsuite;
  assert.deepEqual([orders.name, orders.tests, orders.failures, orders.errors, orders.skipped], ['orders', 4, 1, 0, 1]);
  assert.deepEqual(orders.testcase.map((one) => [one.classname, one.name, Boolean(one.failure), Boolean(one.skipped)]),
    [['orders', 'flaky', false, true], ['orders', 'flaky (attempt 2)', false, false], ['orders', 'make', false, false],
      ['orders', 'last', true, false]]);
  assert.match(orders.testcase[3].failure[0].inner, /\$response\.body#\/count > 5 does not hold: .* is 3/);
  assert.equal(round.errors, 1, 'a limit is an error of the workflow');
  assert.match(round.testcase.at(-1).error[0].message, /workflow_steps/);
  assert.equal(report.tests, orders.tests + round.tests);
});

test('an archive by the schema of HAR 1.2', async () => {
  fails = 1;
  const file = join(folder, 'run.har');
  await run(MANY, ['--har', file]);
  const archive = JSON.parse(readFileSync(file, 'utf8'));
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'));
  const schemas = require('har-schema');
  for (const [name, schema] of Object.entries(schemas)) if (name !== 'har') ajv.addSchema(schema);
  const validate = ajv.compile(schemas.har);
  assert.ok(validate(archive), JSON.stringify(validate.errors));
  assert.equal(archive.log.version, '1.2');
  const made = archive.log.entries[2];
  assert.deepEqual([made.request.method, made.request.queryString, made.request.cookies.map((one) => one.name)],
    ['POST', [{ name: 'q', value: 'a b' }], ['session']]);
  assert.equal(made.request.postData.mimeType, 'application/json');
  assert.deepEqual(made.response.cookies.map((one) => one.name), ['session', 'b']);
  const text = JSON.stringify(archive);
  assert.ok(!text.includes('sweet-secret') && !text.includes('hidden'), 'cookies are secrets');
  assert.ok(!text.includes('found-in-a-reply'), 'what is named a secret is one');
});

test('describe tells inputs, steps and outputs', async () => {
  const path = write([{ workflowId: 'orders', summary: 'Makes orders', description: 'With care.\nTwice.',
    inputs: { type: 'object', required: ['id'], properties: { id: { type: 'string', description: 'Which one' } } },
    steps: [{ stepId: 'make', description: 'Makes it', operationId: 'make', successCriteria: ok, outputs: { id: '$response.body#/id' },
      onFailure: [{ name: 'again', type: 'retry', retryLimit: 3, retryAfter: 2, criteria: [{ condition: '$statusCode == 503' }] }] }],
    outputs: { id: '$steps.make.outputs.id' } }, { workflowId: 'other', steps: [{ stepId: 'all', workflowId: 'orders',
    parameters: [{ name: 'id', value: '1' }] }] }]);
  const one = await workflow('describe', [path, '--workflow', 'orders']);
  assert.equal(one.code, 0, one.log);
  assert.equal(one.out, `orders  Makes orders
  With care.
  Twice.
  inputs
    --input id=string  (required)  Which one
  steps
    1. make calls make
        Makes it
        succeeds if  $statusCode == 200
        on failure: retry, at most 3 times, after 2 s  (again)
            if  $statusCode == 503
        gives id = $response.body#/id
  outputs
    id = $steps.make.outputs.id
`);
  const all = await workflow('describe', [path]);
  assert.match(all.out, /^Orders \(Arazzo 1\.0\.1\)\n {2}source shop: \.\/shop\.json\n\norders {2}/);
  assert.match(all.out, /1\. all runs the workflow orders/);
  assert.equal((await workflow('describe', [path, '--workflow', 'none'])).code, 2);
  assert.equal(calls, 0);
});

test('a report is made also when nothing was sent', async () => {
  const report = join(folder, 'dry.json'), junit = join(folder, 'dry.xml');
  const done = await run(MANY, ['--dry-run', '--report', report, '--junit', junit]);
  assert.equal(done.code, 0, done.log);
  assert.equal(calls, 0);
  assert.match(done.log, /3 steps \(not sent\)/);
  const steps = JSON.parse(readFileSync(report, 'utf8')).workflows[0].steps;
  assert.deepEqual(steps.map((step) => [step.stepId, step.outcome, step.request.method]),
    [['flaky', 'rehearsed', 'GET'], ['make', 'rehearsed', 'POST'], ['last', 'rehearsed', 'GET']]);
  assert.match(readFileSync(junit, 'utf8'), /skipped message="not sent, only shown"/);
  assert.equal((await run(MANY, ['--input', 'other=1', '--workflow', 'none', '--report', report])).code, 2);
  const refused = JSON.parse(readFileSync(report, 'utf8'));
  assert.deepEqual([refused.outcome, refused.workflows], ['failure', []], 'what was refused is no success');
});
