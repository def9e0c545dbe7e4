// Trials of transformations: what the code makes of a request, what is said when it makes nothing, what is kept.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { runUnderNode } from './transform/node.mjs';
import { github, stripe } from './transform/payloads.mjs';
import { SCRIPTS } from './transform/scripts.mjs';

let gateway, ok, refused;
const request = { headers: { 'content-type': 'application/json' }, body: { a: 1 } };
const handler = (body) => `addHandler('transform', async (request, context) => {${body}\n});`;
const run = (code, more = {}) => ok('PUT', '/transformations/run', { code, request, ...more });

before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

describe('does what Node does', () => {
  for (const [name, sent, body, env] of SCRIPTS)
    test(name, async () => {
      const expected = await runUnderNode(handler(body), sent, env);
      for (let times = 0; times < 3; times++) { // new, loaded to be kept, kept
        const reply = await run(handler(body), { request: sent, env });
        assert.deepEqual(reply.console, []);
        assert.equal(reply.log_level, 'debug');
        assert.deepEqual(reply.request, expected);
      }
    });
  test('in no small number', () => assert.ok(SCRIPTS.length >= 60, `${SCRIPTS.length}`));
});

describe('says what is wrong', () => {
  const fatal = async (code, pattern) => {
    const reply = await run(code);
    assert.equal(reply.log_level, 'fatal');
    assert.equal(reply.request, null);
    assert.equal(reply.console.at(-1).type, 'error');
    assert.match(reply.console.at(-1).message, pattern);
    return reply;
  };

  for (const [name, code, pattern] of [
    ['an error, with its place', 'addHandler("transform", (request) => {\n  request.body.none.x = 1;\n});', /^TypeError: .*\n\s+at .*transform\.js:2:\d+/],
    ['a thrown text', handler('throw "no way";'), /^thrown: no way$/],
    ['a thrown nothing', handler('throw undefined;'), /^thrown: undefined$/],
    ['an own error', handler('class Own extends Error { name = "Own" } throw new Own("bad");'), /^Own: bad/],
    ['an error outside of the handler', 'nothing.here();', /^ReferenceError: nothing is not defined\n\s+at .*transform\.js:1/],
    ['what is no JavaScript', 'let a = ;', /^SyntaxError: .*\n\s+at transform\.js:1/],
    ['no handler', '', /no handler: it must call addHandler\("transform"/],
    ['another event', 'addHandler("request", () => 1);', /no event "request", only "transform"/],
    ['a handler that is none', 'addHandler("transform", 1);', /must be a function/],
    ['nothing returned', handler(''), /returned undefined: it must return the request/],
    ['null returned', handler('return null;'), /returned null/],
    ['a text returned', handler('return "x";'), /must return an object with headers and body, not a string/],
    ['an array returned', handler('return [request];'), /not an array/],
    ['no headers', handler('return { body: 1 };'), /headers must be an object of strings, not undefined/],
    ['no content type', handler('request.headers = { a: "b" }; return request;'), /headers must include content-type/],
    ['an undefined header', handler('request.headers["x-a"] = undefined; return request;'), /header x-a must be a string, not undefined/],
    ['an object as a header', handler('request.headers["x-a"] = {}; return request;'), /header x-a must be a string, not an object/],
    ['a line break in a header', handler('request.headers["x-a"] = "a\\r\\nb: c"; return request;'), /header x-a must be a string without line breaks/],
    ['a name that is none', handler('request.headers["a b"] = "c"; return request;'), /"a b" is no name of a header/],
    ['a path that is none', handler('request.path = 5; return request;'), /path must be a string, not a number/],
    ['a blank in the path', handler('request.path = "/a b"; return request;'), /path and query must be encoded/],
    ['a query that is none', handler('request.query = {}; return request;'), /query must be a string, not an object/],
    ['a function as the body', handler('request.body = () => 1; return request;'), /body must be JSON, not a function/],
    ['a circle as the body', handler('request.body = request; return request;'), /circular/],
    ['a BigInt in the body', handler('request.body = [1n]; return request;'), /BigInt|bigint/],
    ['a promise that waits for ever', handler('await new Promise(() => {}); return request;'), /never settled: there are no timers/],
    ['fetch', handler('await fetch("https://example.com"); return request;'), /fetch is not defined \(transformations have no network\)/],
    ['a timer', handler('setTimeout(() => {}, 1); return request;'), /setTimeout is not defined \(transformations have no timers/],
    ['require', 'const crypto = require("crypto");', /require is not defined \(transformations have no modules/],
    ['Intl', handler('new Intl.NumberFormat("de"); return request;'), /Intl is not defined \(transformations have no tables of locales/],
    ['another locale', handler('request.body = (1.5).toLocaleString("de-DE"); return request;'), /knows no locale de-DE/],
    ['an import', 'import fs from "fs";', /^SyntaxError/],
    ['Buffer', handler('Buffer.from("a"); return request;'), /Buffer is not defined \(use TextEncoder/],
  ])
    test(name, () => fatal(code, pattern));

  test('a promise that nobody looks at, as a line', async () => {
    const reply = await run(handler('Promise.reject(new Error("lost")); return request;'));
    assert.equal(reply.log_level, 'error');
    assert.match(reply.console[0].message, /^Error: lost/);
    assert.deepEqual(reply.request.body, { a: 1 });
  });
});

describe('what is printed', () => {
  test('is told in order, with its level, and the worst is the run’s', async () => {
    const lines = 'console.debug("d"); console.log("l", 1, { a: [1n] }, null, undefined, () => 1);';
    const calm = await run(handler(`${lines} return request;`));
    assert.deepEqual(calm.console, [
      { type: 'debug', message: 'd' }, { type: 'log', message: 'l 1 {"a":["1n"]} null undefined [Function: anonymous]' },
    ]);
    assert.equal(calm.log_level, 'info');
    const worse = await run(handler('console.info("i"); console.error(new TypeError("t")); console.warn("w"); return request;'));
    assert.deepEqual(worse.console.map(({ type }) => type), ['info', 'error', 'warn']);
    assert.match(worse.console[1].message, /^TypeError: t/);
    assert.equal(worse.log_level, 'error');
  });

  test('at the top of the code belongs to each run', async () => {
    const code = 'console.log("loaded"); let count = 0; addHandler("transform", (request) => { request.body = ++count; return request; });';
    for (let i = 0; i < 3; i++) {
      const reply = await run(code);
      assert.equal(reply.request.body, 1);
      assert.equal(reply.console.length, 1);
    }
  });

  test('is cut where it is too much, and still ends with the error', async () => {
    const reply = await run(handler('for (let i = 0; i < 5000; i++) console.log("\\u0001".repeat(100)); throw new Error("end");'));
    assert.ok(JSON.stringify(reply.console).length <= 65536);
    assert.match(reply.console.at(-2).message, /more was printed/);
    assert.match(reply.console.at(-1).message, /^Error: end/);
    const long = await run(handler('console.log("x".repeat(1e6)); return request;'));
    assert.equal(long.console[0].message.length, 8192);
  });
});

describe('the request', () => {
  test('comes with all of its parts', async () => {
    const code = 'addHandler("transform", (request) => { console.log(JSON.stringify(request)); return request; });';
    const reply = await run(code, { request: { headers: { 'content-type': 'text/plain' } } });
    assert.deepEqual(JSON.parse(reply.console[0].message), { headers: { 'content-type': 'text/plain' }, path: '/', query: '', parsed_query: {}, body: '' });
    const more = await run(code, { request: { ...github, query: 'a=1&a=2', path: '/p' } });
    assert.deepEqual(JSON.parse(more.console[0].message).parsed_query, { a: ['1', '2'] });
    assert.deepEqual(more.request.body, github.body);
  });

  test('a body of many megabytes goes in and out', async () => {
    const body = Array.from({ length: 20000 }, (_, i) => ({ i, text: 'x'.repeat(100) }));
    const reply = await run(handler('request.body = request.body.map(({ i }) => i); return request;'), { request: { ...request, body } });
    assert.equal(reply.request?.body.length, 20000, JSON.stringify(reply.console));
  });
});

describe('a request without content-type', () => {
  const same = handler('return request;');

  test('passes when it has no body, as webhooks by GET', async () => {
    const reply = await run(same, { request: { headers: { 'user-agent': 'a' }, query: 'a=1' } });
    assert.deepEqual(reply.console, []);
    assert.deepEqual(reply.request.headers, { 'user-agent': 'a' });
    assert.equal(reply.request.query, 'a=1');
    const emptied = await run(handler('request.headers = {}; request.body = null; return request;'));
    assert.deepEqual(emptied.request.headers, {});
  });

  test('passes with the body with which it came', async () => {
    const reply = await run(handler('request.body += "!"; return request;'), { request: { headers: {}, body: 'text' } });
    assert.equal(reply.request.body, 'text!');
  });

  test('does not pass with a body when it had it, or had no body before', async () => {
    for (const [code, sent] of [
      ['delete request.headers["content-type"]; return request;', request],
      ['request.headers["content-type"] = ""; return request;', request],
      ['request.body = { a: 1 }; return request;', { headers: {} }],
    ]) {
      const reply = await run(handler(code), { request: sent });
      assert.match(reply.console.at(-1).message, /headers must include content-type/);
      assert.equal(reply.request, null);
    }
  });
});

describe('a saved transformation', () => {
  test('runs with its env, on an event of a connection, and the run is kept', async () => {
    const sink = await startSink();
    const connection = await ok('POST', '/connections', {
      name: 'orders', source: { name: 'shop' }, destination: { name: 'sink', type: 'HTTP', config: { url: sink.url } },
    });
    await fetch(`${connection.source.url}/sub/path?x=1&x=2`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-own': 'h' }, body: '{"total": 5}' });
    const [event] = await until('an event', async () => { const { models } = await ok('GET', '/events'); return models.length > 0 && models; });
    const { id } = await ok('POST', '/transformations', {
      name: 'kept', env: { RATE: '2' },
      code: 'addHandler("transform", (request, { connection }) => { console.warn("for", connection.name); request.body.total *= process.env.RATE; request.path = "/new"; return request; });',
    });
    const reply = await ok('PUT', '/transformations/run', { transformation_id: id, event_id: event.id });
    assert.deepEqual(reply.request.body, { total: 10 });
    assert.equal(reply.request.headers['x-own'], 'h');
    assert.deepEqual(reply.request.parsed_query, { x: ['1', '2'] });
    assert.deepEqual(reply.console, [{ type: 'warn', message: 'for orders' }]);
    assert.equal(reply.request_id, event.request_id);
    assert.equal(reply.transformation_id, id);

    const execution = await ok('GET', `/transformations/${id}/executions/${reply.execution_id}`);
    assert.equal(execution.log_level, 'warn');
    assert.equal(execution.webhook_id, connection.id);
    assert.deepEqual(execution.logs, reply.console);
    assert.deepEqual(execution.original_event_data.body, { total: 5 });
    assert.deepEqual(execution.transformed_event_data, { ...reply.request, is_large_payload: false });
    assert.deepEqual((await ok('GET', `/transformations/${id}/executions?log_level=warn&webhook_id=${connection.id}`)).count, 1);

    const other = await ok('PUT', '/transformations/run', { transformation_id: id, event_id: event.id, env: { RATE: '3' } });
    assert.deepEqual(other.request.body, { total: 15 });
    await sink.stop();
  });

  test('that fails keeps a fatal run without data', async () => {
    const { id } = await ok('POST', '/transformations', { name: 'fails', code: handler('throw new Error("x");') });
    const reply = await ok('PUT', '/transformations/run', { transformation_id: id, request });
    const execution = await ok('GET', `/transformations/${id}/executions/${reply.execution_id}`);
    assert.equal(execution.log_level, 'fatal');
    assert.equal(execution.transformed_event_data, null);
    assert.equal(execution.transformed_event_data_id, null);
  });

  test('and code that is not saved leaves nothing', async () => {
    const { id } = await ok('POST', '/transformations', { name: 'edited', code: handler('throw new Error("old");') });
    const reply = await run(handler('return request;'), { transformation_id: id });
    assert.equal(reply.log_level, 'debug');
    assert.equal(reply.execution_id, null);
    assert.equal((await ok('GET', `/transformations/${id}/executions`)).count, 0);
  });

  test('sees the connection that is named', async () => {
    const [connection] = (await ok('GET', '/connections')).models;
    const reply = await run(handler('request.body = context.connection; return request;'), { webhook_id: connection.id });
    assert.equal(reply.request.body.id, connection.id);
    assert.equal(reply.request.body.source.name, 'shop');
    await refused(404, 'PUT', '/transformations/run', { code: '', request, webhook_id: 'web_00000000000' });
  });
});

test('runs are apart: what one changes no other sees', async () => {
  await run('Array.prototype.map = JSON.stringify = Object.keys = null; globalThis.secret = 1; Object.prototype.polluted = 1; addHandler("transform", (request) => request);');
  const reply = await run(handler('request.body = [typeof secret, ({}).polluted === undefined, [1].map((x) => x), Math.random()]; return request;'));
  assert.deepEqual(reply.request.body.slice(0, 3), ['undefined', true, [1]]);
  const again = await run(handler('request.body = Math.random(); return request;'));
  assert.notEqual(again.request.body, reply.request.body[3]);
});

test('a slow one keeps no other call of the API waiting', async () => {
  const slow = [1, 2, 3, 4].map(() => run(handler('while (true);')));
  for (let i = 0; i < 5; i++) {
    const started = Date.now();
    await ok('GET', '/transformations/count');
    assert.ok(Date.now() - started < 1000);
  }
  for (const reply of await Promise.all(slow)) assert.match(reply.console.at(-1).message, /longer than it may/);
});

test('processes that are killed from outside are replaced', async () => {
  const children = () => readdirSync(`/proc/${gateway.child.pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${gateway.child.pid}/task/${task}/children`, 'utf8').split(' ')).filter(Boolean).map(Number);
  for (let i = 0; i < 5; i++) {
    const before = children();
    assert.ok(before.length > 0);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    assert.equal((await run(handler('return request;'))).log_level, 'debug');
  }
});

test('where no worker can be started the call says so, and everything else works', async () => {
  const other = await startGateway({ args: ['--set', 'transform_program=/nothing/here'] });
  const calls = callsOf(other);
  const error = await calls.refused(503, 'PUT', '/transformations/run', { code: '', request });
  assert.match(error.message, /\/nothing\/here cannot be started/);
  await calls.ok('GET', '/transformations/count');
  assert.match(other.log(), /transformations cannot run: \/nothing\/here/);
  await other.stop();
});

test('a signature of Stripe is checked in a transformation', async () => {
  const body = JSON.stringify(stripe.body);
  const code = handler(`
    const { t, v1 } = Object.fromEntries(request.headers['stripe-signature'].split(',').map((part) => part.split('=')));
    const mac = crypto.createHmac('sha256', process.env.SECRET).update(t + '.' + request.body).digest();
    request.body = { good: crypto.timingSafeEqual(mac, Uint8Array.fromHex(v1)) };
    return request;`);
  const { createHmac } = await import('node:crypto');
  const v1 = createHmac('sha256', 's').update(`5.${body}`).digest('hex');
  const reply = await run(code, { env: { SECRET: 's' }, request: { headers: { 'content-type': 'text/plain', 'stripe-signature': `t=5,v1=${v1}` }, body } });
  assert.deepEqual(reply.request?.body, { good: true }, JSON.stringify(reply.console));
});
