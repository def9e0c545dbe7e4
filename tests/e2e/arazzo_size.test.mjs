// Large documents and replies: they are worked through whole, within the limits.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startEcho } from './arazzo_server.mjs';
import { workflow } from './runner.mjs';

const STEPS = 1000;
let folder, server;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-size-'));
  server = await startEcho(folder);
  const paths = {};
  for (let i = 0; i < STEPS; i++) paths[`/p${i}/{id}`] = { get: { operationId: `op${i}` } };
  writeFileSync(join(folder, 'api.json'), JSON.stringify({ openapi: '3.1.0', info: { title: 'large', version: '1' },
    servers: [{ url: '/v1' }], paths }));
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function write(name, workflows) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ arazzo: '1.0.1', info: { title: name, version: '1' },
    sourceDescriptions: [{ name: 'api', url: './api.json', type: 'openapi' }], workflows }));
  return path;
}

test('a document of 1,000 steps: each uses what the one before gave', async () => {
  server.begin();
  const steps = Array.from({ length: STEPS }, (_, i) => ({ stepId: `s${i}`,
    ...(i % 2 ? { operationId: `op${i}` } : { operationPath: `{$sourceDescriptions.api.url}#/paths/~1p${i}~1{id}/get` }),
    parameters: [{ name: 'id', in: 'path', value: i ? `$steps.s${i - 1}.outputs.path` : 'first' }],
    successCriteria: [{ condition: '$statusCode == 200' }, { context: '$response.body', condition: '$.items', type: 'jsonpath' }],
    outputs: { path: '$response.body#/method' } }));
  const report = join(folder, 'report.json');
  const done = await workflow('run', [write('steps.json', [{ workflowId: 'w', steps,
    outputs: { last: `$steps.s${STEPS - 1}.outputs.path` } }]), '--server', server.url, '--report', report]);
  assert.equal(done.code, 0, done.log.slice(-2000));
  assert.deepEqual(done.outputs, { last: 'GET' });
  assert.equal(server.calls().length, STEPS);
  assert.equal(server.calls()[STEPS - 1].path, `/v1/p${STEPS - 1}/GET`);
  assert.equal(JSON.parse(readFileSync(report, 'utf8')).workflows[0].steps.length, STEPS);
});

test('a reply of 10 MiB: every kind of criterion over it, values out of it', async () => {
  const items = Array.from({ length: 110000 }, (_, i) => ({ id: i, name: `name ${i}`, filler: 'x'.repeat(60) }));
  const body = { items };
  assert.ok(JSON.stringify(body).length > 10 * 1024 * 1024);
  server.begin([{ body }]);
  const done = await workflow('run', [write('reply.json', [{ workflowId: 'w', steps: [{ stepId: 's', operationId: 'op1',
    parameters: [{ name: 'id', in: 'path', value: 1 }],
    successCriteria: [{ condition: '$response.body.items[109999].id == 109999' },
      { context: '$response.body', condition: '$.items[?@.id == 109999].name', type: 'jsonpath' },
      { context: '$response.body', condition: '$..name', type: 'jsonpath' },
      { context: '$response.body', condition: 'name 109999', type: 'regex' }],
    outputs: { name: '$response.body#/items/77/name' } }], outputs: { name: '$steps.s.outputs.name' } }]),
  '--server', server.url]);
  assert.equal(done.code, 0, done.log.slice(-2000));
  assert.deepEqual(done.outputs, { name: 'name 77' });
});

test('a reply of XML of 9 MiB is read, one above the limit fails its step', async () => {
  const text = `<list>${'<item n="1">some text</item>'.repeat(330000)}</list>`;
  const steps = [{ stepId: 's', operationId: 'op1', parameters: [{ name: 'id', in: 'path', value: 1 }],
    successCriteria: [{ context: '$response.body', condition: 'count(//item) = 330000', type: 'xpath' }] }];
  const path = write('xml.json', [{ workflowId: 'w', steps }]);
  server.begin([{ text, type: 'application/xml' }]);
  const done = await workflow('run', [path, '--server', server.url]);
  assert.equal(done.code, 0, done.log.slice(-2000));
  server.begin([{ text, type: 'application/xml' }]);
  const cut = await workflow('run', [path, '--server', server.url, '--limit', 'workflow_response_bytes=1000000']);
  assert.equal(cut.code, 1);
  assert.match(cut.log, /larger than workflow_response_bytes/);
});
