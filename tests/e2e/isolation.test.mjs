// Two projects side by side: nothing of one is seen, found or changed with the other's key. The description of the API says
// which calls there are; a new noun comes in by a row of KINDS, and a path or a filter of an unknown kind fails the test.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql } from './database.mjs';
import { startGateway, until } from './gateway.mjs';

const newest = async (side, noun) => (await side.ok('GET', `/${noun}?limit=1`)).models[0];

// A bulk operation that finds nothing and has ended.
const bulk = (kind, path, query, names) => ({
  kind, segment: path, names,
  async make(side) {
    const { id } = await side.ok('POST', path, { query: query(side) });
    await until('the end of the operation', async () => !(await side.ok('GET', `${path}/${id}`)).in_progress);
    return id;
  },
});

// Each kind of thing that has an id: where its id stands in paths (`/segment/{id}`, or the whole path before it), what fields, parameters and variables
// name it, and how one comes to be. They are made in this order; `side.ids` has those made before.
const KINDS = [
  { kind: 'project', segment: 'projects', make: (side) => side.project.id },
  { kind: 'api_key', names: ['key_id', 'client_id'], make: (side) => side.project.key_id },
  { kind: 'source', segment: 'sources', names: ['source_id'], make: async (side) => (await side.ok('POST', '/sources', { name: side.named('in') })).id },
  {
    kind: 'destination', segment: 'destinations', names: ['destination_id'],
    make: async (side) => (await side.ok('POST', '/destinations', { name: side.named('out'), type: 'MOCK_API' })).id,
  },
  {
    kind: 'connection', segment: 'connections', names: ['webhook_id', 'webhook_ids', 'connection_id'],
    make: async (side) => (await side.ok('POST', '/connections', {
      name: side.named('link'), source_id: side.ids.source, destination_id: side.ids.destination,
    })).id,
  },
  {
    kind: 'request', segment: 'requests', names: ['request_id'],
    async make(side) {
      const { url } = await side.ok('GET', `/sources/${side.ids.source}`);
      const sent = await fetch(`${url}/path?${side.named('query')}=1`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ of: side.named('body') }),
      });
      assert.equal(sent.status, 200);
      return (await newest(side, 'requests')).id;
    },
  },
  {
    kind: 'event', segment: 'events', names: ['event_id'],
    make: async (side) => (await until('a delivery', async () => (await side.ok('GET', '/events?status=SUCCESSFUL')).models[0])).id,
  },
  { kind: 'event data', names: ['event_data_id'], make: async (side) => (await newest(side, 'events')).event_data_id },
  { kind: 'attempt', segment: 'attempts', make: async (side) => (await newest(side, 'attempts')).id },
  {
    kind: 'transformation', segment: 'transformations', names: ['transformation_id'],
    make: async (side) => (await side.ok('POST', '/transformations', { name: side.named('change'), code: 'c' })).id,
  },
  { kind: 'execution', names: ['execution_id'], make: (side) => side.put_execution() },
  {
    kind: 'bookmark', segment: 'bookmarks',
    make: async (side) => (await side.ok('POST', '/bookmarks', {
      name: side.named('mark'), label: 'l', event_data_id: side.ids['event data'], webhook_id: side.ids.connection,
    })).id,
  },
  {
    kind: 'integration', segment: 'integrations',
    make: async (side) => (await side.ok('POST', '/integrations', { label: side.named('integration'), provider: 'GITHUB' })).id,
  },
  {
    kind: 'domain', names: ['domain_id'],
    make: async (side) => (await side.ok('POST', '/teams/current/custom_domains', { hostname: `${side.named('hooks')}.example.com` })).id,
  },
  {
    kind: 'issue trigger', segment: 'issue-triggers', names: ['issue_trigger_id'],
    make: async (side) => (await newest(side, 'issue-triggers')).id,
  },
  {
    kind: 'issue', segment: 'issues', names: ['issue_id', 'issue_ids'],
    async make(side) {
      const { url } = await side.ok('GET', `/sources/${side.ids.source}`);
      const sent = await fetch(url, { method: 'POST', headers: { 'content-type': 'image/png' }, body: side.named('image') });
      assert.equal(sent.status, 415);
      return (await until('an issue', () => newest(side, 'issues'))).id;
    },
  },
  bulk('retry of events', '/bulk/events/retry', (side) => ({ id: side.ids.event, status: 'FAILED' }), ['bulk_retry_id', 'bulk_retry_ids']),
  bulk('cancelling of events', '/bulk/events/cancel', (side) => ({ id: side.ids.event, status: 'HOLD' })),
  bulk('retry of ignored events', '/bulk/ignored-events/retry', (side) => ({ webhook_id: side.ids.connection })),
  bulk('retry of requests', '/bulk/requests/retry', (side) => ({ id: side.ids.request, status: 'rejected' })),
  bulk('replay of requests', '/bulk/requests/replay', (side) => ({ id: side.ids.request, status: 'rejected' })),
];
// Ids of what cannot be made here yet: filters by them match nothing.
const UNMADE = ['cli_id', 'cli_user_id'];
// Ids of other services.
const FOREIGN = ['channel_id', 'escalation_policy_id', 'severity_id', 'dev_id'];
// Bodies that are good, where what the description requires does not say it all.
const BODIES = {
  'PUT /sources/{id}': { description: 'd' }, 'PUT /destinations/{id}': { description: 'd' }, 'PUT /connections/{id}': { description: 'd' },
  'POST /connections': (side) => ({ name: 'mine', source_id: side.ids.source, destination_id: side.ids.destination }),
  'PUT /connections': (side) => ({ name: 'mine', source_id: side.ids.source, destination_id: side.ids.destination }),
  'PUT /transformations/run': { code: 'c', request: { headers: {} } },
};
// Places that the description leaves open: a body of which the one id must not be another project's.
const OPEN_PLACES = [
  ['POST', '/connections', (side, other) => ({
    name: 'rules', source_id: side.ids.source, destination_id: side.ids.destination,
    rules: [{ type: 'transform', transformation_id: other.ids.transformation }],
  })],
  ['POST', '/issue-triggers', (side, other) => ({
    type: 'delivery', channels: null, configs: { strategy: 'first_attempt', connections: [other.ids.connection] },
  })],
  ['POST', '/bulk/requests/replay', (side, other) => ({ query: { id: side.ids.request, target: { source_id: other.ids.source } } })],
  ['POST', '/bulk/requests/replay', (side, other) => ({ query: { id: side.ids.request, target: { webhook_ids: [other.ids.connection] } } })],
];

let gateway, description, dir, one, two;

// ---- the two sides ----

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idOf = (prefix, key) => {
  let text = '';
  for (let i = 0, rest = BigInt(key); i < 11; i++, rest /= 62n) text = DIGITS[Number(rest % 62n)] + text;
  return `${prefix}_${text}`;
};
const keyOf = (id) => [...id.split('_')[1]].reduce((key, digit) => key * 62n + BigInt(DIGITS.indexOf(digit)), 0n);

async function call(side, method, path, body, headers = {}) {
  const reply = await fetch(`${gateway.url}/2025-07-01${path}`, {
    method, headers: { authorization: `Bearer ${side.project.key}`, ...headers }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await reply.text();
  return { status: reply.status, text, body: JSON.parse(text) };
}

async function makeSide(name) {
  const made = (await gateway.api('POST', '/projects', { name })).body;
  const key = (await gateway.api('POST', `/projects/${made.id}/keys`, { name: `of ${name}` })).body;
  const side = { name, project: { ...made, key: key.key, key_id: key.id }, ids: {}, named: (what) => `${what}-of-${name}` };
  side.ok = async (method, path, body) => {
    const reply = await call(side, method, path, body);
    assert.equal(reply.status, 200, `${method} ${path}: ${reply.text}`);
    return reply.body;
  };
  side.put_execution = () => {
    const key = keyOf(side.ids.request) + 1n;
    runSql(dir, 'INSERT INTO execution(id, project_id, transformation_id, connection_id, request_id, issue_id, log_level, created_at, logs) '
      + `VALUES(${key}, ${[made.id, side.ids.transformation, side.ids.connection, side.ids.request].map(keyOf)}, 0, 1, ${Date.now()}, '[]')`);
    return idOf('exe', key);
  };
  return side;
}

// ---- what the description says ----

const CALLS = () => Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods)
  .filter(([, operation]) => !operation.security) // those without a key have no project
  .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation, at: `${method.toUpperCase()} ${path}` })));
const BY_NAME = Object.fromEntries(KINDS.flatMap(({ kind, names = [] }) => names.map((name) => [name, kind])));
const BY_SEGMENT = Object.fromEntries(KINDS.filter(({ segment }) => segment).map(({ kind, segment }) => [segment, kind]));
const isId = (name) => /(^|_)ids?$/.test(name);

// The kinds of a path's variables, in their order.
function variables(path) {
  const parts = path.split('/');
  return parts.flatMap((part, i) => {
    if (!part.startsWith('{')) return [];
    const kind = BY_NAME[part.slice(1, -1)] ?? BY_SEGMENT[parts.slice(0, i).join('/')] ?? BY_SEGMENT[parts[i - 1]];
    assert.ok(kind, `${path}: ${part} is of no kind that this test knows: add a row to KINDS`);
    return [kind];
  });
}

function kindOf(name, path, at) {
  const kind = BY_NAME[name] ?? (name === 'id' || name === 'ids' ? BY_SEGMENT[path] ?? BY_SEGMENT[path.split('/').filter((part) => part && !part.startsWith('{')).at(-1).replace('count', path.split('/')[1])] : undefined);
  assert.ok(kind || UNMADE.includes(name) || FOREIGN.includes(name) || (name === 'id' && path.endsWith('/ignored_events')),
    `${at}: ${name} is of no kind that this test knows: add a row to KINDS`);
  return kind;
}

const fill = (path, ids) => {
  const rest = [...ids];
  return path.replace(/\{[^}]*\}/g, () => rest.shift());
};

// What a call's query must hold, of the side's own things: "measures[]=count".
function requiredOf({ path, operation, at }, side) {
  return operation.parameters.filter((parameter) => parameter.in === 'query' && parameter.required).flatMap(({ name, schema }) =>
    (schema.type === 'array' ? [`${name}[]=${schema.items.enum[0]}`]
      : (schema.required ?? []).map((member) => `${name}[${member}]=${side.ids[kindOf(member, path, at)]}`)));
}

// Every place of an id in a body's schema, as a list of keys; '[]' is an item of an array.
function* places(schema, at = []) {
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (isId(name)) yield [...at, name, ...(inner.type === 'array' ? ['[]'] : [])];
    if (inner.type === 'object') yield* places(inner, [...at, name]);
    if (inner.type === 'array' && inner.items?.properties) yield* places(inner.items, [...at, name, '[]']);
  }
}

const schemaOf = (operation) => operation.requestBody?.content['application/json'].schema;

// A body with what is required, of the side's own things.
function bodyOf({ path, operation, at }, side) {
  const schema = schemaOf(operation);
  if (!schema) return undefined;
  const given = BODIES[at];
  if (given) return typeof given === 'function' ? given(side) : structuredClone(given);
  const make = (name, inner) => {
    if (isId(name)) return inner.type === 'array' ? [side.ids[kindOf(name, path, at)]] : side.ids[kindOf(name, path, at)];
    if (inner.enum) return inner.enum[0];
    return { string: 'x', integer: inner.minimum ?? 1, boolean: true, array: [], object: {} }[inner.type];
  };
  return Object.fromEntries((schema.required ?? []).map((name) => [name, make(name, schema.properties[name])]));
}

function withId(body, at, id) {
  const copy = structuredClone(body ?? {});
  let place = copy;
  at.forEach((key, i) => {
    const last = i === at.length - 1, next = at[i + 1] === '[]' ? [] : {};
    if (key === '[]') {
      if (last) place.splice(0, place.length, id);
      else { place[0] ??= {}; place = place[0]; }
    } else if (last) {
      place[key] = id;
    } else {
      place[key] ??= next;
      place = place[key];
    }
  });
  return copy;
}

// ---- what is seen ----

const idsIn = (text) => new Set(text.match(/\b(?:[a-z]{3,4}|tm|it)_[0-9A-Za-z]{11}\b/g) ?? []);

// All that the side's own key can read of it: what it is before must be what it is after.
async function readAll(side) {
  const seen = {};
  for (const { method, path } of CALLS()) {
    if (method !== 'GET') continue;
    const own = fill(path, variables(path).map((kind) => side.ids[kind]));
    const reply = await call(side, 'GET', own);
    seen[own] = [reply.status, reply.body];
  }
  return seen;
}

// No id and no name of the other is in the text, but for the id that was asked for.
function seesNothing(text, other, asked, what) {
  for (const id of idsIn(text)) assert.ok(!other.all.has(id) || id === asked, `${what} tells ${id}: ${text.slice(0, 300)}`);
  assert.ok(!text.includes(`-of-${other.name}`), `${what} tells a name: ${text.slice(0, 300)}`);
}

function isEmpty(body) {
  if (Array.isArray(body)) return body.length === 0;
  if (Array.isArray(body.models)) return body.models.length === 0 && !body.count;
  if (Array.isArray(body.data)) return body.data.every(({ metrics }) => Object.values(metrics ?? { none: 1 }).every((value) => !value));
  return body.count === 0;
}

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-isolation-'));
  gateway = await startGateway({ dir });
  description = await (await fetch(`${gateway.url}/openapi.json`)).json();
  one = await makeSide('one');
  two = await makeSide('two');
  for (const side of [one, two]) {
    for (const { kind, make } of KINDS) {
      side.ids[kind] = await make(side);
      assert.ok(side.ids[kind], kind);
    }
  }
  for (const side of [one, two]) side.all = idsIn(JSON.stringify(await readAll(side)));
});
after(async () => {
  await gateway?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const sides = () => [[one, two], [two, one]];
const unchanged = async (side, attempt) => {
  const seen = await readAll(side);
  await attempt();
  assert.deepEqual(await readAll(side), seen);
};

test('each side reads all of its own', async () => {
  for (const side of [one, two]) {
    const seen = await readAll(side);
    for (const kind of KINDS.map(({ kind }) => kind)) assert.ok(side.all.has(side.ids[kind]), `${kind} ${side.ids[kind]}`);
    for (const { method, path } of CALLS()) {
      if (method === 'GET' && path.includes('{')) {
        const own = fill(path, variables(path).map((kind) => side.ids[kind]));
        assert.equal(seen[own][0], 200, `${own}: ${JSON.stringify(seen[own][1])}`);
      }
    }
  }
});

test('lists and counts show nothing of the other', async () => {
  for (const [side, other] of sides()) {
    for (const operation of CALLS()) {
      const { method, path } = operation;
      if (method !== 'GET') continue;
      const own = `${fill(path, variables(path).map((kind) => side.ids[kind]))}?${requiredOf(operation, side).join('&')}`;
      const reply = await call(side, 'GET', own);
      assert.equal(reply.status, 200, `${own}: ${reply.text}`);
      seesNothing(reply.text, other, '', own);
      if (path.endsWith('/count')) {
        const list = await call(side, 'GET', path.replace('/count', ''));
        assert.equal((await call(side, 'GET', path)).body.count, list.body.models.length, path);
      }
    }
  }
});

describe('the other project’s ids', () => {
  test('in paths are unknown', async () => {
    for (const [side, other] of sides()) {
      await unchanged(other, async () => {
        for (const operation of CALLS()) {
          const kinds = variables(operation.path);
          for (let foreign = 1; foreign < 1 << kinds.length; foreign++) {
            const ids = kinds.map((kind, i) => (foreign >> i & 1 ? other : side).ids[kind]);
            const reply = await call(side, operation.method, fill(operation.path, ids), bodyOf(operation, side));
            const what = `${operation.at} with ${ids}`;
            assert.equal(reply.status, 404, `${what}: ${reply.text}`);
            ids.forEach((id) => { reply.text = reply.text.replaceAll(id, ''); });
            seesNothing(reply.text, other, '', what);
          }
        }
      });
    }
  });

  test('in bodies are unknown', async () => {
    let tried = 0;
    for (const [side, other] of sides()) {
      await unchanged(other, async () => {
        for (const operation of CALLS()) {
          const schema = schemaOf(operation.operation);
          for (const place of schema ? places(schema) : []) {
            const name = place.findLast((key) => key !== '[]'), kind = kindOf(name, operation.path, operation.at);
            if (!kind) continue;
            const path = fill(operation.path, variables(operation.path).map((own) => side.ids[own]));
            const reply = await call(side, operation.method, path, withId(bodyOf(operation, side), place, other.ids[kind]));
            const what = `${operation.at} with ${place.join('.')} ${other.ids[kind]}`;
            assert.ok([404, 422].includes(reply.status), `${what}: ${reply.status} ${reply.text}`);
            seesNothing(reply.text, other, other.ids[kind], what);
            tried++;
          }
        }
        for (const [method, path, make] of OPEN_PLACES) {
          const reply = await call(side, method, path, make(side, other));
          assert.ok([404, 422].includes(reply.status), `${method} ${path}: ${reply.status} ${reply.text}`);
        }
      });
    }
    assert.ok(tried > 10);
  });

  test('in filters find nothing', async () => {
    let tried = 0;
    for (const [side, other] of sides()) {
      for (const operation of CALLS()) {
        const { method, path, operation: { parameters } } = operation;
        if (method !== 'GET') continue;
        const filters = parameters.filter((parameter) => parameter.in === 'query').flatMap(({ name, schema }) =>
          (schema.type === 'object' && schema.properties ? [...places(schema)].map((place) => [`${name}${place.filter((key) => key !== '[]').map((key) => `[${key}]`).join('')}`, place.findLast((key) => key !== '[]')])
            : isId(name) ? [[name, name]] : []));
        for (const [spelled, name] of filters) {
          const kind = kindOf(name, path, operation.at);
          if (!kind) continue;
          const own = fill(path, variables(path).map((mine) => side.ids[mine]));
          const query = [...requiredOf(operation, side).filter((pair) => !pair.startsWith(`${spelled}=`)), `${spelled}=${other.ids[kind]}`].join('&');
          const reply = await call(side, 'GET', `${own}?${query}`);
          const what = `${operation.at}?${query}`;
          assert.ok(reply.status === 200 ? isEmpty(reply.body) : [404, 422].includes(reply.status), `${what}: ${reply.status} ${reply.text}`);
          seesNothing(reply.text, other, other.ids[kind], what);
          tried++;
        }
      }
    }
    assert.ok(tried > 20);
  });
});

test('bulk operations touch nothing of the other', async () => {
  for (const [side, other] of sides()) {
    await unchanged(other, async () => {
      for (const [path, query] of [
        ['/bulk/events/retry', { id: other.ids.event }], ['/bulk/events/retry', { webhook_id: other.ids.connection }],
        ['/bulk/events/cancel', { destination_id: other.ids.destination }], ['/bulk/ignored-events/retry', { webhook_id: other.ids.connection }],
        ['/bulk/requests/retry', { id: other.ids.request }], ['/bulk/requests/replay', { source_id: other.ids.source }],
      ]) {
        const { id, estimated_count: count } = await side.ok('POST', path, { query });
        assert.equal(count, 0);
        const end = await until('the end of the operation', async () => {
          const shown = await side.ok('GET', `${path}/${id}`);
          return !shown.in_progress && shown;
        });
        assert.equal(end.completed_count + end.failed_count, 0, path);
      }
    });
  }
});

test('nothing is published to the other’s source', async () => {
  for (const [side, other] of sides()) {
    await unchanged(other, async () => {
      for (const header of [['x-hookdeck-source-id', other.ids.source], ['x-hookdeck-source-name', other.named('in')]]) {
        const publish = (headers) => fetch(`${gateway.url}/v1/publish`, {
          method: 'POST', body: '{}', headers: { authorization: `Bearer ${side.project.key}`, 'content-type': 'application/json', ...headers },
        });
        assert.equal((await publish(Object.fromEntries([header]))).status, 404);
        assert.equal((await publish(Object.fromEntries([header, ['x-project-id', other.project.id]]))).status, 403);
      }
    });
  }
});

test('the other project cannot be named', async () => {
  for (const [side, other] of sides()) {
    for (const name of ['x-project-id', 'x-team-id']) {
      const foreign = await call(side, 'GET', '/sources', undefined, { [name]: other.project.id });
      const unknown = await call(side, 'GET', '/sources', undefined, { [name]: 'tm_00000000001' });
      assert.equal(foreign.status, 403);
      assert.equal(foreign.text, unknown.text); // it does not say whether there is one
      assert.equal((await call(side, 'GET', '/sources', undefined, { [name]: other.name })).status, 422);
    }
  }
});

test('a host name of the other is not given away', async () => {
  for (const [side, other] of sides()) {
    await unchanged(other, async () => {
      const reply = await call(side, 'POST', '/teams/current/custom_domains', { hostname: `${other.named('hooks')}.example.com` });
      assert.equal(reply.status, 409);
      seesNothing(reply.text.replaceAll(`${other.named('hooks')}.example.com`, ''), other, '', 'the refusal');
    });
  }
});

test('a host name leads to no source of the other', async () => {
  // fetch sets the host by itself.
  const sendAs = (host, url) => new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { host, 'content-type': 'application/json' } }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode));
    });
    sent.on('error', reject);
    sent.end('{}');
  });
  for (const [side, other] of sides()) {
    const { url } = await other.ok('GET', `/sources/${other.ids.source}`);
    await unchanged(other, async () => assert.equal(await sendAs(`${side.named('hooks')}.example.com`, url), 404));
    assert.equal(await sendAs(`${other.named('hooks')}.example.com`, url), 200); // the last test: it changes what is read
  }
});
