// Hostile code in transformations: each ends within its limits, and leaves nothing behind.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { startGateway } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { HOSTILE } from './transform/hostile.mjs';

const MEMORY_GROWTH = 48 << 20, END_MS = 20000;
const request = { headers: { 'content-type': 'application/json' }, body: { a: 1 } };
const GOOD = 'addHandler("transform", (request) => { request.body.b = [typeof leaked, Object.keys({}).length, [3, 1, 2].sort()]; request.headers.x = "y"; return request; });';
let gateway, ok, memoryBefore;

const status = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8'))[1]) * 1024;
const underSanitizer = () => status('VmSize') > 2 ** 40;
const run = (code) => ok('PUT', '/transformations/run', { code, request });

before(async () => {
  gateway = await startGateway({ args: ['--set', 'transform_cpu_ms=150', '--set', 'transform_workers=1'] });
  ({ ok } = callsOf(gateway));
  for (let i = 0; i < 20; i++) await run('addHandler("transform", (request) => { request.body = "x".repeat(9e6); return request; });');
  memoryBefore = status('VmRSS');
});
after(() => gateway?.stop());

describe('hostile code ends, and the next run is right:', () => {
  for (const [name, code, pattern] of HOSTILE)
    test(name, async () => {
      const started = Date.now();
      const reply = await run(`${code}\nvar leaked = 1;`);
      assert.ok(Date.now() - started < END_MS, `${Date.now() - started} ms`);
      const last = reply.console.at(-1)?.message ?? '';
      assert.match(last, pattern);
      assert.doesNotMatch(last, /process that ran the code ended/);
      if (pattern.source !== '[^]*') assert.equal(reply.log_level, 'fatal');
      const next = await run(GOOD);
      assert.deepEqual(next.request, {
        headers: { 'content-type': 'application/json', x: 'y' }, path: '/', query: '', parsed_query: {},
        body: { a: 1, b: ['undefined', 0, [1, 2, 3]] },
      });
      assert.deepEqual(next.console, []);
    });
  test('in no small number', () => assert.ok(HOSTILE.length >= 30, `${HOSTILE.length}`));
});

test('nothing reached the outside', async () => {
  const reply = await run(HOSTILE.find(([name]) => name === 'the way out through constructors')[1]);
  assert.deepEqual(reply.request.body, ['undefined', 'undefined', 'undefined', ['env']]);
  const host = await run(HOSTILE.find(([name]) => name === 'the functions of the host')[1]);
  assert.equal(host.request.body, true);
});

test('the gateway’s memory is as it was', { skip: process.env.FAIRLEAD_BIN?.includes('san') }, () => {
  if (underSanitizer()) return;
  const growth = status('VmRSS') - memoryBefore;
  assert.ok(growth < MEMORY_GROWTH, `${growth} bytes more`);
});
