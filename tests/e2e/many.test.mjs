// A thousand of each kind, names as long as they may be, fifty rules on a connection, the largest pages.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway } from './gateway.mjs';
import { callsOf } from './resource.mjs';

const MANY = 1000, LONGEST = 155, AT_ONCE = 8, PAGE = 255;
const SLOW_MS = 5000; // a page that takes longer than this, on any machine, is not fast
let gateway, ok, refused;
const requestIds = [];

const longName = (kind, i) => `${kind}-${String(i).padStart(4, '0')}-`.padEnd(LONGEST, 'n');

before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

async function manyTimes(make, count = MANY) {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) await make(next++);
  }));
}

// All pages of the largest size; each in time, all together without a repeat.
async function all(path) {
  const ids = new Set();
  let next, models = 0;
  do {
    const began = Date.now();
    const page = await ok('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE}${next ? `&next=${next}` : ''}`);
    assert.ok(Date.now() - began < SLOW_MS, `${path} took ${Date.now() - began} ms`);
    assert.ok(page.count <= PAGE && page.count === page.models.length);
    page.models.forEach((model) => ids.add(model.id));
    models += page.count;
    next = page.pagination.next;
  } while (next);
  assert.equal(ids.size, models, `${path} repeats`);
  return models;
}

test('connections, with their sources and destinations', async () => {
  await manyTimes((i) => ok('POST', '/connections', {
    name: longName('connection', i), source: { name: longName('source', i), type: 'WEBHOOK' },
    destination: { name: longName('destination', i), type: 'MOCK_API' },
  }));
  for (const noun of ['connections', 'sources', 'destinations']) {
    assert.equal((await ok('GET', `/${noun}/count`)).count, MANY);
    for (const order of noun === 'connections' ? ['created_at', 'full_name', 'sources.updated_at'] : ['created_at', 'name', 'updated_at'])
      for (const dir of ['asc', 'desc']) assert.equal(await all(`/${noun}?order_by=${order}&dir=${dir}`), MANY);
    const one = await ok('GET', `/${noun}?name=${longName(noun.slice(0, -1), 777)}`);
    assert.equal(one.models[0].name, longName(noun.slice(0, -1), 777));
  }
  await refused(422, 'POST', '/sources', { name: 'n'.repeat(LONGEST + 1) });
});

test('transformations', async () => {
  await manyTimes((i) => ok('POST', '/transformations', { name: longName('transformation', i), code: 'addHandler("transform", r => r)' }));
  assert.equal(await all('/transformations?order_by=name'), MANY);
});

test('integrations', async () => {
  await manyTimes((i) => ok('POST', '/integrations', { label: longName('integration', i), provider: 'GITHUB', features: [], configs: {} }));
  assert.equal(await all('/integrations'), MANY);
});

test('requests, events and attempts of many connections of one source', async () => {
  const source = (await ok('GET', `/sources?name=${longName('source', 5)}`)).models[0];
  await manyTimes((i) => ok('POST', '/connections', { name: `fan-${i}`, source_id: source.id, destination: { name: `fan-${i}`, type: 'MOCK_API' } }), 100);
  const url = gateway.url + new URL(source.url).pathname;
  for (let i = 0; i < 12; i++) {
    const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ i }) });
    requestIds.push((await reply.json()).request_id);
  }
  assert.equal(await all('/events'), 12 * 101);
  assert.equal(await all(`/events?source_id=${source.id}`), 12 * 101); // more connections than one statement merges
  assert.equal(await all(`/requests/${requestIds[0]}/events`), 101);
  assert.equal(await all(`/events?source_id=${source.id}&body=${encodeURIComponent('{"i":{"$lt":6}}')}`), 6 * 101);
});

test('bookmarks', async () => {
  const event = (await ok('GET', `/requests/${requestIds[0]}/events?limit=1`)).models[0];
  await manyTimes((i) => ok('POST', '/bookmarks', {
    name: longName('bookmark', i), label: `label ${i}`, event_data_id: event.event_data_id, webhook_id: event.webhook_id }));
  assert.equal(await all('/bookmarks'), MANY);
});

test('fifty rules on a connection', async () => {
  const rules = [{ type: 'retry', strategy: 'linear', interval: 1000, count: 3 },
    ...Array.from({ length: 49 }, (_, i) => ({ type: 'delay', delay: 1000 + i }))];
  const made = await ok('POST', '/connections', { name: 'ruled', source: { name: 'ruled', type: 'WEBHOOK' }, destination: { name: 'ruled', type: 'MOCK_API' }, rules });
  assert.equal((await ok('GET', `/connections/${made.id}`)).rules.length, 50);
  await refused(422, 'PUT', `/connections/${made.id}`, { rules: Array.from({ length: 101 }, () => rules[0]) });
});
