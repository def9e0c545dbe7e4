// The engine of transformations comes from npm, pinned and checked, and never lies in the repository.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const engine = join(root, 'packaging/engine');
const wasm = join(engine, 'node_modules/quickjs-wasi/quickjs.wasm');
const run = (command, args, options) => spawnSync(command, args, { encoding: 'utf8', ...options });
let directory;

before(() => { directory = mkdtempSync(join(tmpdir(), 'fairlead-engine-')); });
after(() => rmSync(directory, { recursive: true, force: true }));

test('its version and checksum are pinned', () => {
  const { dependencies } = JSON.parse(readFileSync(join(engine, 'package.json'), 'utf8'));
  const { packages } = JSON.parse(readFileSync(join(engine, 'package-lock.json'), 'utf8'));
  const locked = packages['node_modules/quickjs-wasi'];
  assert.match(dependencies['quickjs-wasi'], /^\d+\.\d+\.\d+$/);
  assert.equal(locked.version, dependencies['quickjs-wasi']);
  assert.match(locked.integrity, /^sha512-[\w+/]{86}==$/);
});

test('a changed engine is not translated', () => {
  const bytes = readFileSync(wasm), changed = join(directory, 'changed.wasm'), out = join(directory, 'engine.c');
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(changed, bytes);
  const { status, stderr } = run(join(engine, 'translate'), [changed, out]);
  assert.equal(status, 1);
  assert.match(stderr, /is not the engine that packaging\/engine\/package-lock\.json names/);
  assert.ok(!existsSync(out));
});

test('nothing of it is in the repository', { skip: !existsSync(join(root, '.git')) && 'not a checkout' }, () => {
  const files = run('git', ['ls-files'], { cwd: root }).stdout.split('\n');
  assert.ok(files.includes('packaging/engine/translate'));
  assert.deepEqual(files.filter((name) => /\.wasm$|quickjs[^/]*\.[ch]$|node_modules\//.test(name)), []);
});

test('without a network it comes from npm’s cache', (context) => {
  const folder = join(directory, 'engine');
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(engine, name), join(folder, name));
  const arguments_ = ['npm', 'ci', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=0'];
  const apart = run('unshare', ['-rn', 'true']).status === 0;
  const { status, stderr } = apart ? run('unshare', ['-rn', ...arguments_]) : run('npm', [...arguments_.slice(1), '--offline']);
  if (status !== 0 && /ENOTCACHED|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ENETUNREACH/.test(stderr)) {
    context.skip('npm’s cache was emptied after the engine was installed');
    return;
  }
  assert.equal(status, 0, stderr);
  assert.deepEqual(readFileSync(join(folder, 'node_modules/quickjs-wasi/quickjs.wasm')), readFileSync(wasm));
});
