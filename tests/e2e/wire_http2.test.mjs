// HTTP/2 to destinations, against Node's server: streams that share connections, and all that may happen to either.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { constants, createSecureServer, createServer as createPlainServer } from 'node:http2';
import { runNginx } from './auth_servers.mjs';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { behind, destinationOf, flood, gauge, makeChains, startServer } from './wire_servers.mjs';

const RETRY = [{ type: 'retry', strategy: 'linear', interval: 1000, count: 3 }];

let chains, tls, gateway;
const stops = [];
const stopLater = (server) => { stops.push(server.stop); return server; };
const served = async (server, scheme) => stopLater(await startServer(server, scheme));

before(async () => {
  chains = makeChains();
  tls = { ca: chains.read('root.pem') };
  gateway = await startGateway();
});
after(async () => {
  await gateway?.stop();
  await Promise.all(stops.map((stop) => stop()));
  chains?.remove();
});

// A stream may have been given up meanwhile.
function say(stream, body = 'ok') {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ':status': 200 });
  stream.end(body);
}

// An HTTP/2 server that answers after a while, and what it saw.
async function startHttp2({ secure = true, answer, options = {} } = {}) {
  const server = secure ? createSecureServer({ ...chains.of('good'), allowHTTP1: true, ...options }) : createPlainServer(options);
  const seen = { sessions: 0, streams: gauge(), bodies: 0, versions: new Set(), open: new Set() };
  server.on('session', (session) => { seen.sessions++; seen.open.add(session); session.on('close', () => seen.open.delete(session)); });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    seen.streams.enter();
    stream.on('close', () => seen.streams.leave());
    let size = 0;
    stream.on('data', (bytes) => { size += bytes.length; });
    stream.on('end', () => {
      seen.bodies += size;
      if (answer) return answer(stream, headers, seen);
      return setTimeout(() => say(stream), 5);
    });
  });
  server.on('request', (request, reply) => {
    seen.versions.add(request.httpVersion);
    if (request.httpVersion === '1.1') reply.end('ok'); // the others are answered as streams
  });
  return Object.assign(await served(server, secure ? 'https' : 'http'), { seen });
}

test('many deliveries share a connection, so many at one time as are allowed', async () => {
  await behind({ delivery_streams: 10, delivery_host_connections: 3 }, async (own) => {
    const server = await startHttp2();
    const destination = await destinationOf(own, { url: server.url, tls });
    await flood(destination, 240);
    assert.equal(server.seen.streams.total, 240);
    assert.ok(server.seen.sessions <= 3, `${server.seen.sessions} connections`);
    assert.ok(server.seen.streams.most > 1 && server.seen.streams.most <= 30, `${server.seen.streams.most} at one time`);
    assert.equal(server.seen.bodies, 240 * 7);
  });
});

test('what the server allows on one connection is kept to', async () => {
  const server = await startHttp2({ options: { settings: { maxConcurrentStreams: 3 } } });
  await flood(await destinationOf(gateway, { url: server.url, tls }), 60);
  assert.equal(server.seen.streams.total, 60);
});

test('large bodies, both ways', async () => {
  const body = JSON.stringify({ a: 'x'.repeat(1_000_000) });
  const server = await startHttp2({ answer: (stream) => say(stream, 'y'.repeat(300_000)) });
  const destination = await destinationOf(gateway, { url: server.url, tls }, { body });
  await flood(destination, 20);
  assert.equal(server.seen.bodies, 20 * body.length);
});

// The server of Node.js 18 also ends the connection under what it has begun, instead of giving it up.
const GIVES_UP = Number(process.versions.node.split('.')[0]) >= 20;
test('a connection that the server gives up (GOAWAY) costs no delivery', { skip: !GIVES_UP && 'needs the server of Node.js 20' }, async () => {
  const server = await startHttp2({ answer: (stream, headers, seen) => {
    say(stream);
    if (seen.streams.total % 10 === 0) stream.session.close(); // what it has begun it ends
  } });
  const destination = await destinationOf(gateway, { url: server.url, tls });
  const events = await flood(destination, 100);
  assert.ok(server.seen.sessions > 1);
  assert.ok(events.every(({ attempts }) => attempts === 1), 'each at the first attempt');
});

test('nginx, which gives up each connection after so many requests, gets every delivery once', async () => {
  const sink = stopLater(await startSink());
  const nginx = stopLater(await runNginx(chains.dir, (port) => `
    listen 127.0.0.1:${port} ssl http2; keepalive_requests 10;
    ssl_certificate ${chains.dir}/good.pem; ssl_certificate_key ${chains.dir}/good.key;
    location / { proxy_pass ${sink.url}; }`));
  const events = await flood(await destinationOf(gateway, { url: nginx.url, tls }), 200);
  assert.ok(events.every(({ attempts }) => attempts === 1), 'each at the first attempt');
  assert.equal(sink.received.length, 200);
  assert.equal(nginx.log().match(/"POST .* HTTP\/2\.0" 200 /g).length, 200);
});

test('a stream that is refused is sent again by itself, and what was reset is retried', async () => {
  let refusals = 5;
  let resets = 3;
  const server = await startHttp2({ answer: (stream) => {
    if (refusals-- > 0) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    if (resets-- > 0) return stream.destroy(new Error('broken'));
    return say(stream);
  } });
  const destination = await destinationOf(gateway, { url: server.url, tls }, { rules: RETRY });
  const events = await flood(destination, 20);
  const attempts = (await callsOf(gateway).ok('GET', `/attempts?${events.map(({ id }) => `event_id=${id}`).join('&')}&limit=250`)).models;
  const failed = attempts.filter(({ status }) => status === 'FAILED');
  assert.ok(failed.length >= 3 && failed.length <= 8, `${failed.length} failed attempts`);
  assert.ok(failed.every(({ error_code }) => error_code === 'PROTOCOL_ERROR'), JSON.stringify(failed.map(({ error_code }) => error_code)));
});

test('a session that is destroyed in the middle fails its deliveries, which are retried', async () => {
  let breaks = 2;
  const server = await startHttp2({ answer: (stream, headers, seen) => {
    if (seen.streams.total >= 10 && breaks-- > 0) return stream.session?.destroy();
    return say(stream);
  } });
  await flood(await destinationOf(gateway, { url: server.url, tls }, { rules: RETRY }), 60);
});

test('a connection that ends under a request costs no attempt if it stood before, and one if the request opened it', async () => {
  let endsAt = 0;
  const server = await startHttp2({ answer: (stream, headers, seen) => {
    if (seen.streams.total === endsAt) return stream.session?.destroy();
    return say(stream);
  } });
  const destination = await destinationOf(gateway, { url: server.url, tls });
  assert.equal((await destination.deliver()).response_status, 200);
  endsAt = 2;
  const kept = await destination.deliver();
  assert.equal(kept.response_status, 200, JSON.stringify(kept));
  assert.deepEqual([server.seen.sessions, server.seen.streams.total], [2, 3]);
  for (const session of server.seen.open) session.destroy();
  await until('the end of the connection', () => server.seen.open.size === 0);
  endsAt = 4;
  const opener = await destination.deliver();
  assert.match(opener.error_code ?? '', /^(SOCKET_CLOSED|CONNECTION_RESET)$/, JSON.stringify(opener));
  assert.deepEqual([server.seen.sessions, server.seen.streams.total], [3, 4]);
});

test('a connection that is lost while nothing runs is replaced', async () => {
  const server = await startHttp2();
  const destination = await destinationOf(gateway, { url: server.url, tls });
  for (let round = 0; round < 5; round++) {
    const attempt = await destination.deliver();
    assert.equal(attempt.response_status, 200, JSON.stringify(attempt));
    const gives = round % 2 ? 'destroy' : 'close';
    for (const session of server.seen.open) session[gives]();
    // What was only given up is closed by the one who finds it so.
    if (gives === 'destroy') await until('the end of the connection', () => server.seen.open.size === 0);
  }
  assert.equal(server.seen.sessions, 5);
});

test('slow streams do not hold up others of their connection', async () => {
  const slow = [];
  const server = await startHttp2({ answer: (stream, headers) => {
    if (headers[':path'] === '/slow') return slow.push(stream);
    return say(stream);
  } });
  const destination = await destinationOf(gateway, { url: server.url, tls });
  for (let i = 0; i < 10; i++) await destination.send('/slow');
  await until('slow streams', () => slow.length === 10);
  for (let i = 0; i < 10; i++) assert.equal((await destination.deliver('/quick')).response_status, 200);
  for (const stream of slow) say(stream);
  await until('all', async () => (await destination.events()).every(({ status }) => status === 'SUCCESSFUL'));
});

test('which version is a setting, of the gateway and of a destination', async () => {
  const server = await startHttp2();
  const plain = await startHttp2({ secure: false });
  const ordinary = stopLater(await startSink());
  const versionAt = async (url, transport, on = gateway) => { // or the code, when they do not understand each other
    server.seen.versions.clear();
    plain.seen.versions.clear();
    const attempt = await (await destinationOf(on, { url, ...(url.startsWith('https') && { tls }), transport: { timeout: 3000, ...transport } })).deliver();
    return attempt.error_code ?? [...server.seen.versions, ...plain.seen.versions].join();
  };
  assert.equal(await versionAt(server.url), '2.0');
  assert.equal(await versionAt(server.url, { http_version: '1.1' }), '1.1');
  assert.equal(await versionAt(plain.url, { http_version: '2-plain' }), '2.0');
  assert.match(await versionAt(plain.url), /^(BAD_RESPONSE|SOCKET_CLOSED|CONNECTION_RESET|PROTOCOL_ERROR|TIMEOUT)$/);
  assert.match(await versionAt(ordinary.url, { http_version: '2-plain' }), /^(BAD_RESPONSE|SOCKET_CLOSED|CONNECTION_RESET|PROTOCOL_ERROR|TIMEOUT)$/);
  await behind({ delivery_http_version: '1.1' }, async (own) => assert.equal(await versionAt(server.url, undefined, own), '1.1'));
  await behind({ delivery_http_version: '2-plain' }, async (own) => assert.equal(await versionAt(plain.url, undefined, own), '2.0'));
});
