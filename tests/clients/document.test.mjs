// The commands of docs/clients.md work as they stand there, in their order.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));
const DOCUMENT = readFileSync(new URL('../../docs/clients.md', import.meta.url), 'utf8');
let gateway, dir;

before(async () => {
  gateway = await startGateway();
  dir = mkdtempSync(join(tmpdir(), 'fairlead-document-'));
  mkdirSync(join(dir, 'home'));
  symlinkSync(gateway.dir, join(dir, 'data'));
  symlinkSync(MODULES, join(dir, 'node_modules'));
});
after(async () => {
  await gateway?.stop();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const blocks = (language) => [...DOCUMENT.matchAll(/^```(\w+)\n(.*?)```/gms)].filter(([, name]) => name === language)
  .map(([, , text]) => text.replaceAll('http://127.0.0.1:8420', gateway.url));
function run(program, args, input) {
  const env = { HOME: join(dir, 'home'), TMPDIR: dir, PATH: `${join(MODULES, '.bin')}${delimiter}${process.env.PATH}`, FAIRLEAD_API_KEY: gateway.key };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: dir, env, input, encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

test('hookdeck-cli', () => {
  const out = run('sh', ['-ex'], blocks('sh').join(''));
  assert.doesNotMatch(out, /Warning/);
  assert.equal(JSON.parse(out.slice(out.indexOf('{'))).name, 'orders');
});

test('the SDK', () => {
  writeFileSync(join(dir, 'sdk.mjs'), blocks('js')[0]);
  assert.ok(run(process.execPath, ['sdk.mjs']).startsWith(`${gateway.url}/e/`));
});

test('its verifier', async () => {
  const { body: source } = await gateway.api('PUT', '/sources', { name: 'orders' });
  process.env.SIGNING_SECRET = (await gateway.api('GET', `/projects/${source.team_id}`)).body.signing_secret;
  writeFileSync(join(dir, 'receiver.mjs'), blocks('js')[1]);
  const { receiver } = await import(join(dir, 'receiver.mjs'));
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${receiver.address().port}`;
  await gateway.api('PUT', '/connections', { name: 'checked', source_id: source.id, destination: { name: 'checked', type: 'HTTP', config: { url } } });
  await fetch(source.url, { method: 'POST', body: 'x' });
  await until('the checked delivery', async () => (await gateway.api('GET', '/events?status=SUCCESSFUL')).body.models.length === 1);
  assert.equal((await fetch(url, { method: 'POST', headers: { 'x-hookdeck-signature': 'wrong' }, body: 'x' })).status, 401);
  receiver.close();
});
