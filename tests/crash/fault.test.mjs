// One disk operation of a short run fails, then the next one in the next run, and so on over the whole run:
// the gateway answers 5xx to what it could not commit, never crashes, and what it acknowledged is delivered,
// if need be after kill -9 and a start without the fault. FAIRLEAD_LONG=1 takes every operation, else some.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startGateway, until } from '../e2e/gateway.mjs';
import { connect, openLedger } from './ledger.mjs';

const SAMPLES = 10;
const GROUPS = 4;
const GROUP = 4;
const AT_ONCE = 4; // a run mostly waits

// 5xx: the store is in trouble, try again. Anything else than that and 200 is wrong.
async function insist(what, call) {
  return until(what, async () => {
    const reply = await call();
    if (reply.status === 200) return reply;
    assert.ok(reply.status === 503 || reply.status === 507, `${what}: ${reply.status} ${JSON.stringify(reply.body)}`);
    assert.ok(reply.body.code && reply.body.message, JSON.stringify(reply.body));
    return null;
  });
}

function assertToldClearly({ status, body }) {
  if (status === 200) return;
  assert.ok(status === 503 || status === 507, `a sender was answered ${status}: ${body}`);
  const told = JSON.parse(body);
  assert.equal(told.status, status);
  assert.ok(told.code && told.message, body);
}

// Everything that writes: making, changing, receiving, delivering, failing, retrying, pausing, stopping.
async function shortRun(gateway, ledger, destinationUrl) {
  let path;
  await until('the connection', () => connect(gateway, destinationUrl, { interval: 50 }).then((made) => { path = made; return true; }, (error) => {
    assert.match(error.message, /answered 50[37]/);
    return false;
  }));
  const url = gateway.url + path;
  const connection = (await gateway.api('GET', '/connections')).body.models[0];
  for (let group = 0; group < GROUPS; group++) {
    for (const answer of await Promise.all(Array.from({ length: GROUP }, () => ledger.send(url)))) assertToldClearly(answer);
    if (group === 1) {
      await insist('the pause', () => gateway.api('PUT', `/connections/${connection.id}/pause`, {}));
      assertToldClearly(await ledger.send(url));
      await insist('the end of the pause', () => gateway.api('PUT', `/connections/${connection.id}/unpause`, {}));
    }
  }
  const event = (await gateway.api('GET', '/events?status=SUCCESSFUL')).body.models[0];
  if (event) await insist('the retry', () => gateway.api('POST', `/events/${event.id}/retry`, {}));
}

async function rightAfterwards(dir, ledger) {
  const gateway = await startGateway({ dir });
  try {
    for (const { id, paused_at } of (await gateway.api('GET', '/connections')).body.models)
      if (paused_at !== null) assert.equal((await gateway.api('PUT', `/connections/${id}/unpause`, {})).status, 200);
    await until('the delivery of all that was acknowledged', () => ledger.missing().length === 0).catch(async (error) => {
      const waiting = (await gateway.api('GET', '/events?limit=255')).body.models.filter(({ status }) => status !== 'SUCCESSFUL');
      throw new Error(`${error.message}: ${JSON.stringify(waiting)}`);
    });
    await until('the end of the queue', async () => (await gateway.api('GET', '/events?status=QUEUED')).body.models.length === 0);
    const requests = (await gateway.api('GET', '/requests?limit=255')).body.models;
    assert.ok(requests.length >= ledger.acknowledged.size, `${requests.length} requests, ${ledger.acknowledged.size} acknowledged`);
    for (const list of ['sources', 'destinations', 'connections', 'attempts'])
      assert.equal((await gateway.api('GET', `/${list}`)).status, 200);
  } finally {
    await gateway.stop();
  }
}

// Starts with the fault. null: it did not start, and said why.
async function startWithFault(dir, fault, torn) {
  try {
    return await startGateway({ dir, env: { FAIRLEAD_FAULT_STORE: fault } });
  } catch (error) {
    if (!torn) assert.match(error.message, /the gateway ended \(1\): .*fairlead serve: \S/s, 'it neither started nor said why');
    else assert.match(error.message, /SIGKILL/);
    return null;
  }
}

// How the faulty process ends: torn ends it itself, else by SIGTERM or kill -9.
async function runWithFault(dir, fault, ledger, destinationUrl, kill) {
  const torn = fault.startsWith('torn');
  const gateway = await startWithFault(dir, fault, torn);
  if (gateway === null) return;
  try {
    await shortRun(gateway, ledger, destinationUrl);
  } catch (error) {
    if (!torn) throw error;
    const end = await gateway.ended; // its connections broke because it died
    assert.equal(end.signal, 'SIGKILL', `${error.message}: ${gateway.log()}`);
    return;
  }
  if (kill) {
    await gateway.stop({ signal: 'SIGKILL' });
    return;
  }
  await gateway.stop().catch((error) => { // a torn write at the stop
    if (!torn || !/SIGKILL/.test(error.message)) throw error;
  });
}

async function withFault(fault, kill) {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-fault-'));
  const ledger = openLedger();
  const destination = await ledger.startDestination((count) => ({ status: count % 3 === 1 ? 500 : 200 }));
  try {
    await runWithFault(dir, fault, ledger, destination.url, kill);
    await rightAfterwards(dir, ledger);
    return ledger.acknowledged.size;
  } catch (error) {
    throw new Error(`${fault}${kill ? ' and kill -9' : ''}: ${error.message} (${ledger.summary()}, missing ${ledger.missing()})`, { cause: error });
  } finally {
    await destination.stop();
    ledger.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function countOperations() {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-fault-'));
  const ledger = openLedger();
  const destination = await ledger.startDestination();
  try {
    const gateway = await startGateway({ dir: join(dir, 'data'), env: { FAIRLEAD_FAULT_STORE: `count:${dir}/operations` } });
    await shortRun(gateway, ledger, destination.url);
    await gateway.stop();
    assert.equal(ledger.acknowledged.size, GROUPS * GROUP + 1);
    return Number(readFileSync(join(dir, 'operations'), 'utf8'));
  } finally {
    await destination.stop();
    ledger.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const operations = await countOperations();

// All of them, or some that are spread over the run, others each time.
function chosen() {
  if (process.env.FAIRLEAD_LONG) return Array.from({ length: operations }, (_, index) => index + 1);
  const step = operations / SAMPLES;
  return Array.from({ length: SAMPLES }, (_, index) => Math.min(operations, 1 + Math.floor((index + Math.random()) * step)));
}

const KINDS = [
  ['an I/O error', (n) => `ioerr:${n}`, false],
  ['five I/O errors, then kill -9', (n) => `ioerr:${n}:5`, true],
  ['a disk that is full for 20 operations', (n) => `full:${n}:20`, false],
  ['a torn write that ends the process', (n) => `torn:${n}`, false],
];

for (const [name, fault, kill] of KINDS) {
  test(`${name}, anywhere in a run of ${operations} disk operations`, async (context) => {
    const numbers = chosen();
    let acknowledged = 0;
    const rest = numbers.values();
    const take = async () => {
      for (const number of rest) {
        const count = await withFault(fault(number), kill);
        acknowledged += count;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, take));
    context.diagnostic(`${numbers.length} runs, ${acknowledged} webhooks acknowledged and delivered`);
    assert.ok(acknowledged > 0);
  });
}
