// Lists: every filter with real data, JSON filters, orders both ways, pages while rows come in, partial pages.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach } from './resource.mjs';

let gateway, sink, ok, refused;
const statuses = { '/ok': 200, '/fail': 500, '/gone': 410 };
const made = {}; // connections by name
const requests = [];

const encode = (filter) => encodeURIComponent(typeof filter === 'string' ? filter : JSON.stringify(filter));
const idsOf = (page) => page.models.map((model) => model.id);

const folder = mkdtempSync(join(tmpdir(), 'fairlead-list-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function configWith(text) {
  const path = join(folder, 'config');
  writeFileSync(path, text);
  return path;
}

// Every page, following `next`; `between` runs after each page.
async function walk(path, { between = () => {}, most = 200 } = {}) {
  const models = [];
  let next, pages = 0, last;
  do {
    last = await ok('GET', `${path}${path.includes('?') ? '&' : '?'}${next ? `next=${next}` : ''}`);
    assert.equal(last.count, last.models.length);
    models.push(...last.models);
    next = last.pagination.next;
    assert.ok(++pages <= most, 'the pages do not end');
    await between();
  } while (next);
  return { models, pages, last };
}

async function send(connection, path, body, headers = {}) {
  const reply = await fetch(connection.source.url.replace(/^https?:\/\/[^/]+/, gateway.url) + path, {
    method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
  const answer = await reply.json();
  if (answer.request_id) requests.push(answer.request_id);
  return answer.request_id;
}

async function connect(name, source, destination) {
  made[name] = await ok('POST', '/connections', { name, source: { name: source, type: 'WEBHOOK' }, destination });
}

before(async () => {
  sink = await startSink(({ url }) => ({ status: statuses[url.replace(/\?.*/, '').replace(/^\/(ok|fail|gone).*/, '/$1')] ?? 200 }));
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
  const http = (name, path) => ({ name, type: 'HTTP', config: { url: `${sink.url}${path}`, path_forwarding_disabled: true } });
  await connect('good', 'orders', http('good', '/ok'));
  await connect('bad', 'refunds', http('bad', '/fail'));
  await connect('refusing', 'returns', { name: 'refusing', type: 'HTTP', config: { url: 'http://127.0.0.1:1/' } });
  await ok('POST', '/sources', { name: 'lonely' });
  const lonely = (await ok('GET', '/sources?name=lonely')).models[0];
  for (let i = 0; i < 6; i++)
    await send(made.good, `/shop/${i}?n=${i}&tag=a&tag=b`, { number: i, tags: ['x', `t${i}`], customer: { id: `c-${i % 2}`, vip: i > 3 } },
      { 'x-kind': i % 2 ? 'odd' : 'even' });
  await send(made.bad, '/r', { number: 100, note: 'Straße' });
  await send(made.bad, '/r', 'plain words', { 'content-type': 'text/plain' });
  await send(made.refusing, '/q', { number: 200 });
  await send({ source: lonely }, '/nobody', { number: 300 });
  await until('the outcomes', async () => {
    const events = (await ok('GET', '/events?limit=100')).models;
    return events.length === 9 && events.every((event) => event.attempts === 1);
  });
});

after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

describe('filters of events', () => {
  const count = async (query) => (await ok('GET', `/events?limit=100&${query}`)).count;

  test('each finds what it says', async () => {
    const all = (await ok('GET', '/events?limit=100')).models;
    const good = made.good, past = '2020-01-01T00:00:00Z', future = '2090-01-01T00:00:00Z';
    const expected = [
      ['', 9], [`id=${all[0].id}`, 1], [`id=${all[0].id},${all[1].id}`, 2], [`id[]=${all[0].id}&id[]=${all[1].id}`, 2],
      ['id=evt_00000000001', 0], ['status=SUCCESSFUL', 6], ['status=FAILED', 3], ['status=FAILED,SUCCESSFUL', 9],
      ['status[0]=FAILED&status[1]=HOLD', 3], ['status=QUEUED', 0], ['status=HOLD', 0], ['status=CANCELLED', 0],
      [`webhook_id=${good.id}`, 6], [`webhook_id=${good.id}&status=FAILED`, 0], [`webhook_id=${made.bad.id}&status=FAILED`, 2],
      ['webhook_id=web_00000000001', 0], [`source_id=${good.source.id}`, 6], [`destination_id=${made.bad.destination.id}`, 2],
      [`source_id=${good.source.id}&destination_id=${made.bad.destination.id}`, 0],
      [`destination_id=${made.bad.destination.id},${made.refusing.destination.id}`, 3],
      [`request_id=${requests[0]}`, 1], [`event_data_id=${all[0].event_data_id}`, 1],
      ['attempts=1', 9], ['attempts=0', 0], ['attempts[gte]=1', 9], ['attempts[gt]=1', 0], ['attempts[lte]=1', 9], ['attempts[lt]=1', 0],
      ['response_status=200', 6], ['response_status=500', 2], ['response_status[gte]=500', 2], ['response_status=200,500', 8],
      ['response_status=null', 1], ['response_status[any]=false', 1], ['response_status[any]=true', 8], ['response_status[all]=true', 9],
      ['error_code=CONNECTION_REFUSED', 1], ['error_code=TIMEOUT', 0], ['error_code=null', 8],
      ['successful_at[any]=true', 6], ['successful_at[any]=false', 3], [`successful_at[gte]=${past}`, 6], [`successful_at[gte]=${future}`, 0],
      [`created_at[gte]=${past}`, 9], [`created_at[lte]=${past}`, 0], [`created_at[gte]=${past}&created_at[lte]=${future}`, 9],
      [`created_at[gt]=${all[4].created_at}`, all.filter((event) => event.created_at > all[4].created_at).length],
      [`created_at[lt]=${all[4].created_at}`, all.filter((event) => event.created_at < all[4].created_at).length],
      [`created_at=${all[4].created_at}`, all.filter((event) => event.created_at === all[4].created_at).length],
      [`last_attempt_at[gte]=${past}`, 9], [`last_attempt_at[gte]=${future}`, 0], [`last_attempt_at[lt]=${past}`, 0],
      [`last_attempt_at[lte]=${all[2].last_attempt_at}`, all.filter((event) => event.last_attempt_at <= all[2].last_attempt_at).length],
      ['next_attempt_at[any]=true', 0], ['next_attempt_at[any]=false', 9], ['cli_id=x', 0], ['cli_id[any]=false', 9], ['cli_id[all]=true', 9],
      ['progressive=true', 9], ['search_term=straße', 1], ['search_term=Plain', 1], ['search_term=c-1', 3], ['path=/shop/', 6], ['path=SHOP/3', 1],
    ];
    for (const [query, number] of expected) assert.equal(await count(query), number, query);
  });

  test('what is refused', async () => {
    for (const query of ['status=NOPE', 'attempts=x', 'attempts[foo]=1', 'response_status=20', 'created_at=never', 'search_term=ab',
      'headers=[', 'body=', 'order_by=updated_at', 'dir=up', 'order_by=created_at&dir=asc&dir=desc', 'nothing=1', 'limit=256', 'next=%%%'])
      if (query !== 'body=') await refused(422, 'GET', `/events?${query}`);
  });

  test('the events of one request have the same', async () => {
    const of = `/requests/${requests[0]}/events`;
    assert.equal((await ok('GET', of)).count, 1);
    assert.equal((await ok('GET', `${of}?status=FAILED`)).count, 0);
    assert.equal((await ok('GET', `${of}?body=${encode({ number: 0 })}`)).count, 1);
    assert.equal((await ok('GET', `${of}?body=${encode({ number: 1 })}`)).count, 0);
    assert.equal((await ok('GET', `${of}?path=shop&search_term=c-0`)).count, 1);
  });
});

describe('filters on content', () => {
  const cases = [
    ['body', { number: 3 }, 1], ['body', { number: { $gte: 100 } }, { requests: 3, events: 2 }], ['body', { tags: 'x' }, 6],
    ['body', { tags: { $in: ['t1', 't4'] } }, 2], ['body', { customer: { id: 'c-1', vip: true } }, 1],
    ['body', { $or: [{ number: 1 }, { number: 100 }] }, 2], ['body', { number: { $not: { $lt: 200 } } }, { requests: 2, events: 1 }],
    ['body', { note: { $exist: true } }, 1], ['body', { note: 'Straße' }, 1], ['body', '"plain words"', 1],
    ['body', { $startsWith: 'plain' }, 1], ['body', { number: { $ref: 'number' } }, { requests: 9, events: 8 }],
    ['headers', { 'x-kind': 'odd' }, 3], ['headers', { 'x-kind': { $exist: false } }, { requests: 4, events: 3 }],
    ['headers', { 'content-type': { $startsWith: 'text/' } }, 1], ['parsed_query', { n: 4 }, 1], ['parsed_query', { tag: 'b' }, 6],
    ['parsed_query', { tag: ['a', 'b'] }, 6], ['parsed_query', {}, { requests: 10, events: 9 }],
  ];

  test('of requests and of events', async () => {
    for (const [part, filter, expected] of cases) {
      for (const noun of ['requests', 'events']) {
        const number = typeof expected === 'number' ? expected : expected[noun];
        assert.equal((await ok('GET', `/${noun}?limit=100&${part}=${encode(filter)}`)).count, number, `${noun} ${part} ${JSON.stringify(filter)}`);
      }
    }
  });

  test('together with each other and with other filters', async () => {
    const both = `body=${encode({ customer: { id: 'c-1' } })}&headers=${encode({ 'x-kind': 'odd' })}`;
    assert.equal((await ok('GET', `/events?${both}`)).count, 3);
    assert.equal((await ok('GET', `/events?${both}&parsed_query=${encode({ n: 3 })}`)).count, 1);
    assert.equal((await ok('GET', `/events?${both}&status=FAILED`)).count, 0);
    assert.equal((await ok('GET', `/events?${both}&webhook_id=${made.good.id}&path=/5&include=data`)).models[0].data.body.number, 5);
  });

  test('say what is wrong with them', async () => {
    await refusesEach(async (status, method, path, query) => refused(status, method, `${path}?${query}`), 'GET', '/events', [
      [`body=${encode('{"a":')}`, /^body: must be JSON/], [`body=${encode({ a: { $foo: 1 } })}`, /^body: a\.\$foo: is not an operator/],
      [`headers=${encode({ a: { $gt: true } })}`, /^headers: a\.\$gt: must be a string or a number/],
      [`parsed_query=${encode({ $exist: 1 })}`, /^parsed_query: \$exist: must be true or false/],
      [`body=1&body=2`, /^body: is given twice/],
    ]);
  });
});

describe('filters of requests and attempts', () => {
  test('each finds what it says', async () => {
    const past = '2020-01-01T00:00:00Z';
    for (const [query, number] of [['', 10], [`id=${requests[0]},${requests[1]}`, 2], ['status=accepted', 9], ['status=rejected', 1],
      ['rejection_cause=NO_CONNECTION', 1], ['rejection_cause=NO_CONNECTION,UNKNOWN', 1], ['rejection_cause=null', 9],
      [`source_id=${made.good.source.id}`, 6], [`source_id=${made.good.source.id}&status=rejected`, 0], ['verified=false', 10], ['verified=true', 0],
      ['events_count=1', 9], ['events_count=0', 1], ['events_count[gte]=1', 9], ['ignored_count=0', 10], ['cli_events_count=0', 10],
      [`created_at[gte]=${past}`, 10], [`ingested_at[lte]=${past}`, 0], ['search_term=nobody', 1], ['path=/nobody', 1], ['bulk_retry_id=x', 0]])
      assert.equal((await ok('GET', `/requests?limit=100&${query}`)).count, number, query);
  });

  test('attempts', async () => {
    const event = (await ok('GET', '/events?status=FAILED')).models[0];
    const [attempt] = (await ok('GET', `/attempts?event_id=${event.id}`)).models;
    assert.equal(attempt.event_id, event.id);
    assert.equal((await ok('GET', `/attempts?id=${attempt.id}`)).count, 1);
    assert.equal((await ok('GET', '/attempts?limit=100')).count, 9);
    assert.equal((await ok('GET', '/attempts?order_by[]=created_at&dir[]=asc')).models.at(-1).id, (await ok('GET', '/attempts?limit=1')).models[0].id);
  });
});

describe('orders', () => {
  const connectionOrders = ['created_at', 'updated_at', 'full_name', 'sources.created_at', 'sources.updated_at',
    'destinations.created_at', 'destinations.updated_at'];
  const resourceOrders = ['created_at', 'updated_at', 'name'];
  const value = (model, order) => {
    const [owner, field] = order.split('.');
    if (field) return model[owner.slice(0, -1)][field];
    return order === 'full_name' ? `${model.source.name} -> ${model.name}` : model[order];
  };

  // Pages of two, forwards and then backwards, must be the whole list, in order.
  async function bothWays(path, orders, dirs) {
    const query = orders.map((order, i) => `order_by[]=${order}&dir[]=${dirs[i]}`).join('&');
    const { models, last } = await walk(`${path}?limit=2&${query}`);
    const whole = await ok('GET', `${path}?limit=100&${query}`);
    assert.deepEqual(models.map((model) => model.id), idsOf(whole), query);
    for (let i = 1; i < models.length; i++) {
      const differs = orders.findIndex((order) => value(models[i - 1], order) !== value(models[i], order));
      if (differs < 0) continue;
      const [a, b] = [models[i - 1], models[i]].map((model) => value(model, orders[differs]));
      assert.ok(dirs[differs] === 'asc' ? a < b : a > b, `${query}: ${a} ${b}`);
    }
    const back = [...last.models];
    let previous = last.pagination.prev;
    while (previous) {
      const page = await ok('GET', `${path}?limit=2&${query}&prev=${previous}`);
      back.unshift(...page.models);
      previous = page.pagination.prev;
    }
    assert.deepEqual(back.map((model) => model.id), idsOf(whole), `${query} backwards`);
  }

  test('each of connections, sources and destinations, forwards and backwards', async () => {
    for (const dir of ['asc', 'desc']) {
      for (const order of connectionOrders) await bothWays('/connections', [order], [dir]);
      for (const order of resourceOrders) {
        await bothWays('/sources', [order], [dir]);
        await bothWays('/destinations', [order], [dir]);
      }
      await bothWays('/events', ['created_at'], [dir]);
      await bothWays('/requests', ['ingested_at'], [dir]);
      await bothWays('/attempts', ['created_at'], [dir]);
    }
  });

  test('two at once', async () => {
    await connect('second', 'orders', { name: 'good' });
    await connect('third', 'orders', { name: 'bad' });
    await bothWays('/connections', ['sources.created_at', 'full_name'], ['desc', 'asc']);
    await bothWays('/connections', ['destinations.created_at', 'created_at'], ['asc', 'desc']);
    await bothWays('/connections', ['destinations.created_at', 'sources.updated_at', 'full_name'], ['asc', 'desc', 'desc']);
    const { pagination } = await ok('GET', '/connections?order_by[]=full_name&order_by[]=created_at&dir[]=asc&dir[]=desc');
    assert.deepEqual([pagination.order_by, pagination.dir], [['full_name', 'created_at'], ['asc', 'desc']]);
    await refused(422, 'GET', '/connections?order_by=full_name&dir[]=asc&dir[]=desc');
    await refused(422, 'GET', '/connections?order_by[]=full_name&order_by[]=size');
    for (const name of ['second', 'third']) await ok('DELETE', `/connections/${made[name].id}`);
  });
});

describe('pages', () => {
  test('stay as they are while rows come in', async () => {
    const before = idsOf(await ok('GET', '/requests?limit=100'));
    const { models } = await walk('/requests?limit=2', { between: () => send(made.good, '/late', { number: 1000 }) });
    assert.deepEqual(models.map((model) => model.id), before);
    const oldest = await walk('/requests?limit=3&dir=asc', {
      between: () => (requests.length < 20 ? send(made.good, '/late', { number: 1001 }) : undefined),
    });
    assert.deepEqual(oldest.models.map((model) => model.id), idsOf(await ok('GET', '/requests?limit=255&dir=asc')));
  });

});

// A gateway of its own, whose calls look at few rows.
describe('partial pages', () => {
  let small, calls;
  const COUNT = 450, RARE = [3, 7, 222, 448];

  before(async () => {
    small = await startGateway({ args: ['--config', configWith('list_scan = 100\nlist_sort = 0\n')] });
    calls = callsOf(small);
    const connection = await calls.ok('POST', '/connections', {
      name: 'c', source: { name: 's', type: 'WEBHOOK' }, destination: { name: 'd', type: 'MOCK_API' } });
    const url = connection.source.url.replace(/^https?:\/\/[^/]+/, small.url);
    for (let i = 0; i < COUNT; i++) {
      const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ number: i, rare: RARE.includes(i) }) });
      await reply.arrayBuffer();
    }
    await until('the events', async () => (await calls.ok('GET', '/events?status=SUCCESSFUL&limit=1')).count === 1);
  });
  after(() => small?.stop());

  async function pages(path, cursor = 'next') {
    const list = [];
    let at;
    do {
      const page = await calls.ok('GET', `${path}${at ? `&${cursor}=${at}` : ''}`);
      assert.ok(!page.pagination.partial || page.pagination[cursor], 'a partial page goes on');
      list.push(page);
      at = page.pagination[cursor];
      assert.ok(list.length < 50);
    } while (at);
    return list;
  }

  test('are marked, and their cursors lead on without loss or repeat', async () => {
    for (const noun of ['requests', 'events']) {
      for (const dir of ['asc', 'desc']) {
        for (const query of [`body=${encode({ rare: true })}`, 'search_term=%22rare%22:true']) {
          const list = await pages(`/${noun}?include=data&dir=${dir}&${query}`);
          const numbers = list.flatMap((page) => page.models.map((model) => model.data.body.number));
          assert.deepEqual(numbers, dir === 'asc' ? RARE : [...RARE].reverse(), `${noun} ${dir} ${query}`);
          assert.ok(list.length >= COUNT / 100);
          assert.ok(list.slice(0, -1).every((page) => page.pagination.partial === true));
          assert.equal(list.at(-1).pagination.partial, undefined);
        }
      }
    }
  });

  test('backwards too', async () => {
    const forwards = await pages(`/requests?body=${encode({ rare: true })}`);
    const back = await pages(`/requests?body=${encode({ rare: true })}&prev=${forwards.at(-1).pagination.prev}`, 'prev');
    const ids = (list) => list.flatMap((page) => idsOf(page));
    assert.deepEqual(ids(back).sort(), ids(forwards.slice(0, -1)).sort());
  });

  test('for filters that no index serves', async () => {
    const list = await pages('/requests?verified=true');
    assert.equal(list.flatMap((page) => page.models).length, 0);
    assert.ok(list.length >= 4);
    assert.equal((await calls.ok('GET', '/requests?verified=false&limit=50')).pagination.partial, undefined);
  });
});
