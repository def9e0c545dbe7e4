// kill -9 at random moments of a rotation of the storage key: the store opens afterwards, every secret is read, and the
// next rotation comes to its end.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSql } from '../e2e/database.mjs';
import { startGateway } from '../e2e/gateway.mjs';

const SOURCES = 400;
const keysIn = (dir) => [...readFileSync(join(dir, 'storage-key'), 'utf8').matchAll(/^([0-9a-f]{8}) /gm)].map((match) => match[1]);

async function start(context, dir) {
  const gateway = await startGateway({ dir });
  context.after(() => gateway.stop({ signal: 'SIGKILL' }));
  return gateway;
}

async function makeSources(gateway) {
  for (let i = 0; i < SOURCES; i++) {
    const { status, body } = await gateway.api('POST', '/sources', {
      name: `s-${i}`, type: 'WEBHOOK', config: { auth_type: 'API_KEY', auth: { header_key: 'x-key', api_key: `secret-of-${i}` } } });
    assert.equal(status, 200, JSON.stringify(body));
  }
}

// Every secret is there: the gateway reads them all for its start, and says so when one does not open.
async function checkSecrets(gateway) {
  assert.doesNotMatch(gateway.log(), /cannot be read/);
  for (const i of [0, 1, 99, 100, SOURCES - 1]) {
    const { body } = await gateway.api('GET', `/sources?name=s-${i}`);
    const source = await gateway.api('GET', `/sources/${body.models[0].id}?include=config.auth`);
    assert.equal(source.body.config.auth.api_key, `secret-of-${i}`);
  }
}

function assertSealedBy(dir, key) {
  for (const { v } of runSql(dir, 'SELECT config AS v FROM source UNION ALL SELECT signing_secret FROM project UNION ALL SELECT known FROM storage_key'))
    assert.ok(v.includes(`sealed1:${key}:`), v);
}

test('kill -9 within a rotation of the storage key', async (context) => {
  const rounds = process.env.FAIRLEAD_LONG ? 60 : 10, dir = mkdtempSync(join(tmpdir(), 'fairlead-rotate-'));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  let gateway = await start(context, dir), interrupted = 0, mixed = 0;
  await makeSources(gateway);
  const begun = performance.now();
  assert.equal((await gateway.api('PUT', '/storage_key/rotate')).status, 200);
  const whole = performance.now() - begun;
  for (let round = 0; round < rounds; round++) {
    const rotation = gateway.api('PUT', '/storage_key/rotate').catch(() => {});
    await sleep(Math.random() * whole * 1.1);
    await gateway.stop({ signal: 'SIGKILL' });
    await rotation;
    interrupted += keysIn(dir).length === 2;
    const ids = new Set(runSql(dir, 'SELECT config AS v FROM source').map(({ v }) => /sealed1:([0-9a-f]{8}):/.exec(v)[1]));
    mixed += ids.size > 1;
    for (const id of ids) assert.ok(keysIn(dir).includes(id), 'a key that is needed is in the file');
    gateway = await start(context, dir);
    await checkSecrets(gateway);
  }
  context.diagnostic(`${rounds} kills: ${interrupted} with two keys in the file, ${mixed} with values under both`);
  const { status } = await gateway.api('PUT', '/storage_key/rotate');
  assert.equal(status, 200);
  await checkSecrets(gateway);
  await gateway.stop();
  assert.equal(keysIn(dir).length, 1);
  assertSealedBy(dir, keysIn(dir)[0]);
});

// The moments that a kill seldom meets: the new key is in the file and nothing is sealed with it; and all is sealed with the
// new key, and the old one is still in the file.
for (const order of ['old last', 'new last']) {
  test(`a file of two keys of which one is used, the ${order}`, async (context) => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-rotate-')), file = join(dir, 'storage-key');
    context.after(() => rmSync(dir, { recursive: true, force: true }));
    let gateway = await start(context, dir);
    await gateway.api('POST', '/sources', {
      name: 's', type: 'WEBHOOK', config: { auth_type: 'API_KEY', auth: { header_key: 'x-key', api_key: 'the-secret' } } });
    await gateway.stop();
    const content = readFileSync(file, 'utf8'), used = keysIn(dir)[0];
    const other = `0badc0de ${'5'.repeat(64)}\n`;
    writeFileSync(file, order === 'old last' ? other + content : content + other);
    gateway = await start(context, dir);
    const read = async () => {
      const { body } = await gateway.api('GET', '/sources');
      return (await gateway.api('GET', `/sources/${body.models[0].id}?include=config.auth`)).body.config.auth.api_key;
    };
    assert.equal(await read(), 'the-secret');
    const { status, body } = await gateway.api('PUT', '/storage_key/rotate');
    assert.equal(status, 200);
    assert.equal(body.was_finished, true);
    assert.equal(body.key_id, order === 'old last' ? used : '0badc0de');
    assert.deepEqual(keysIn(dir), [body.key_id]);
    assert.equal(await read(), 'the-secret');
    await gateway.stop();
    assertSealedBy(dir, body.key_id);
  });
}
