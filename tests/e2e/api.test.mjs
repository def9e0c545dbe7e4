// The REST API through the outside: a real gateway, its HTTP face, and what its clients rely on.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { startGateway } from './gateway.mjs';

let gateway, sink, sinkUrl, sinkStatus = 200;
const PREFIX = '/2025-07-01';

before(async () => {
  gateway = await startGateway();
  sink = createServer((request, response) => {
    request.resume().on('end', () => { response.statusCode = sinkStatus; response.setHeader('content-type', 'application/json'); response.end('{"seen":true}'); });
  });
  await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
  sinkUrl = `http://127.0.0.1:${sink.address().port}/hook`;
});

after(async () => {
  await gateway?.stop();
  sink?.closeAllConnections?.();
  sink?.close();
});

async function call(method, path, body, options = {}) {
  const headers = { authorization: `Bearer ${gateway.key}`, ...options.headers };
  if (headers.authorization === null) delete headers.authorization;
  const raw = options.raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(gateway.url + (options.prefix ?? PREFIX) + path, { method, headers, body: raw });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function ok(method, path, body, options) {
  const reply = await call(method, path, body, options);
  assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

async function refused(status, method, path, body, options) {
  const reply = await call(method, path, body, options);
  assert.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
  assert.equal(reply.body.status, status);
  assert.equal(typeof reply.body.code, 'string');
  assert.ok(reply.body.message.length > 0);
  return reply.body;
}

async function until(probe, what) {
  for (let i = 0; i < 100; i++) {
    const found = await probe();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never came: ${what}`);
}

let counter = 0;
const fresh = (word) => `${word}-${++counter}`;

function connect(extra = {}) {
  return ok('PUT', '/connections', {
    name: fresh('web'), source: { name: fresh('in') },
    destination: { name: fresh('out'), type: 'HTTP', config: { url: sinkUrl } }, ...extra,
  });
}

async function send(connection, body = { n: 1 }) {
  const response = await fetch(connection.source.url, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  return (await response.json()).request_id;
}

async function eventOf(requestId, status) {
  return until(async () => {
    const list = await ok('GET', `/requests/${requestId}/events`);
    return list.models.find((event) => !status || event.status === status);
  }, `an event of ${requestId} that is ${status}`);
}

describe('who may call, and where', () => {
  test('a key is needed, as Bearer or as Basic user name', async () => {
    const basic = (key) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
    await refused(401, 'GET', '/sources', undefined, { headers: { authorization: null } });
    await refused(401, 'GET', '/sources', undefined, { headers: { authorization: 'Bearer wrong' } });
    await refused(401, 'GET', '/sources', undefined, { headers: { authorization: basic('wrong') } });
    await ok('GET', '/sources', undefined, { headers: { authorization: basic(gateway.key) } });
  });

  test('every date prefix answers, doubled slashes too', async () => {
    for (const prefix of ['/2024-03-01', '/2024-09-01', '/2026-09-01', '//2025-07-01'])
      assert.ok(Array.isArray((await ok('GET', '/sources', undefined, { prefix })).models));
  });

  test('unknown paths are 404, wrong methods 405 with Allow', async () => {
    await refused(404, 'GET', '/nothing');
    const reply = await call('DELETE', '/sources');
    assert.equal(reply.status, 405);
    assert.deepEqual(reply.headers.get('allow').split(', ').sort(), ['GET', 'POST', 'PUT']);
  });

  test('every reply carries the rate headers', async () => {
    for (const path of ['/sources', '/nothing']) {
      const { headers } = await call('GET', path);
      assert.ok(Number(headers.get('x-ratelimit-remaining')) > 0);
      assert.ok(!Number.isNaN(Date.parse(headers.get('x-ratelimit-reset'))));
    }
  });

  test('the description names the operations without a key', async () => {
    const document = await (await fetch(`${gateway.url}/openapi.json`)).json();
    assert.equal(document.paths['/connections'].put.operationId, 'upsertConnection');
    assert.equal(document.paths['/events/{id}/retry'].post.operationId, 'retryEvent');
    assert.deepEqual(document.servers, [{ url: '/2025-07-01' }]);
  });
});

describe('what is refused', () => {
  test('malformed JSON is 400, what is no object 422', async () => {
    assert.equal((await refused(400, 'POST', '/sources', undefined, { raw: '{"name":' })).code, 'BAD_REQUEST');
    await refused(422, 'POST', '/sources', undefined, { raw: '[]' });
  });

  test('the texts name the fields', async () => {
    const cases = [
      ['POST', '/sources', {}, /^name: is required/],
      ['POST', '/sources', { name: 'a b' }, /^name: /],
      ['POST', '/sources', { name: 7 }, /^name: must be a string, not/],
      ['POST', '/sources', { name: 'x'.repeat(156) }, /^name: .*155/],
      ['POST', '/sources', { name: 'ok', nonsense: 1 }, /^nonsense: /],
      ['POST', '/sources', { name: 'ok', type: 'NO_SUCH' }, /^type: /],
      ['POST', '/sources', { name: 'ok', config: { allowed_http_methods: ['GO'] } }, /^config\.allowed_http_methods\[0\]/],
      ['POST', '/sources', { name: 'ok', type: 'STRIPE', config: { auth: { api_key: 's' } } }, /^config\.auth\.webhook_secret_key: is required/],
      ['POST', '/destinations', { name: 'ok' }, /^config\.url: is required/],
      ['POST', '/destinations', { name: 'ok', config: { url: 'ftp://x' } }, /^config\.url: /],
      ['POST', '/destinations', { name: 'ok', config: { url: 'http://x', rate_limit: 0 } }, /^config\.rate_limit: must be from 1/],
      ['POST', '/destinations', { name: 'ok', config: { url: 'http://x', auth_type: 'AWS_SIGNATURE', auth: {} } }, /region: is required/],
      ['POST', '/destinations', { name: 'ok', type: 'CLI' }, /^config\.path: is required/],
      ['POST', '/connections', {}, /^source: or source_id is required/],
    ];
    for (const [method, path, body, expected] of cases) {
      const error = await refused(422, method, path, body);
      assert.equal(error.code, 'UNPROCESSABLE_ENTITY');
      assert.ok(error.data.some((text) => expected.test(text)), `${JSON.stringify(body)}: ${error.data}`);
    }
  });

  test('the texts say what would be right', async () => {
    const cases = [
      ['GET', '/events?status=NOPE', 'status: "NOPE" is not a valid value: SCHEDULED, QUEUED, HOLD, SUCCESSFUL, FAILED or CANCELLED'],
      ['GET', '/events?created_at[gte]=soon', 'created_at: "soon" is not a valid value: a date like 2026-01-31T10:20:30Z'],
      ['GET', '/events?attempts={"gte":"x"}', 'attempts: "x" is not a valid value: an integer from 0 to 9223372036854775807'],
      ['GET', '/events?response_status=99', 'response_status: "99" is not a valid value: an integer from 100 to 600'],
      ['GET', '/events?dir=up', 'dir: "up" is not a valid value: asc or desc'],
      ['GET', '/sources?order_by=size', /^order_by: "size" is not a valid value: .*created_at/],
      ['GET', '/sources?disabled=perhaps', 'disabled: "perhaps" is not a valid value: true or false'],
      ['GET', '/requests?search_term=ab', /^search_term: "ab" is not a valid value: UTF-8 of 3 to \d+ bytes$/],
      ['GET', '/events?include=all', 'include: "all" is not a valid value: data'],
      ['POST', '/bulk/events/retry', 'query.status: "NOPE" is not a valid value: SCHEDULED, QUEUED, HOLD, SUCCESSFUL, FAILED or CANCELLED', { query: { status: 'NOPE' } }],
      ['PUT', '/issue-triggers', 'type: "x" is not one of the allowed values: delivery, transformation, backpressure or request', { name: 'x', type: 'x', channels: {} }],
      ['POST', '/sources', 'type: "NOPE" is not one of the allowed values', { name: 'x', type: 'NOPE' }], // too many to say
    ];
    for (const [method, path, expected, body] of cases) {
      const [text] = (await refused(422, method, path, body)).data;
      if (expected instanceof RegExp) assert.match(text, expected);
      else assert.equal(text, expected);
    }
  });

  test('rules that make no sense', async () => {
    for (const rule of [{ type: 'filter', body: { $x: 1 } }, { type: 'transform' }, { type: 'deduplicate', window: 1 }, { type: 'bogus' }, { type: 'retry' }, { type: 'retry', strategy: 'linear', count: 51 },
      { type: 'retry', strategy: 'linear', response_status_codes: ['abc'] }, { type: 'delay' }]) {
      const error = await refused(422, 'PUT', '/connections', {
        name: 'never', source: { name: 'never' }, destination: { name: 'never', config: { url: sinkUrl } }, rules: [rule],
      });
      assert.match(error.data[0], /^rules\[0\]\./);
    }
    // Nothing of a refused change stays, the inline source neither.
    assert.equal((await ok('GET', '/sources?name=never')).models.length, 0);
  });

  test('parameters: unknown ones, bad values, JSON filters', async () => {
    for (const query of ['/events?foo=1', '/events?status=NOPE', '/events?limit=256', '/events?limit=x',
      '/events?created_at[gte]=yesterday', '/events?headers=%7B', '/events?body=%7B%22$foo%22:1%7D', '/sources?order_by=size', '/events?next=garbage'])
      await refused(422, 'GET', query);
  });

  test('unknown ids', async () => {
    for (const path of ['/sources/src_x', '/destinations/none', '/connections/web_00000000001', '/requests/1', '/events/evt_0',
      '/attempts/atm_1']) {
      const error = await refused(404, 'GET', path);
      assert.equal(error.code, 'NOT_FOUND');
      assert.equal(error.data.id, path.split('/')[2]);
    }
  });
});

describe('sources and destinations', () => {
  test('create, get, update by parts, delete', async () => {
    const name = fresh('source');
    const made = await ok('POST', '/sources', { name, description: 'first', config: { allowed_http_methods: ['POST'] } });
    assert.match(made.id, /^src_/);
    assert.match(made.team_id, /^tm_/);
    assert.equal(made.type, 'WEBHOOK');
    assert.ok(made.url.includes('/e/'));
    const clash = await refused(409, 'POST', '/sources', { name });
    assert.deepEqual(clash.data, { id: made.id, resource_type: 'source' });

    const custom = { content_type: 'json', body: '{}' };
    const changed = await ok('PUT', `/sources/${made.id}`, { config: { custom_response: custom } });
    assert.deepEqual(changed.config.allowed_http_methods, ['POST']);
    assert.deepEqual(changed.config.custom_response, custom);
    assert.equal(changed.url, made.url);
    assert.equal(changed.description, 'first');
    const cleared = await ok('PUT', '/sources', { name, config: { custom_response: null }, description: null });
    assert.equal(cleared.id, made.id);
    assert.equal(cleared.config.custom_response, undefined);
    assert.equal(cleared.description, null);

    assert.deepEqual(await ok('DELETE', `/sources/${made.id}`), { id: made.id });
    for (const [method, path] of [['GET', ''], ['PUT', ''], ['DELETE', ''], ['PUT', '/disable']]) {
      const gone = await refused(410, method, `/sources/${made.id}${path}`, method === 'PUT' ? {} : undefined);
      assert.equal(gone.code, 'GONE');
      assert.equal(gone.data.deleted, true);
    }
    assert.notEqual((await ok('POST', '/sources', { name })).id, made.id);
  });

  test('secrets are shown when asked for only', async () => {
    const auth = { username: 'u', password: 'p' };
    const made = await ok('POST', '/sources', { name: fresh('source'), type: 'HTTP', config: { auth_type: 'BASIC_AUTH', auth } });
    assert.equal(made.authenticated, true);
    assert.equal(made.config.auth, undefined);
    assert.ok(!JSON.stringify(made).includes('"p"'));
    assert.deepEqual((await ok('GET', `/sources/${made.id}?include=config.auth`)).config.auth, auth);
    const kept = await ok('PUT', `/sources/${made.id}`, { description: 'x' });
    assert.equal(kept.authenticated, true);
    const without = await ok('PUT', `/sources/${made.id}`, { config: { auth: null, auth_type: null } });
    assert.equal(without.authenticated, false);
  });

  test('a destination keeps its url through a partial PUT', async () => {
    const made = await ok('POST', '/destinations', { name: fresh('dest'), type: 'HTTP', config: { url: sinkUrl } });
    assert.match(made.id, /^des_/);
    assert.equal(made.config.auth_type, 'HOOKDECK_SIGNATURE');
    const changed = await ok('PUT', `/destinations/${made.id}`, { config: { http_method: 'PUT', rate_limit: null } });
    assert.equal(changed.config.url, sinkUrl);
    assert.equal(changed.config.http_method, 'PUT');
    await ok('POST', '/destinations', { name: fresh('mock'), type: 'MOCK_API' });
  });

  test('the shapes of 2024-03-01', async () => {
    const options = { prefix: '/2024-03-01' };
    const destination = await ok('POST', '/destinations', {
      name: fresh('old'), url: sinkUrl, http_method: 'POST', auth_method: { type: 'BEARER_TOKEN', config: { token: 't' } },
    }, options);
    assert.equal(destination.type, 'HTTP');
    assert.equal(destination.url, sinkUrl);
    assert.equal(destination.config.url, sinkUrl);
    assert.equal(destination.auth_method.type, 'BEARER_TOKEN');
    const source = await ok('POST', '/sources', {
      name: fresh('old'), allowed_http_methods: ['PUT'],
      verification: { type: 'api_key', configs: { header_key: 'x-key', api_key: 'k' } },
    }, options);
    assert.deepEqual(source.allowed_http_methods, ['PUT']);
    assert.equal(source.config.auth_type, 'API_KEY');
    assert.equal(source.verification.type, 'api_key');
    assert.ok((await ok('PUT', `/sources/${source.id}/archive`, undefined, options)).disabled_at);
    assert.equal((await ok('PUT', `/sources/${source.id}/unarchive`, undefined, options)).disabled_at, null);
  });
});

describe('connections', () => {
  test('inline ends, both forms of ids, upsert by name', async () => {
    const rules = [{ type: 'retry', strategy: 'linear', interval: 1000, response_status_codes: [500, '502-504'] },
      { type: 'delay', delay: 5 }];
    const made = await connect({ rules });
    assert.match(made.id, /^web_/);
    assert.equal(made.source_id, made.source.id);
    assert.equal(made.destination_id, made.destination.id);
    assert.equal(made.full_name, `${made.source.name} -> ${made.name}`);
    assert.deepEqual(made.rules, [{ ...rules[0], response_status_codes: ['500', '502-504'] }, rules[1]]);

    const again = await ok('PUT', '/connections', {
      name: made.name, description: 'd', source_id: made.source_id, destination_id: made.destination_id,
    });
    assert.equal(again.id, made.id);
    assert.equal(again.rules.length, 2);
    assert.deepEqual((await ok('PUT', `/connections/${made.id}`, { rules: [] })).rules, []);
    const clash = await refused(409, 'POST', '/connections', {
      name: made.name, source_id: made.source_id, destination_id: made.destination_id,
    });
    assert.equal(clash.data.id, made.id);
    await ok('PUT', `/connections/${made.id}`, { source_id: made.source_id, destination_id: made.destination_id });
    const other = await connect();
    await refused(422, 'PUT', `/connections/${made.id}`, { source_id: other.source_id });
    await refused(422, 'PUT', `/connections/${made.id}`, { destination_id: other.destination_id });
  });

  test('disabling an end disables the connection, enabling the connection enables both', async () => {
    const made = await connect();
    assert.ok((await ok('PUT', `/sources/${made.source_id}/disable`, {})).disabled_at);
    assert.ok((await ok('PUT', `/destinations/${made.destination_id}/disable`, {})).disabled_at);
    assert.ok((await ok('GET', `/connections/${made.id}`)).disabled_at);
    const enabled = await ok('PUT', `/connections/${made.id}/enable`, {});
    assert.equal(enabled.disabled_at, null);
    assert.equal(enabled.source.disabled_at, null);
    assert.equal(enabled.destination.disabled_at, null);
    await ok('DELETE', `/sources/${made.source_id}`);
    await refused(410, 'GET', `/connections/${made.id}`);
  });

  test('a paused connection holds its events until it is unpaused', async () => {
    const made = await connect();
    assert.ok((await ok('PUT', `/connections/${made.id}/pause`, {})).paused_at);
    const request = await send(made);
    await eventOf(request, 'HOLD');
    assert.equal((await ok('PUT', `/connections/${made.id}/unpause`, {})).paused_at, null);
    const event = await eventOf(request, 'SUCCESSFUL');
    const attempts = await ok('GET', `/attempts?event_id=${event.id}`);
    assert.equal(attempts.models[0].trigger, 'UNPAUSE');
  });
});

describe('lists', () => {
  test('pages forwards and back, filters, counts', async () => {
    const names = [];
    for (let i = 0; i < 5; i++) {
      const name = fresh('page');
      await ok('POST', '/sources', { name, type: 'HTTP' });
      names.push(name);
    }
    const filter = names.map((name) => `name=${name}`).join('&');
    const seen = [];
    let next = '', page, first;
    do {
      page = await ok('GET', `/sources?${filter}&limit=2&order_by=name&dir=asc${next}`);
      first ??= page;
      assert.equal(page.pagination.limit, 2);
      assert.equal(page.pagination.order_by, 'name');
      assert.equal(page.count, page.models.length);
      seen.push(...page.models.map((model) => model.name));
      next = page.pagination.next ? `&next=${page.pagination.next}` : '';
    } while (next && seen.length < 10);
    assert.deepEqual(seen, [...names].sort());
    const back = await ok('GET', `/sources?${filter}&limit=2&order_by=name&dir=asc&prev=${page.pagination.prev}`);
    assert.deepEqual(back.models.map((model) => model.name), seen.slice(2, 4));
    assert.equal((await ok('GET', `/sources/count?${filter}`)).count, 5);
  });

  test('four spellings of an array, and what matches nothing or all', async () => {
    const ids = [];
    for (let i = 0; i < 2; i++) ids.push((await ok('POST', '/sources', { name: fresh('array') })).id);
    const [a, b] = ids;
    for (const query of [`id=${a}&id=${b}`, `id[0]=${a}&id[1]=${b}`, `id[]=${a}&id[]=${b}`, `id=${a},${b}`])
      assert.equal((await ok('GET', `/sources?${query}`)).count, 2, query);
    assert.equal((await ok('GET', '/sources?id=src_unknown')).count, 0);
    assert.ok((await ok('GET', '/sources?id=')).count >= 2);
    await ok('PUT', `/sources/${a}/disable`, {});
    assert.equal((await ok('GET', `/sources?id=${a},${b}&disabled=false`)).count, 1);
    assert.equal((await ok('GET', `/sources?id=${a},${b}&disabled=true`)).count, 2);
    assert.equal((await ok('GET', `/sources?id=${a},${b}&disabled_at[any]=true`)).count, 1);
  });

  test('operators as an object', async () => {
    const { id } = await ok('POST', '/sources', { name: fresh('operators') });
    const at = Date.parse((await ok('PUT', `/sources/${id}/disable`, {})).disabled_at);
    const count = async (operators) => (await ok('GET', `/sources?id=${id}&disabled_at=${encodeURIComponent(JSON.stringify(operators))}`)).count;
    assert.equal(await count({ gte: new Date(at), lte: new Date(at + 60000) }), 1);
    assert.equal(await count({ any: true }), 1);
    await ok('PUT', `/sources/${id}/enable`, {});
    for (const query of ['disabled_at[gte]=1970-01-01T00:00:00Z', 'disabled_at=1970-01-01T00:00:00Z', 'disabled_at[lte]=1970-01-01T00:00:00Z'])
      assert.equal((await ok('GET', `/sources?id=${id}&${query}`)).count, 0, 'never is at no moment');
    assert.equal(await count({ gt: new Date(at + 60000) }), 0);
    for (const text of ['{', '{}', '{"near":1}', '{"gte":{}}', '{"gte":null}', '{"":1}', '{"gte":1,"gte":2}'])
      await refused(422, 'GET', `/events?attempts=${encodeURIComponent(text)}`);
    assert.equal((await ok('GET', '/events?attempts={"gte":1000000}')).count, 0);
  });
});

describe('requests, events and attempts', () => {
  test('a delivered webhook, seen from all sides', async () => {
    const made = await connect();
    const id = await send(made, { hello: 'world' });
    const event = await eventOf(id, 'SUCCESSFUL');
    const request = await ok('GET', `/requests/${id}`);
    assert.deepEqual(request.data.body, { hello: 'world' });
    assert.equal(typeof request.data.headers, 'object');
    assert.equal(request.events_count, 1);
    assert.equal(request.rejection_cause, null);
    assert.deepEqual(await ok('GET', `/requests/${id}/raw_body`), { body: '{"hello":"world"}' });
    assert.deepEqual(await ok('GET', `/events/${event.id}/raw_body`), { body: '{"hello":"world"}' });
    assert.equal(event.webhook_id, made.id);
    assert.equal(event.response_status, 200);
    const full = await ok('GET', `/events/${event.id}`);
    assert.equal(full.data.url, sinkUrl);
    assert.deepEqual(full.data.body, { hello: 'world' });
    const attempts = await ok('GET', `/attempts?event_id=${event.id}`);
    assert.equal(attempts.count, 1);
    const attempt = await ok('GET', `/attempts/${attempts.models[0].id}`);
    assert.equal(attempt.trigger, 'INITIAL');
    assert.equal(attempt.status, 'SUCCESSFUL');
    assert.deepEqual(attempt.body, { seen: true });
    const found = await ok('GET', `/events?webhook_id=${made.id}&status=SUCCESSFUL&created_at[gte]=2020-01-01T00:00:00Z&include=data`);
    assert.deepEqual(found.models.map((model) => model.id), [event.id]);
    assert.ok(found.models[0].data);
  });

  test('a failed event is retried by hand', async () => {
    const made = await connect();
    sinkStatus = 500;
    const event = await eventOf(await send(made), 'FAILED');
    sinkStatus = 200;
    assert.equal(event.error_code, null);
    const retried = await ok('POST', `/events/${event.id}/retry`);
    assert.equal(retried.id, event.id);
    assert.equal(retried.status, 'QUEUED');
    assert.equal(retried.event.id, event.id);
    assert.equal(retried.attempt, null);
    await until(async () => (await ok('GET', `/events/${event.id}`)).status === 'SUCCESSFUL', 'success of the retry');
    const attempts = await ok('GET', `/attempts?event_id=${event.id}`);
    assert.equal(attempts.models[0].trigger, 'MANUAL');
    await refused(422, 'PUT', `/events/${event.id}/cancel`, {});
    await ok('PUT', `/connections/${made.id}/disable`, {});
    await refused(422, 'POST', `/events/${event.id}/retry`);
  });

  test('a waiting event is cancelled', async () => {
    const made = await connect({ rules: [{ type: 'delay', delay: 3600000 }] });
    const event = await eventOf(await send(made), 'SCHEDULED');
    const cancelled = await ok('PUT', `/events/${event.id}/mute`, {});
    assert.equal(cancelled.status, 'CANCELLED');
    assert.equal(cancelled.next_attempt_at, null);
  });

  test('a request is retried, and what it made no event for is listed', async () => {
    const made = await connect();
    await ok('PUT', `/connections/${made.id}/disable`, {});
    const id = await send(made);
    const ignored = await until(async () => (await ok('GET', `/requests/${id}/ignored_events`)).models[0], 'the ignored event');
    assert.equal(ignored.cause, 'DISABLED');
    assert.equal(ignored.id, `${id}:${made.id}`);
    await ok('PUT', `/connections/${made.id}/enable`, {});
    const retried = await ok('POST', `/requests/${id}/retry`, {});
    assert.equal(retried.request.id, id);
    assert.equal(retried.events.length, 1);
    await eventOf(id, 'SUCCESSFUL');
    await refused(422, 'POST', `/requests/${id}/retry`, { webhook_ids: ['web_unknown'] });
  });

  test('a rejected request says why', async () => {
    const source = await ok('POST', '/sources', { name: fresh('alone') });
    const id = await send({ source });
    const list = await ok('GET', `/requests?source_id=${source.id}&status=rejected`);
    assert.deepEqual(list.models.map((model) => [model.id, model.rejection_cause]), [[id, 'NO_CONNECTION']]);
    assert.equal((await ok('GET', `/requests?source_id=${source.id}&status=accepted`)).count, 0);
  });
});
