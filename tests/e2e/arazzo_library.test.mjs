// The library: installed, found by pkg-config, linked shared and static, and run by a program in C.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { PROGRAM, ROOT } from './runner.mjs';

const BUILD = dirname(PROGRAM);
const skip = existsSync(join(BUILD, 'libfairlead-arazzo.so')) ? false : 'this build has no library';

let folder, server, url, libraries, flags;

function must(command, args, env = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

function find(start, name) {
  for (const entry of readdirSync(start, { withFileTypes: true, recursive: false })) {
    const path = join(start, entry.name);
    const found = entry.isDirectory() ? find(path, name) : entry.name === name ? start : undefined;
    if (found) return found;
  }
  return undefined;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-library-'));
  if (skip) return;
  must('meson', ['install', '-C', BUILD, '--no-rebuild', '--destdir', join(folder, 'root'), '--tags', 'devel,runtime']);
  const pkgconfig = find(join(folder, 'root'), 'fairlead-arazzo.pc');
  libraries = dirname(pkgconfig);
  const prefix = dirname(find(join(folder, 'root'), 'fairlead_arazzo.h'));
  const ask = (...args) => must('pkg-config', [`--define-variable=prefix=${prefix}`, ...args],
    { PKG_CONFIG_PATH: pkgconfig }).trim().split(/\s+/).filter(Boolean);
  flags = { compile: ask('--cflags', 'fairlead-arazzo'), link: ask('--libs', 'fairlead-arazzo'),
    version: ask('--modversion', 'fairlead-arazzo')[0],
    needed: must('pkg-config', ['--libs', ...ask('--print-requires-private', 'fairlead-arazzo')]).trim().split(/\s+/) };
  writeFileSync(join(folder, 'shop.json'), JSON.stringify({ openapi: '3.0.3', info: { title: 'shop', version: '1' },
    servers: [{ url: '/v1' }], components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } }, security: [{ key: [] }],
    paths: { '/orders/{id}': { get: { operationId: 'get' } }, '/fails': { get: { operationId: 'fails' } } } }));
  server = createServer((request, reply) => {
    reply.writeHead(request.url.includes('fails') ? 500 : 200, { 'content-type': 'application/json' });
    reply.end(JSON.stringify({ path: request.url, key: request.headers.authorization }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  rmSync(folder, { recursive: true });
  if (server) await new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
});

function documentOf(steps, more = {}) {
  const path = join(folder, 'document.json');
  writeFileSync(path, JSON.stringify({ arazzo: '1.0.1', info: { title: 'test', version: '1' },
    sourceDescriptions: [{ name: 'shop', url: 'shop.json', type: 'openapi' }],
    workflows: [{ workflowId: 'orders', inputs: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
      steps, ...more }] }));
  return path;
}

const GET = { stepId: 'get', operationId: 'get', parameters: [{ name: 'id', in: 'path', value: '$inputs.id' }],
  outputs: { path: '$response.body#/path' } };

function run(program, ...args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, LD_LIBRARY_PATH: libraries } });
    let out = '', log = '';
    child.stdout.on('data', (bytes) => { out += bytes; });
    child.stderr.on('data', (bytes) => { log += bytes; });
    child.on('close', (code) => resolve({ code, out, log }));
  });
}

async function check(program) {
  const path = documentOf([GET], { outputs: { path: '$steps.get.outputs.path' } });
  const done = await run(program, path, url, '{"id": "o-1"}');
  assert.equal(done.code, 0, done.out + done.log);
  assert.equal(done.log, '', 'the library prints nothing');
  assert.match(done.out, /^workflow orders\n1 orders\.get: GET 200\noutputs \{"path":"\/v1\/orders\/o-1"\}\n/);
  const report = JSON.parse(/^report (.*)$/m.exec(done.out)[1]);
  assert.equal(report.workflows[0].steps[0].response.body.path, '/v1/orders/o-1');
  assert.ok(!done.out.includes('very-secret-key'), 'secrets are masked');
  const refused = await run(program, path, url, '{"other": 1}');
  assert.equal(refused.code, 2);
  assert.match(refused.out, /failure orders: .*id/);
  const failed = await run(program, documentOf([GET, { stepId: 'fails', operationId: 'fails' }]), url, '{"id": "a"}');
  assert.equal(failed.code, 1);
  assert.match(failed.out, /2 orders\.fails: GET 500 the reply is 500/);
  const unreachable = await run(program, path, 'http://127.0.0.1:1', '{"id": "a"}');
  assert.equal(unreachable.code, 3, unreachable.out);
  const faulty = await run(program, documentOf([{ ...GET, onSuccess: [{ name: 'on', type: 'goto', stepId: 'none' }] }]), url, '{}');
  assert.equal(faulty.code, 2);
  assert.match(faulty.out, /^error, line 1, workflows\[0\]\.steps\[0\]\.onSuccess\[0\]\.stepId: .* \(reference\)$/m);
}

const source = join(ROOT, 'tests/library/example.c');
const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic'];

test('a program that is linked by pkg-config', { skip }, async () => {
  const program = join(folder, 'shared');
  must('cc', [...strict, source, ...flags.compile, ...flags.link, '-o', program]);
  await check(program);
  assert.match(must('readelf', ['-d', program]), /libfairlead-arazzo\.so\.0/);
});

test('a program that has the library in it', { skip }, async () => {
  const program = join(folder, 'static');
  must('cc', [...strict, source, ...flags.compile, join(libraries, 'libfairlead-arazzo.a'), ...flags.needed, '-lpthread', '-o', program]);
  assert.ok(!/libfairlead-arazzo/.test(must('readelf', ['-d', program])));
  await check(program);
});

test('only the names of the header can be seen', { skip }, () => {
  const declared = must('cc', ['-E', '-P', join(ROOT, 'src/arazzo/fairlead_arazzo.h')]);
  const names = [...new Set([...declared.matchAll(/\b(fairlead_arazzo_[a-z_]+)\s*\(/g)].map((match) => match[1]))].sort();
  assert.ok(names.length > 10);
  for (const [file, args] of [['libfairlead-arazzo.so', ['-D']], ['libfairlead-arazzo.a', ['-g']]]) {
    const seen = must('nm', [...args, '--defined-only', '-P', join(libraries, file)]).split('\n')
      .map((line) => line.split(' ')).filter((words) => words.length > 2).map((words) => words[0]).sort();
    assert.deepEqual(seen, names, file);
  }
});

test('the header is C++ too, and the version is told', { skip }, () => {
  const file = join(folder, 'version.cpp');
  writeFileSync(file, '#include <fairlead_arazzo.h>\n#include <cstdio>\nint main() { std::puts(fairlead_arazzo_version()); }\n');
  const program = join(folder, 'version');
  must('c++', ['-Wall', '-Werror', file, ...flags.compile, ...flags.link, '-o', program]);
  assert.equal(must(program, [], { LD_LIBRARY_PATH: libraries }).trim(), flags.version);
});
