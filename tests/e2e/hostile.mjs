// What the tests of hostile input share: raw sockets, and a gateway that must serve the next webhook after each of them.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { startGateway, startSink, until } from './gateway.mjs';

// Sends the pieces as they are and resolves with all that came back when the gateway closes, when `enough` says so, or
// when `patience` is over: { text, closed, reset, statuses }.
export function raw(port, pieces, { enough = () => false, patience = 10000, end = false, gap = 0, onOpen } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    let closed = false, reset = false, over = false, timer;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const finish = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('latin1');
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((found) => Number(found[1]));
      resolve({ text, closed, reset, statuses });
    };
    timer = setTimeout(finish, patience);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (enough(Buffer.concat(chunks).toString('latin1'))) finish();
    });
    socket.on('end', () => { closed = true; finish(); });
    socket.on('close', () => { closed = true; finish(); });
    socket.on('error', () => { closed = reset = true; });
    socket.on('connect', async () => {
      onOpen?.(socket);
      for (const piece of [pieces].flat()) {
        if (over || socket.destroyed) return;
        socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
        if (gap) await new Promise((next) => setTimeout(next, gap));
      }
      if (end) socket.end();
    });
  });
}

// One request on a connection of its own: a kept one may be closed by the short time limits just when it is used.
export function send(url, { method = 'POST', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const going = request(url, { method, headers, agent: false }, (reply) => {
      const chunks = [];
      reply.on('data', (chunk) => chunks.push(chunk));
      reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text: Buffer.concat(chunks).toString() }));
    });
    going.on('error', reject);
    going.end(body);
  });
}

export function bodyOf(text) {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

// An error has one form: {code, status, message, data}.
export function assertError(body, status, what = '') {
  const error = typeof body === 'string' ? JSON.parse(body) : body;
  assert.equal(error.status, status, `${what}: ${JSON.stringify(error)}`);
  assert.match(error.code, /^[A-Z_]+$/, what);
  assert.ok(typeof error.message === 'string' && error.message.length > 0, what);
  assert.ok('data' in error, what);
  return error;
}

// A gateway with a source that is connected to a sink. `served` sends one more webhook and waits for its delivery.
export async function startFixture(settings = {}) {
  const args = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const gateway = await startGateway({ args, env: { UBSAN_OPTIONS: 'print_stacktrace=1' } });
  const sink = await startSink();
  const made = await gateway.api('PUT', '/connections', {
    name: 'hostile', source: { name: 'hostile-in' }, destination: { name: 'hostile-out', type: 'HTTP', config: { url: sink.url } },
  });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const connection = made.body, path = new URL(connection.source.url).pathname;
  let sent = 0;
  return {
    gateway, sink, connection, path, port: Number(new URL(gateway.url).port),
    async served(what = '') {
      const mark = `mark-${++sent}`;
      const headers = { 'content-type': 'application/json' };
      const reply = await send(gateway.url + path, { headers, body: JSON.stringify({ mark }) });
      assert.equal(reply.status, 200, `the next webhook after ${what}`);
      await until(`the delivery after ${what}`, () => sink.received.some((entry) => entry.body.includes(`"${mark}"`)), { every: 10, tries: 1000 });
    },
    // Ends both; the gateway must end cleanly and no sanitizer may have anything to say.
    async stop() {
      await gateway.stop();
      await sink.stop();
      assert.doesNotMatch(gateway.log(), /runtime error|Sanitizer/);
    },
  };
}
