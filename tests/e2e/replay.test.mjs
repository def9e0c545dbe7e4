// Replay: a stored request goes its whole way again, as a new request with the rules and connections of now.
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

const receivedAt = (name) => sink.received.filter((entry) => entry.url.startsWith(`/${name}/`));
const connect = (source, name, more = {}) => ok('PUT', '/connections', {
  name, ...source, destination: { name: `out-${name}`, type: 'HTTP', config: { url: `${sink.url}/${name}` } }, ...more,
});
// A source with one connection, and one webhook that was delivered to it.
async function delivered() {
  const number = ++counter, name = `first-${number}`;
  const connection = await connect({ source: { name: `in-${number}` } }, name);
  const sent = await fetch(`${connection.source.url}/deep?a=b`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-mine': 'yes' }, body: JSON.stringify({ number }),
  });
  const { request_id: requestId } = await sent.json();
  await until('the first delivery', () => receivedAt(name).length === 1);
  const [event] = (await ok('GET', `/requests/${requestId}/events`)).models;
  return { number, name, connection, requestId, event, source: { source_id: connection.source.id } };
}

describe('replaying a request', () => {
  test('makes a new request with the same data, and leaves the first as it was', async () => {
    const { number, name, requestId, connection } = await delivered();
    const before = await ok('GET', `/requests/${requestId}`);
    const { requests, events } = await ok('POST', `/requests/${requestId}/replay`, {});
    assert.equal(requests.length, 1);
    assert.equal(events.length, 1);
    assert.notEqual(requests[0].id, requestId);
    assert.equal(requests[0].events_count, 1);
    assert.equal(requests[0].rejection_cause, null);
    assert.equal(events[0].request_id, requests[0].id);
    assert.equal(events[0].webhook_id, connection.id);
    await until('the second delivery', () => receivedAt(name).length === 2);
    const again = receivedAt(name)[1];
    assert.equal(again.url, `/${name}/deep?a=b`);
    assert.equal(again.headers['x-mine'], 'yes');
    assert.deepEqual(JSON.parse(again.body), { number });
    const after = await ok('GET', `/requests/${requests[0].id}`);
    assert.deepEqual(after.data, before.data);
    assert.equal((await ok('GET', `/requests/${requestId}`)).events_count, 1);
  });

  test('reaches connections that were made later, with their present rules', async () => {
    const { source, requestId, connection } = await delivered();
    const late = await connect(source, `late-${counter}`, { rules: [{ type: 'delay', delay: 600000 }] });
    const off = await connect(source, `off-${counter}`);
    await ok('PUT', `/connections/${off.id}/disable`);
    const { events } = await ok('POST', `/requests/${requestId}/replay`);
    const byConnection = Object.fromEntries(events.map((event) => [event.webhook_id, event.status]));
    assert.deepEqual(byConnection, { [connection.id]: 'QUEUED', [late.id]: 'SCHEDULED' });
  });

  test('goes to the connections that are named, with a request for each source', async () => {
    const one = await delivered(), other = await delivered();
    const second = await connect(one.source, `second-${counter}`);
    const { requests, events } = await ok('POST', `/requests/${one.requestId}/replay`,
      { webhook_ids: [second.id, other.connection.id, one.connection.id] });
    assert.equal(requests.length, 2);
    assert.deepEqual(requests.map((request) => request.events_count).sort(), [1, 2]);
    assert.deepEqual(new Set(events.map((event) => event.webhook_id)),
      new Set([second.id, other.connection.id, one.connection.id]));
    await until('the delivery to the other source', () => receivedAt(other.name).length === 2);
    assert.deepEqual(JSON.parse(receivedAt(other.name)[1].body), { number: one.number });
    const only = await ok('POST', `/requests/${one.requestId}/replay`, { source_id: one.source.source_id, webhook_ids: [second.id] });
    assert.deepEqual(only.events.map((event) => event.webhook_id), [second.id]);
  });

  test('to a source without active connections is a rejected request', async () => {
    const { requestId } = await delivered();
    const empty = await ok('POST', '/sources', { name: `empty-${counter}` });
    const { requests, events } = await ok('POST', `/requests/${requestId}/replay`, { source_id: empty.id });
    assert.deepEqual(events, []);
    assert.equal(requests[0].rejection_cause, 'NO_CONNECTION');
    assert.equal(requests[0].source_id, empty.id);
    const stored = await ok('GET', `/requests/${requests[0].id}`);
    assert.equal(stored.rejection_cause, 'NO_CONNECTION');
  });

  test('is refused when it does not fit', async () => {
    const one = await delivered(), other = await delivered();
    const path = `/requests/${one.requestId}/replay`;
    await refusesStrangers(refused, 'POST', path, {});
    await refusesEach(refused, 'POST', path, [
      [{ webhook_ids: 'x' }, /^webhook_ids: must be an array/],
      [{ webhook_ids: [5] }, /^webhook_ids\[0\]: must be a string/],
      [{ webhook_ids: [] }, /^webhook_ids: names no/],
      [{ webhook_ids: ['web_00000000000'] }, /^webhook_ids\[0\]: is not an active/],
      [{ source_id: one.source.source_id, webhook_ids: [other.connection.id] }, /^webhook_ids\[0\]: .*of the source/],
      [{ source_id: null }, /^source_id: must be a string/],
      [{ more: 1 }, /^more: /],
    ]);
    await refused(404, 'POST', path, { source_id: 'src_00000000000' });
    await refused(404, 'POST', '/requests/req_00000000000/replay', {});
    const bad = await fetch(one.connection.source.url, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":' });
    const { models: [rejected] } = await ok('GET', `/requests?source_id=${one.source.source_id}&status=rejected`);
    assert.equal(bad.status, 400);
    assert.match((await refused(422, 'POST', `/requests/${rejected.id}/replay`, {})).message, /UNPARSABLE_JSON/);
    assert.equal((await ok('GET', `/requests?source_id=${one.source.source_id}`)).count, 2);
  });
});

describe('replaying an event', () => {
  test('goes to its own connection only', async () => {
    const { source, name, event, connection } = await delivered();
    await connect(source, `beside-${counter}`);
    const { requests, events } = await ok('POST', `/events/${event.id}/replay`, {});
    assert.equal(requests.length, 1);
    assert.deepEqual(events.map((made) => made.webhook_id), [connection.id]);
    await until('the second delivery', () => receivedAt(name).length === 2);
    assert.equal(receivedAt(`beside-${counter}`).length, 0);
    const replayed = await until('its outcome', async () => {
      const shown = await ok('GET', `/events/${events[0].id}`);
      return shown.status === 'SUCCESSFUL' && shown;
    });
    assert.equal(replayed.attempts, 1);
  });

  test('goes where the body says', async () => {
    const one = await delivered(), other = await delivered();
    const { events } = await ok('POST', `/events/${one.event.id}/replay`, { source_id: other.source.source_id });
    assert.deepEqual(events.map((made) => made.webhook_id), [other.connection.id]);
  });

  test('is refused for a connection that is off, and for unknown events', async () => {
    const { event, connection } = await delivered();
    await refusesStrangers(refused, 'POST', `/events/${event.id}/replay`, {});
    await refused(404, 'POST', '/events/evt_00000000000/replay', {});
    await ok('PUT', `/connections/${connection.id}/disable`);
    assert.match((await refused(422, 'POST', `/events/${event.id}/replay`, {})).message, /disabled/);
    await ok('DELETE', `/connections/${connection.id}`);
    assert.match((await refused(422, 'POST', `/events/${event.id}/replay`)).message, /deleted/);
  });
});
