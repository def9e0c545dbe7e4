// The versions of the API at once: whatever date stands in the path, a call may take the shapes of all of them, and the reply
// holds the members of all of them.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { startGateway, startSink, until } from './gateway.mjs';

const VERSIONS = ['2024-03-01', '2024-09-01', '2025-07-01', '2026-09-01'];
let gateway, sink, counter = 0;
before(async () => {
  gateway = await startGateway();
  sink = await startSink();
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

const name = (what) => `${what}-${++counter}`;
async function call(version, method, path, body) {
  const reply = await fetch(`${gateway.url}/${version}${path}`, {
    method, headers: { authorization: `Bearer ${gateway.key}` }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await reply.text();
  return { status: reply.status, text, body: JSON.parse(text) };
}
// A client of one version; every success is 200 with JSON.
const clientOf = (version) => async (method, path, body) => {
  const reply = await call(version, method, path, body);
  assert.equal(reply.status, 200, `${version} ${method} ${path}: ${reply.text}`);
  return reply.body;
};
const ok = clientOf('2025-07-01');
const refused = async (status, method, path, body) => {
  const reply = await call('2025-07-01', method, path, body);
  assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
  return reply.body;
};
const connect = (more) => ok('POST', '/connections', { name: name('link'), source: { name: name('in') }, destination: { name: name('out'), type: 'MOCK_API' }, ...more });
const post = async (url) => assert.equal((await fetch(`${url}/p?a=1&a=2&b=3`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"x":1}' })).status, 200);

test('every date in the path gives the same reply', async () => {
  const { id } = await connect();
  for (const path of [`/connections/${id}`, '/sources?limit=1', '/destinations/count']) {
    const [first, ...others] = await Promise.all([...VERSIONS, '2031-12-24'].map(async (version) => (await call(version, 'GET', path)).text));
    for (const other of others) assert.equal(other, first);
  }
});

for (const version of VERSIONS) {
  describe(version, () => {
    const client = clientOf(version);
    const AUTH = { username: 'u', password: 'p' }, RESPONSE = { content_type: 'json', body: '{"ok":1}' };
    const checkSource = (source, auth) => {
      assert.deepEqual([source.type, source.authenticated, source.config.auth_type, source.config.auth, source.verification],
        ['WEBHOOK', true, 'BASIC_AUTH', auth, { type: 'basic_auth', configs: auth ?? {} }]);
      assert.deepEqual([source.allowed_http_methods, source.config.allowed_http_methods], [['POST'], ['POST']]);
      assert.deepEqual([source.custom_response, source.config.custom_response], [RESPONSE, RESPONSE]);
    };

    test('a source in the older form and in the newer', async () => {
      const forms = [
        { verification: { type: 'basic_auth', configs: AUTH }, allowed_http_methods: ['POST'], custom_response: RESPONSE },
        { type: 'WEBHOOK', config: { auth_type: 'BASIC_AUTH', auth: AUTH, allowed_http_methods: ['POST'], custom_response: RESPONSE } },
      ];
      for (const form of forms) {
        const made = await client('POST', '/sources', { name: name('in'), ...form });
        checkSource(made);
        for (const include of ['config.auth', 'verification.configs']) checkSource(await client('GET', `/sources/${made.id}?include=${include}`), AUTH);
        const inline = await client('PUT', '/connections', { name: name('link'), source: { name: name('in'), ...form }, destination: { name: name('out'), type: 'MOCK_API' } });
        checkSource(inline.source);
        checkSource(await client('PUT', `/sources/${made.id}`, form));
        const bare = await client('PUT', '/sources', { name: made.name, verification: null, allowed_http_methods: null, custom_response: null });
        assert.deepEqual([bare.id, bare.authenticated, bare.verification, bare.allowed_http_methods, bare.custom_response, bare.config],
          [made.id, false, null, null, null, {}]);
      }
    });

    test('a destination in the older form and in the newer', async () => {
      const url = 'https://example.com/hook';
      const forms = [
        { url, http_method: 'PUT', path_forwarding_disabled: true, auth_method: { type: 'BEARER_TOKEN', config: { token: 't' } }, rate_limit: null, rate_limit_period: null },
        { type: 'HTTP', config: { url, http_method: 'PUT', path_forwarding_disabled: true, auth_type: 'BEARER_TOKEN', auth: { token: 't' }, rate_limit: null } },
        { type: 'HTTP', config: { url, http_method: 'PUT', path_forwarding_disabled: true, auth_type: 'BEARER_TOKEN', auth: { token: 't' }, delivery_policy: null } },
      ];
      const check = (destination, auth) => {
        const { config, auth_method, ...top } = destination;
        assert.deepEqual([top.type, top.url, top.http_method, top.path_forwarding_disabled, top.cli_path], ['HTTP', url, 'PUT', true, null]);
        assert.deepEqual([config.url, config.http_method, config.path_forwarding_disabled, config.auth_type, config.auth], [url, 'PUT', true, 'BEARER_TOKEN', auth]);
        assert.deepEqual(auth_method, { type: 'BEARER_TOKEN', config: auth ?? {} });
        assert.deepEqual([top.rate_limit, top.rate_limit_period, config.rate_limit, config.rate_limit_period, config.delivery_policy], [null, null, null, 'second', null]);
      };
      for (const form of forms) {
        const made = await client('POST', '/destinations', { name: name('out'), ...form });
        check(made);
        check(await client('GET', `/destinations/${made.id}?include=config.auth`), { token: 't' });
        check(await client('PUT', `/destinations/${made.id}`, form));
        check((await client('PUT', '/connections', { name: name('link'), source: { name: name('in') }, destination: { name: name('out'), ...form } })).destination);
        // What was read, without the secret, is written back whole: nothing changes.
        const { config } = await client('GET', `/destinations/${made.id}`);
        check(await client('PUT', '/destinations', { name: made.name, type: 'HTTP', config }));
        check(await client('GET', `/destinations/${made.id}?include=config.auth`), { token: 't' });
      }
    });

    test('what is wrong in the older form is named', async () => {
      const wrong = {
        '/sources': [
          [{ verification: 'x' }, 'verification'], [{ verification: { configs: {} } }, 'verification.type'], [{ verification: { type: 'hmac', configs: 1 } }, 'verification.configs'],
          [{ verification: { type: 'hmac', more: 1 } }, 'verification.more'], [{ allowed_http_methods: ['TRACE'] }, 'allowed_http_methods[0]'],
          [{ custom_response: { content_type: 'pdf', body: '' } }, 'custom_response.content_type'], [{ custom_response: { content_type: 'text', body: 'x'.repeat(1001) } }, 'custom_response.body'],
        ],
        '/destinations': [
          [{ url: 1 }, 'url'], [{ cli_path: [] }, 'cli_path'], [{ auth_method: { type: 'NONE' } }, 'auth_method.type'], [{ rate_limit: 'x' }, 'rate_limit'],
          [{ rate_limit_period: 'year' }, 'rate_limit_period'], [{ path_forwarding_disabled: 'yes' }, 'path_forwarding_disabled'], [{ http_method: 'TRACE' }, 'http_method'],
        ],
      };
      for (const [path, cases] of Object.entries(wrong)) {
        for (const [body, named] of cases) {
          const reply = await call(version, 'POST', path, { name: name('wrong'), ...body });
          assert.equal(reply.status, 422, reply.text);
          assert.ok(reply.body.data.some((sentence) => sentence.startsWith(named)), `${named}: ${reply.text}`);
        }
      }
    });

    test('the type of a destination follows from what it has', async () => {
      assert.equal((await client('POST', '/destinations', { name: name('out'), cli_path: '/p' })).type, 'CLI');
      const made = await client('POST', '/destinations', { name: name('out'), type: 'CLI', config: { path: '/p' } });
      assert.deepEqual([made.cli_path, made.config.path, made.url], ['/p', '/p', null]);
      assert.equal((await client('POST', '/destinations', { name: name('out'), url: 'http://example.com/' })).type, 'HTTP');
    });

    test('disable and archive, cancel and mute are the same', async () => {
      const { id, source_id, destination_id } = await client('POST', '/connections', { name: name('link'), source: { name: name('in') }, destination: { name: name('out'), type: 'MOCK_API' } });
      for (const path of [`/connections/${id}`, `/sources/${source_id}`, `/destinations/${destination_id}`]) {
        for (const [off, on] of [['disable', 'enable'], ['archive', 'unarchive']]) {
          assert.notEqual((await client('PUT', `${path}/${off}`)).disabled_at, null); // the SDK sends no body
          assert.equal((await client('PUT', `${path}/${on}`, {})).disabled_at, null);
        }
      }
      await client('PUT', `/connections/${id}/enable`);
      await client('PUT', `/connections/${id}/pause`);
      const { url } = await client('GET', `/sources/${source_id}`);
      for (const word of ['cancel', 'mute']) {
        await post(url);
        const [event] = (await client('GET', `/events?webhook_id=${id}&status=HOLD`)).models;
        assert.equal((await client('PUT', `/events/${event.id}/${word}`)).status, 'CANCELLED');
      }
    });
  });
}

describe('what all versions share', () => {
  test('a connection has its ends as objects and as ids', async () => {
    const { source, destination, source_id, destination_id } = await connect();
    assert.deepEqual([source.id, destination.id], [source_id, destination_id]);
  });

  test('an event that is retried is told flat and as an object', async () => {
    const connection = await connect({ destination: { name: name('out'), type: 'HTTP', config: { url: sink.url } } });
    await post(connection.source.url);
    const event = await until('a delivery', async () => (await ok('GET', `/events?webhook_id=${connection.id}&status=SUCCESSFUL`)).models[0]);
    const { event: inner, attempt, ...flat } = await ok('POST', `/events/${event.id}/retry`, {});
    assert.deepEqual(inner, flat);
    assert.deepEqual([flat.id, flat.status, attempt], [event.id, 'QUEUED', null]);
  });

  test('data are objects, on single reads, and on lists when asked for', async () => {
    const connection = await connect();
    await post(connection.source.url);
    const [request] = (await ok('GET', `/requests?source_id=${connection.source_id}`)).models;
    const [event] = (await ok('GET', `/events?webhook_id=${connection.id}`)).models;
    assert.deepEqual([request.data, event.data], [undefined, undefined]);
    const lists = [`/requests?id=${request.id}&include=data`, `/events?id=${event.id}&include=data`];
    const shown = [await ok('GET', `/requests/${request.id}`), await ok('GET', `/events/${event.id}`), ...await Promise.all(lists.map(async (path) => (await ok('GET', path)).models[0]))];
    for (const { data } of shown) {
      assert.equal(typeof data.headers['content-type'], 'string');
      assert.deepEqual([data.parsed_query, data.query, data.path, data.body], [{ a: ['1', '2'], b: '3' }, 'a=1&a=2&b=3', '/p', { x: 1 }]);
    }
    for (const path of [`/requests/${request.id}/raw_body`, `/events/${event.id}/raw_body`]) assert.deepEqual(await ok('GET', path), { body: '{"x":1}' });
  });

  test('a request is retried for all connections, or for those that are named', async () => {
    const connection = await connect();
    await post(connection.source.url);
    const [{ id }] = (await ok('GET', `/requests?source_id=${connection.source_id}`)).models;
    for (const body of [undefined, {}, { webhook_ids: [connection.id] }]) {
      const { request, events } = await ok('POST', `/requests/${id}/retry`, body);
      assert.deepEqual([request.id, events.map(({ webhook_id }) => webhook_id)], [id, [connection.id]]);
    }
  });

  test('the plan of a bulk operation is asked for in the query or the body, or not at all', async () => {
    const connection = await connect();
    for (let i = 0; i < 3; i++) await post(connection.source.url);
    const path = '/bulk/requests/retry/plan', query = { source_id: connection.source_id };
    const byQuery = await ok('GET', `${path}?query[source_id]=${connection.source_id}`);
    assert.equal(byQuery.estimated_count, 3);
    assert.ok(Number.isInteger(byQuery.estimated_batch) && typeof byQuery.progress === 'number');
    assert.deepEqual(await ok('GET', `${path}?query=${encodeURIComponent(JSON.stringify(query))}`), byQuery);
    const body = JSON.stringify({ query }), headers = { authorization: `Bearer ${gateway.key}`, 'content-length': body.length };
    const reply = await new Promise((resolve, reject) => { // fetch sends no body with GET
      const sent = request(`${gateway.url}/2024-09-01${path}`, { headers }, async (answer) =>
        resolve(JSON.parse(Buffer.concat(await answer.toArray()).toString())));
      sent.on('error', reject);
      sent.end(body);
    });
    assert.deepEqual(reply, byQuery);
    assert.ok((await ok('GET', path)).estimated_count >= 3);
  });

  test('metrics are data and what they are of, as numbers', async () => {
    const range = `date_range[start]=${new Date(Date.now() - 600_000).toISOString()}&date_range[end]=${new Date(Date.now() + 1000).toISOString()}`;
    const connection = await connect();
    await post(connection.source.url);
    const { data, metadata } = await ok('GET', `/metrics/requests?${range}&measures[]=count&dimensions[]=source_id&filters[source_id]=${connection.source_id}`);
    assert.deepEqual(data, [{ time_bucket: null, dimensions: { source_id: connection.source_id }, metrics: { count: 1 } }]);
    assert.equal(metadata.row_count, 1);
  });

  test('counts and limits are integers, and the order is told as texts', async () => {
    for (const noun of ['sources', 'destinations', 'connections']) {
      const list = await call('2024-09-01', 'GET', `/${noun}?limit=2&order_by=created_at&dir=asc`);
      assert.match(list.text, /"limit": ?2[,}]/);
      assert.match(list.text, /"count": ?2[,}]/);
      assert.deepEqual([list.body.pagination.order_by, list.body.pagination.dir], ['created_at', 'asc']);
      assert.match((await call('2024-09-01', 'GET', `/${noun}/count`)).text, /^\{"count": ?\d+\}$/);
    }
  });

  test('lists of projects are bare arrays with the words of both', async () => {
    const projects = await ok('GET', '/projects');
    assert.deepEqual(await ok('GET', '/teams'), projects);
    assert.deepEqual([projects[0].type, projects[0].mode], ['gateway', 'inbound']);
  });

  test('rules come back as they were given, without defaults; status codes as texts', async () => {
    const rules = [{ type: 'delay', delay: 5 }, { type: 'retry', strategy: 'linear', response_status_codes: [500, '502-504', '!503'] }];
    const { id, rules: shown } = await connect({ rules });
    const expected = [rules[0], { ...rules[1], response_status_codes: ['500', '502-504', '!503'] }];
    assert.deepEqual(shown, expected);
    assert.deepEqual((await ok('PUT', `/connections/${id}`, { description: 'd' })).rules, expected);
    assert.deepEqual((await ok('PUT', `/connections/${id}`, { rules: [rules[0]] })).rules, [rules[0]]);
    assert.deepEqual((await ok('PUT', `/connections/${id}`, { name: null, description: null, rules: [] })).rules, []);
    const { name: none, description } = await ok('GET', `/connections/${id}`);
    assert.deepEqual([none, description], [null, null]);
  });

  test('config is laid over member by member; null takes one away', async () => {
    const config = { url: 'https://example.com/', http_method: 'PUT', auth_type: 'BEARER_TOKEN', auth: { token: 't' } };
    const made = await ok('POST', '/destinations', { name: name('out'), type: 'HTTP', config });
    const read = async () => (await ok('GET', `/destinations/${made.id}?include=config.auth`)).config;
    await ok('PUT', `/destinations/${made.id}`, { config: { path_forwarding_disabled: true } });
    assert.deepEqual([(await read()).url, (await read()).http_method, (await read()).auth], [config.url, 'PUT', { token: 't' }]);
    await ok('PUT', '/destinations', { name: made.name, config: { http_method: null } });
    assert.deepEqual([(await read()).http_method, (await read()).auth], [undefined, { token: 't' }]);
    await ok('PUT', `/destinations/${made.id}`, { config: { auth_type: null, auth: null } });
    assert.deepEqual([(await read()).auth_type, (await read()).auth], ['HOOKDECK_SIGNATURE', {}]);
    for (const body of [{ config: null }, { config: {} }, {}]) assert.equal((await ok('PUT', `/destinations/${made.id}`, body)).config.url, config.url);
  });

  test('a name that is taken tells whose it is', async () => {
    const { source, destination } = await connect();
    const taken = { sources: [source, 'source'], destinations: [destination, 'destination'] };
    for (const [noun, [thing, resource_type]] of Object.entries(taken)) {
      const error = await refused(409, 'POST', `/${noun}`, { name: thing.name, type: thing.type });
      assert.deepEqual([error.code, error.data], ['RESOURCE_ALREADY_EXISTS', { id: thing.id, resource_type }]);
      assert.match(error.message, new RegExp(thing.id)); // hookdeck-cli shows the message only
    }
    const one = await connect(), error = await refused(409, 'POST', '/connections', { name: one.name, source_id: one.source_id, destination_id: one.destination_id });
    assert.deepEqual([error.code, error.data], ['RESOURCE_ALREADY_EXISTS', { id: one.id, resource_type: 'webhook' }]);
    assert.match(error.message, new RegExp(one.id));
  });

  test('what is deleted is told by its id', async () => {
    const { id, source_id, destination_id } = await connect();
    for (const path of [`/connections/${id}`, `/sources/${source_id}`, `/destinations/${destination_id}`]) {
      assert.deepEqual(await ok('DELETE', path), { id: path.split('/')[2] });
      const gone = await refused(410, 'GET', path);
      assert.equal(gone.code, 'GONE');
    }
  });

  test('a filter takes several values in four spellings, and none for an empty one', async () => {
    const [a, b] = [await connect(), await connect()];
    for (const query of [`id=${a.id}&id=${b.id}`, `id[]=${a.id}&id[]=${b.id}`, `id[0]=${a.id}&id[1]=${b.id}`, `id=${a.id},${b.id}`, `id=${a.id},${b.id}&name=`])
      assert.deepEqual((await ok('GET', `/connections?${query}`)).models.map(({ id }) => id).sort(), [a.id, b.id].sort(), query);
  });
});
