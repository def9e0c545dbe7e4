// How hookdeck-cli signs in, tells who it is, and goes from one project to another.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';

const CLI = fileURLToPath(new URL('../node_modules/hookdeck-cli/bin/hookdeck.js', import.meta.url));
const PATIENCE = { tries: 1200 }; // a busy machine takes its time to start a CLI, which polls every other second
let gateway, project, home;

before(async () => {
  gateway = await startGateway();
  project = (await gateway.api('POST', '/projects', { name: 'shop' })).body;
  project.key = (await gateway.api('POST', `/projects/${project.id}/keys`, { name: 'of the shop' })).body.key;
});
after(() => gateway?.stop());
// Each test begins with a CLI that has never been used.
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fairlead-login-'));
  writeFileSync(join(home, 'hookdeck_source_types_2026-09-01.json'), '{}');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function start(words, { terminal = false, key } = {}) {
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, TERM: 'dumb', HOOKDECK_CLI_TELEMETRY_DISABLED: '1' };
  if (key) env.HOOKDECK_API_KEY = key;
  const command = [process.execPath, CLI, '--api-base', gateway.url, ...words];
  const child = terminal
    ? spawn('script', ['-qefc', command.map((word) => `'${word}'`).join(' '), '/dev/null'], { env, cwd: home, stdio: ['pipe', 'pipe', 'pipe'] })
    : spawn(command[0], command.slice(1), { env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  const run = { child, out: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => { run.out += bytes; });
  run.ended = new Promise((resolve) => child.on('close', resolve));
  return run;
}
async function hookdeck(...words) {
  const run = start(words);
  run.code = await run.ended;
  return run;
}
async function good(...words) {
  const { code, out } = await hookdeck(...words);
  assert.equal(code, 0, `hookdeck ${words.join(' ')}: ${out}`);
  return out;
}
const profile = () => Object.fromEntries([...readFileSync(join(home, '.config/hookdeck/config.toml'), 'utf8')
  .matchAll(/^(\w+) = ['"](.*)['"]$/gm)].map(([, name, value]) => [name, value]));

test('ci signs in with a key of a project', async () => {
  await good('ci', '--api-key', project.key, '--name', 'box');
  assert.deepEqual([profile().api_key, profile().project_id, profile().project_type], [project.key, project.id, 'Gateway']);
  assert.match(await good('whoami'), /Logged in as of the shop .*project shop in organization fairlead/);
  assert.match(await good('gateway', 'source', 'list'), /No sources/);
  assert.match(await good('project', 'list'), /fairlead \/ shop \(current\)/);
  assert.ok(!(await good('project', 'list')).includes('default'));
  const wrong = await hookdeck('ci', '--api-key', 'wrong-key-12345');
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.out, /not valid|Authentication failed/);
});

test('login takes a key', async () => {
  assert.match(await good('login', '--cli-key', project.key), /configured for of the shop .*project shop/);
  assert.equal(profile().project_id, project.id);
  assert.match(await good('whoami'), /project shop/);
});

test('the operator goes from project to project, and works in each', async () => {
  await good('ci', '--api-key', gateway.key);
  assert.match(await good('whoami'), /Logged in as operator .*project default/);
  assert.match(await good('project', 'list'), /default \(current\)[^]*shop/);
  await good('gateway', 'source', 'create', '--name', 'in-default', '--type', 'WEBHOOK');
  assert.match(await good('project', 'use', 'fairlead', 'shop'), /active project to: fairlead \/ shop/);
  assert.deepEqual([profile().project_id, profile().api_key], [project.id, gateway.key]);
  assert.match(await good('whoami'), /project shop/);
  assert.match(await good('gateway', 'source', 'list'), /No sources/);
  await good('gateway', 'source', 'create', '--name', 'in-shop', '--type', 'WEBHOOK');
  const reply = await fetch(`${gateway.url}/2025-07-01/sources`, { headers: { authorization: `Bearer ${project.key}` } });
  assert.deepEqual((await reply.json()).models.map(({ name }) => name), ['in-shop']);
  const elsewhere = await hookdeck('project', 'use', 'fairlead', 'no-such');
  assert.notEqual(elsewhere.code, 0);
});

test('login takes a key that somebody types', async () => {
  const login = start(['login', '-i'], { terminal: true });
  try {
    await until('the question', () => /Enter your CLI API key/.test(login.out), PATIENCE);
    login.child.stdin.write(`${project.key}\r`);
    await until('the next question', () => /identify this device/.test(login.out), PATIENCE);
    login.child.stdin.write('typed\r');
    assert.equal(await login.ended, 0, login.out);
  } finally {
    login.child.kill();
    await login.ended;
  }
  assert.deepEqual([profile().api_key, profile().project_id], [project.key, project.id]);
  assert.match(await good('whoami'), /Logged in as typed .*project shop/);
});

test('login goes through a browser', async () => {
  const login = start(['login'], { terminal: true });
  try {
    const [page] = await until('the link', () => login.out.match(/http:\S*\/sign-in\/\w+/), PATIENCE);
    login.child.stdin.write('\r');
    const done = await fetch(page, { method: 'POST', body: new URLSearchParams({ key: project.key }) });
    assert.equal(done.status, 200);
    assert.equal(await login.ended, 0, login.out);
  } finally {
    login.child.kill();
    await login.ended;
  }
  assert.equal(profile().project_id, project.id);
  assert.notEqual(profile().api_key, project.key); // it has one of its own
  assert.match(await good('whoami'), /project shop/);
});

test('listen without a key signs in once the link in the log is confirmed', async () => {
  const seen = gateway.log().length;
  const listen = start(['listen', '3000', 'in-shop'], { terminal: true });
  try {
    const [page] = await until('the link', () => gateway.log().slice(seen).match(/http:\S*\/sign-in\/\w+/), PATIENCE);
    assert.equal((await fetch(page, { method: 'POST', body: new URLSearchParams({ key: project.key }) })).status, 200);
    await until('the sign-in', () => { try { return profile().project_id === project.id; } catch { return false; } }, PATIENCE);
  } finally {
    listen.child.kill();
    await listen.ended;
  }
  assert.match(await good('whoami'), /project shop/);
});
