// A full disk: senders are told, reads go on, the gateway recovers by itself, and nothing acknowledged is lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';
import { connect, openLedger } from './ledger.mjs';

function assertRefusedAsFull({ status, body, headers }) {
  assert.equal(status, 507, body);
  const told = JSON.parse(body);
  assert.equal(told.code, 'STORAGE_FULL');
  assert.equal(told.status, 507);
  assert.match(told.message, /disk is full/);
  assert.ok(Number(headers['retry-after']) > 0);
}

async function assertReadsGoOn(gateway, anEvent) {
  for (const path of ['/sources', '/destinations', '/connections', '/requests', '/events', '/attempts', '/sources/count']) {
    const reply = await gateway.api('GET', path);
    assert.equal(reply.status, 200, `${path}: ${JSON.stringify(reply.body)}`);
  }
  const event = await gateway.api('GET', `/events/${anEvent.id}`);
  assert.equal(event.status, 200);
  assert.equal(event.body.id, anEvent.id);
  assert.equal((await gateway.api('GET', `/requests/${anEvent.request_id}/raw_body`)).status, 200);
  assert.equal((await fetch(`${gateway.url}/healthz`)).status, 200);
  assert.equal((await fetch(`${gateway.url}/metrics`)).status, 200);
}

async function assertChangesAreRefused(gateway) {
  const reply = await gateway.api('POST', '/sources', { name: 'while-full' });
  assert.equal(reply.status, 507, JSON.stringify(reply.body));
  assert.equal(reply.body.code, 'STORAGE_FULL');
  assert.match(reply.body.message, /full/);
}

async function firstEvent(gateway) {
  return until('the first event', async () => (await gateway.api('GET', '/events?status=SUCCESSFUL')).body.models[0]);
}

const allDelivered = (ledger) => until('the delivery of all that was acknowledged', () => ledger.missing().length === 0);

async function sendMany(ledger, url, count) {
  return Promise.all(Array.from({ length: count }, () => ledger.send(url)));
}

const takesAgain = (ledger, url) => until('a sender is answered 200 again', async () => (await ledger.send(url)).status === 200);

test('no room for the store: 507 to senders, reads go on, recovery by itself, everything acknowledged arrives', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-disk-'));
  const full = join(dir, 'full');
  const ledger = openLedger();
  const destination = await ledger.startDestination(() => ({ delay: 5 }));
  let gateway = await startGateway({ dir: join(dir, 'data'), env: { FAIRLEAD_FAULT_STORE: `full:while:${full}` } });
  try {
    const path = await connect(gateway, destination.url);
    await sendMany(ledger, gateway.url + path, 50);
    const anEvent = await firstEvent(gateway);
    for (let round = 0; round < 3; round++) {
      const before = sendMany(ledger, gateway.url + path, 200); // some of them are under way when the disk is full
      await ledger.send(gateway.url + path);
      writeFileSync(full, '');
      await before;
      for (const answer of await sendMany(ledger, gateway.url + path, 100)) assertRefusedAsFull(answer);
      await assertReadsGoOn(gateway, anEvent);
      await assertChangesAreRefused(gateway);
      assert.equal((await fetch(`${gateway.url}/readyz`)).status, 503);
      rmSync(full);
      await until('readiness', async () => (await fetch(`${gateway.url}/readyz`)).status === 200); // without a sender's help
      assert.equal((await ledger.send(gateway.url + path)).status, 200);
      await allDelivered(ledger);
    }
    assert.equal((await gateway.api('POST', '/sources', { name: 'while-full' })).status, 200);
    await until('the recording of all attempts', async () => (await gateway.api('GET', '/events?status=QUEUED')).body.models.length === 0);
    assert.deepEqual(ledger.repeated(), [], 'delivered twice although the gateway never stopped');
    // Killed while the disk is full; what was acknowledged but could not be noted as delivered comes again.
    const last = sendMany(ledger, gateway.url + path, 100);
    await ledger.send(gateway.url + path);
    writeFileSync(full, '');
    await last;
    await gateway.stop({ signal: 'SIGKILL' });
    rmSync(full);
    gateway = await startGateway({ dir: join(dir, 'data') });
    await allDelivered(ledger);
  } finally {
    await gateway.stop();
    await destination.stop();
    ledger.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a stop while the disk is full ends cleanly, and the next start delivers the rest', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-disk-'));
  const full = join(dir, 'full');
  const ledger = openLedger();
  const destination = await ledger.startDestination(() => ({ delay: 200 }));
  let gateway = await startGateway({
    dir: join(dir, 'data'), args: ['--set', 'shutdown_ms=1000'], env: { FAIRLEAD_FAULT_STORE: `full:while:${full}` },
  });
  try {
    const path = await connect(gateway, destination.url);
    const answers = await sendMany(ledger, gateway.url + path, 100);
    assert.ok(answers.every(({ status }) => status === 200));
    writeFileSync(full, '');
    await gateway.stop(); // exit status 0
    rmSync(full);
    gateway = await startGateway({ dir: join(dir, 'data') });
    await allDelivered(ledger);
  } finally {
    rmSync(full, { force: true });
    await gateway.stop();
    await destination.stop();
    ledger.close();
    rmSync(dir, { recursive: true, force: true });
  }
});

// A file system of `size` in memory; null where this process may not mount.
function mountSmall(at, size) {
  const result = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', at], { encoding: 'utf8' });
  return result.status === 0 ? null : `cannot mount a small file system here: ${(result.stderr || String(result.error)).trim()}`;
}

const resize = (at, size) => assert.equal(spawnSync('mount', ['-o', `remount,size=${size}`, at]).status, 0);
const freeBytes = (at) => { const { bfree, bsize } = statfsSync(at); return bfree * bsize; };

test('a real file system fills up with webhooks, is found full at a restart, and grows', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-disk-'));
  const refusal = mountSmall(dir, '3m');
  if (refusal !== null) {
    rmSync(dir, { recursive: true, force: true });
    context.skip(refusal);
    return;
  }
  const ledger = openLedger();
  const destination = await ledger.startDestination();
  let gateway;
  try {
    gateway = await startGateway({ dir });
    const path = await connect(gateway, destination.url);
    await sendMany(ledger, gateway.url + path, 50);
    const anEvent = await firstEvent(gateway);
    const refused = await until('a sender is told that the disk is full', async () =>
      (await sendMany(ledger, gateway.url + path, 100)).find(({ status }) => status !== 200), { tries: 500, every: 1 });
    assertRefusedAsFull(refused);
    assert.ok(ledger.acknowledged.size > 100, `only ${ledger.acknowledged.size} fitted`);
    await assertReadsGoOn(gateway, anEvent);
    await gateway.stop({ signal: 'SIGKILL' });
    // The store needs no room to start; it answers what it has and takes nothing.
    gateway = await startGateway({ dir });
    await assertReadsGoOn(gateway, anEvent);
    resize(dir, '64m');
    await takesAgain(ledger, gateway.url + path);
    await allDelivered(ledger);
    const answers = await sendMany(ledger, gateway.url + path, 100);
    assert.ok(answers.every(({ status }) => status === 200));
    await allDelivered(ledger);
    context.diagnostic(`${ledger.summary()}; ${freeBytes(dir)} bytes free at the end`);
    await gateway.stop();
    gateway = null;
  } finally {
    await gateway?.stop({ signal: 'SIGKILL' });
    await destination.stop();
    ledger.close();
    assert.equal(spawnSync('umount', [dir]).status, 0);
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a first start on a full file system says so, and succeeds once there is room', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-disk-'));
  const refusal = mountSmall(dir, '64k');
  if (refusal !== null) {
    rmSync(dir, { recursive: true, force: true });
    context.skip(refusal);
    return;
  }
  try {
    writeFileSync(join(dir, 'ballast'), Buffer.alloc(freeBytes(dir)));
    await assert.rejects(startGateway({ dir: join(dir, 'data') }), /No space left|is full|cannot/);
    await assert.rejects(startGateway({ dir: join(dir, 'data') }), /No space left|is full|cannot/);
    rmSync(join(dir, 'ballast'));
    resize(dir, '16m');
    await (await startGateway({ dir: join(dir, 'data') })).stop();
  } finally {
    assert.equal(spawnSync('umount', [dir]).status, 0);
    rmSync(dir, { recursive: true, force: true });
  }
});
