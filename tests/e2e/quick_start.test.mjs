// What a newcomer sees: the quick start on an empty directory, and what a restart makes of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGateway, until } from './gateway.mjs';

// Gives the gateway, and what the quick start printed, read by its form.
async function startQuick(dir, sends = true) {
  const gateway = await startGateway({ dir, args: ['--quick-start'] });
  const last = sends ? /^ {2}curl '.*\n\n/m : /^ {2}key .*\n\n/m;
  const text = await until('the quick start', () => last.test(gateway.out()) && gateway.out());
  const [send, look] = [...text.matchAll(/^ {2}(curl .*)$/gm)].map(([, command]) => command);
  return { gateway, send, look, api: /^ {2}API {2}(\S+)$/m.exec(text)[1], key: /^ {2}key {2}(\S+)$/m.exec(text)[1] };
}

function shell(command) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `${command} --silent --show-error --fail`], { encoding: 'utf8' });
  assert.equal(status, 0, `${command}: ${stderr}`);
  return JSON.parse(stdout);
}

const successful = async (gateway) => (await gateway.api('GET', '/events?status=SUCCESSFUL')).body.models.length;

async function counts(gateway) {
  const found = [];
  for (const noun of ['sources', 'destinations', 'connections'])
    found.push((await gateway.api('GET', `/${noun}?limit=255`)).body.models.length);
  return found;
}

test('the quick start prints an address, the key and commands that work; a restart prints them again and makes nothing', async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'fairlead-quick-')), 'data');
  try {
    const first = await startQuick(dir);
    assert.equal(first.api, `${first.gateway.url}/2025-07-01`);
    assert.equal(first.key, readFileSync(join(dir, 'api-key'), 'utf8').trim());
    assert.equal(statSync(join(dir, 'api-key')).mode & 0o777, 0o600);
    assert.deepEqual(await counts(first.gateway), [1, 1, 1]);
    assert.match(shell(first.send).request_id, /^req_/);
    await until('the delivery', async () => await successful(first.gateway) === 1);
    assert.equal(shell(first.look).models.length, 1);
    await first.gateway.stop();

    const second = await startQuick(dir);
    assert.equal(second.key, first.key);
    assert.equal(new URL(/'(\S+)'/.exec(second.send)[1]).pathname, new URL(/'(\S+)'/.exec(first.send)[1]).pathname);
    assert.deepEqual(await counts(second.gateway), [1, 1, 1]);
    shell(second.send);
    await until('the second delivery', async () => await successful(second.gateway) === 2);
    const { body: { models: [source] } } = await second.gateway.api('GET', '/sources');
    await second.gateway.api('PUT', '/sources', { name: 'of-my-own' });
    await second.gateway.api('DELETE', `/sources/${source.id}`);
    await second.gateway.stop();

    const third = await startQuick(dir, false); // what was deleted stays so
    assert.equal(third.send, undefined);
    assert.equal((await third.gateway.api('GET', '/sources')).body.models.length, 1);
    await third.gateway.stop();
  } finally {
    rmSync(join(dir, '..'), { recursive: true, force: true });
  }
});

test('a start that was ended in the middle of the quick start is finished by the next one', async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'fairlead-quick-')), 'data');
  try {
    const broken = await startGateway({ dir });
    await broken.api('PUT', '/sources', { name: 'quick-start', type: 'WEBHOOK' });
    await broken.stop();

    const { gateway, send } = await startQuick(dir);
    assert.deepEqual(await counts(gateway), [1, 1, 1]);
    shell(send);
    await until('the delivery', async () => await successful(gateway) === 1);
    await gateway.stop();
  } finally {
    rmSync(join(dir, '..'), { recursive: true, force: true });
  }
});
