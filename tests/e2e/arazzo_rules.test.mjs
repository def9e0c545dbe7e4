// Workflow documents, one for each rule of the specification: tests/arazzo/NAME.yml is run against a real server, and
// NAME.json says what must come of it:
//   rule      what the document shows
//   args      further arguments; env: further environment; server false: without --server
//   replies   what the server answers to the first requests, in order (null: an echo); later ones get an echo
//   code      the exit status (0)
//   requests  what must arrive: method, path, query (as written), headers (null: absent), body or json
//   outputs   the JSON on standard output; log: expressions that the lines match; silent: those that they do not
// "echo.example" stands for the server in both files.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startEcho } from './arazzo_server.mjs';
import { ROOT, workflow } from './runner.mjs';

const DOCUMENTS = join(ROOT, 'tests/arazzo');
const NAMES = readdirSync(DOCUMENTS).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5)).sort();
const FIELDS = ['rule', 'args', 'env', 'server', 'replies', 'code', 'requests', 'outputs', 'log', 'silent'];
let folder, server;
const table = [];

const named = (text) => text.replaceAll('http://echo.example', server.url).replaceAll('echo.example', server.url.slice(7));

function replaceIn(path) {
  for (const name of readdirSync(path)) {
    const inner = join(path, name);
    if (statSync(inner).isDirectory()) replaceIn(inner);
    else writeFileSync(inner, named(readFileSync(inner, 'utf8')));
  }
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-rules-'));
  server = await startEcho(folder);
  cpSync(DOCUMENTS, folder, { recursive: true });
  replaceIn(folder);
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
  const width = Math.max(...table.map(([name]) => name.length));
  console.log(table.map(([name, rule, verdict]) => `${verdict}  ${name.padEnd(width)}  ${rule}`).join('\n'));
});

function compare(call, wanted) {
  const where = `${call.method} ${call.path}`;
  for (const field of ['method', 'path', 'query', 'body'])
    if (field in wanted) assert.equal(call[field], wanted[field], `${where}: ${field}`);
  if ('json' in wanted) assert.deepEqual(call.json, wanted.json, `${where}: body ${call.body}`);
  for (const [name, value] of Object.entries(wanted.headers ?? {})) {
    if (value !== null && value.startsWith('/')) assert.match(call.headers[name] ?? '', new RegExp(value.slice(1, -1)));
    else assert.equal(call.headers[name] ?? null, value, `${where}: ${name}`);
  }
}

for (const name of NAMES) {
  test(name, async () => {
    const expected = JSON.parse(named(readFileSync(join(folder, `${name}.json`), 'utf8')));
    const row = [name, expected.rule, 'FAILED'];
    table.push(row);
    for (const field of Object.keys(expected)) assert.ok(FIELDS.includes(field), `${field} in ${name}.json`);
    server.begin(expected.replies);
    const args = [join(folder, `${name}.yml`), ...(expected.server === false ? [] : ['--server', server.url]),
      ...(expected.args ?? [])];
    const done = await workflow('run', args, { env: expected.env, cwd: folder });
    const calls = server.calls();
    assert.equal(done.code, expected.code ?? 0, done.log);
    if (expected.requests) {
      assert.deepEqual(calls.map((call) => `${call.method} ${call.path}`),
        expected.requests.map((wanted) => `${wanted.method ?? 'GET'} ${wanted.path}`), done.log);
      expected.requests.forEach((wanted, i) => compare(calls[i], wanted));
    }
    if (expected.outputs) assert.deepEqual(done.outputs, expected.outputs, done.log);
    for (const line of expected.log ?? []) assert.match(done.log, new RegExp(line));
    for (const line of expected.silent ?? []) assert.doesNotMatch(done.log + done.out, new RegExp(line));
    row[2] = 'ok    ';
  });
}

test('there is a document for each of at least 120 rules, and none without expectations', () => {
  const documents = readdirSync(DOCUMENTS).filter((name) => name.endsWith('.yml')).map((name) => name.slice(0, -4));
  assert.deepEqual(documents.sort(), NAMES);
  assert.ok(NAMES.length >= 120, `${NAMES.length}`);
});
