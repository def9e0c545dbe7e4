// Bookmarks: data that is kept at hand and sent again.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

let gateway, sink, ok, refused, counter = 0;

before(async () => {
  gateway = await startGateway();
  sink = await startSink();
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

// A connection, an event of it, and a bookmark of the event's data.
async function marked(rules = []) {
  const number = ++counter;
  const connection = await ok('PUT', '/connections', {
    name: `web-${number}`, source: { name: `in-${number}` }, rules,
    destination: { name: `out-${number}`, type: 'HTTP', config: { url: `${sink.url}/${number}` } },
  });
  const sent = await fetch(`${connection.source.url}/deep?a=b`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ number }),
  });
  const { request_id: requestId } = await sent.json();
  const event = await until('an event', async () => (await ok('GET', `/requests/${requestId}/events`)).models[0]);
  const bookmark = await ok('POST', '/bookmarks', {
    event_data_id: event.event_data_id, webhook_id: connection.id, label: `label, ${number}`, name: `mark-${number}`,
  });
  return { number, connection, event, bookmark };
}
const receivedAt = (number) => sink.received.filter((entry) => entry.url.startsWith(`/${number}/`));

describe('bookmarks', () => {
  test('show the data that they mark', async () => {
    const { number, connection, event, bookmark } = await marked();
    assert.match(bookmark.id, /^bmk_/);
    assert.equal(bookmark.webhook_id, connection.id);
    assert.equal(bookmark.event_data_id, event.event_data_id);
    assert.equal(bookmark.alias, `mark-${number}`);
    assert.equal(bookmark.last_used_at, null);
    assert.deepEqual(bookmark.data.body, { number });
    assert.equal(bookmark.data.path, '/deep');
    assert.deepEqual(await ok('GET', `/bookmarks/${bookmark.id}`), bookmark);
    assert.deepEqual(await ok('GET', `/bookmarks/${bookmark.id}/raw_body`), { body: JSON.stringify({ number }) });
  });

  test('are found by what they have', async () => {
    const { number, connection, event, bookmark } = await marked();
    for (const query of [`id=${bookmark.id}`, `name=mark-${number}`, `webhook_id=${connection.id}`,
      `event_data_id=${event.event_data_id}`, `label=${encodeURIComponent(`label, ${number}`)}`])
      assert.deepEqual((await ok('GET', `/bookmarks?${query}`)).models.map((model) => model.id), [bookmark.id], query);
    assert.deepEqual((await ok('GET', `/bookmarks?id=${bookmark.id}&last_used_at[any]=true`)).models, []);
  });

  test('are changed and deleted', async () => {
    const { bookmark } = await marked();
    const changed = await ok('PUT', `/bookmarks/${bookmark.id}`, { label: 'other' });
    assert.equal(changed.label, 'other');
    assert.equal(changed.alias, bookmark.alias);
    assert.deepEqual(await ok('DELETE', `/bookmarks/${bookmark.id}`), { id: bookmark.id });
    await refused(404, 'GET', `/bookmarks/${bookmark.id}`);
    await refused(404, 'DELETE', `/bookmarks/${bookmark.id}`);
  });

  test('refuse what does not fit', async () => {
    const one = await marked(), other = await marked();
    const good = { event_data_id: one.event.event_data_id, webhook_id: one.connection.id, label: 'x' };
    await refusesStrangers(refused, 'POST', '/bookmarks', good);
    await refusesEach(refused, 'POST', '/bookmarks', [
      [{}, /^event_data_id: is required/],
      [{ ...good, label: '' }, /^label: must not be empty/],
      [{ ...good, label: 'x'.repeat(256) }, /^label: .*255/],
      [{ ...good, name: 'a b' }, /^name: /],
      [{ ...good, webhook_id: 5 }, /^webhook_id: must be a string/],
      [{ ...good, webhook_id: other.connection.id }, /another source/],
      [{ ...good, more: 1 }, /^more: /],
    ]);
    await refused(404, 'POST', '/bookmarks', { ...good, event_data_id: 'edt_00000000000' });
    await refused(404, 'POST', '/bookmarks', { ...good, webhook_id: 'web_00000000000' });
    assert.equal((await refused(409, 'POST', '/bookmarks', { ...good, name: one.bookmark.alias })).data.id, one.bookmark.id);
    await refused(404, 'POST', '/bookmarks/bmk_00000000000/trigger');
    await refused(404, 'GET', '/bookmarks/nothing/raw_body');
  });
});

describe('triggering one', () => {
  test('is described as giving an array', async () => {
    const { components, paths } = await (await fetch(`${gateway.url}/openapi.json`)).json();
    const reply = paths['/bookmarks/{id}/trigger'].post.responses[200].content['application/json'].schema.$ref;
    assert.equal(reply, '#/components/schemas/EventArray');
    assert.equal(components.schemas.EventArray.type, 'array');
    assert.equal(components.schemas.EventArray.items.properties.id.type, 'string');
  });

  test('delivers the data again as a new event', async () => {
    const { number, connection, event, bookmark } = await marked();
    await until('the first delivery', () => receivedAt(number).length === 1);
    const events = await ok('POST', `/bookmarks/${bookmark.id}/trigger`);
    assert.equal(events.length, 1);
    assert.notEqual(events[0].id, event.id);
    assert.equal(events[0].webhook_id, connection.id);
    assert.equal(events[0].event_data_id, event.event_data_id);
    await until('the second delivery', () => receivedAt(number).length === 2);
    assert.equal(String(receivedAt(number)[1].body), JSON.stringify({ number }));
    assert.equal(receivedAt(number)[1].url, `/${number}/deep?a=b`);
    const used = await ok('GET', `/bookmarks/${bookmark.id}`);
    assert.ok(Date.parse(used.last_used_at) >= Date.parse(used.created_at));
    assert.equal((await ok('GET', `/requests/${event.request_id}`)).events_count, 2);
    assert.equal((await ok('GET', `/bookmarks?id=${bookmark.id}&last_used_at[any]=true`)).count, 1);
  });

  test('waits while the connection is paused, and for its delay', async () => {
    const paused = await marked();
    await ok('PUT', `/connections/${paused.connection.id}/pause`);
    assert.equal((await ok('POST', `/bookmarks/${paused.bookmark.id}/trigger`))[0].status, 'HOLD');
    const delayed = await marked([{ type: 'delay', delay: 600000 }]);
    const [event] = await ok('POST', `/bookmarks/${delayed.bookmark.id}/trigger`);
    assert.equal(event.status, 'SCHEDULED');
    assert.ok(Date.parse(event.next_attempt_at) > Date.now() + 500000);
  });

  test('is refused when the connection is disabled or deleted', async () => {
    const { connection, bookmark } = await marked();
    await ok('PUT', `/connections/${connection.id}/disable`);
    assert.match((await refused(422, 'POST', `/bookmarks/${bookmark.id}/trigger`)).message, /disabled/);
    await ok('DELETE', `/connections/${connection.id}`);
    assert.match((await refused(422, 'POST', `/bookmarks/${bookmark.id}/trigger`)).message, /deleted/);
    assert.equal((await ok('GET', `/bookmarks/${bookmark.id}`)).last_used_at, null);
  });
});
