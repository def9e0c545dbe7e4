// How deliveries go over the wire: connections that are kept, proxies, compressed replies, where from.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { PROGRAM, startGateway, startSink, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { argsOf, behind, destinationOf, flood, freePort, gauge, makeChains, onRequest, startProxy, startRaw, startServer, startSocks } from './wire_servers.mjs';

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

describe('connections', { concurrency: 4 }, () => {
  // A server that keeps connections, and counts them.
  async function startCounting({ delay = 20, secure = false } = {}) {
    const requests = gauge();
    const seen = { connections: 0, open: 0, requests };
    const answer = (request, reply) => {
      requests.enter();
      request.resume();
      setTimeout(() => { requests.leave(); reply.end('ok'); }, delay);
    };
    const server = secure ? createHttpsServer(chains.of('good'), answer) : createServer(answer);
    server.keepAliveTimeout = 60000;
    server.on(secure ? 'secureConnection' : 'connection', (socket) => { seen.connections++; seen.open++; socket.on('close', () => { seen.open--; }); });
    return Object.assign(await served(server, secure ? 'https' : 'http'), { seen });
  }

  test('are kept and used again, with TLS and without', async () => {
    for (const secure of [false, true]) {
      const server = await startCounting({ delay: 0, secure });
      const destination = await destinationOf(gateway, { url: server.url, ...(secure && { tls }) });
      for (let i = 0; i < 20; i++) assert.equal((await destination.deliver()).response_status, 200);
      assert.equal(server.seen.connections, 1);
    }
  });

  test('to one host are bounded, and nothing is lost for want of one', async () => {
    await behind({ delivery_host_connections: 4 }, async (own) => {
      const servers = [await startCounting(), await startCounting({ secure: true })];
      for (const server of servers) {
        const destination = await destinationOf(own, { url: server.url, ...(server.url.startsWith('https') && { tls }) });
        await flood(destination, 100);
        assert.equal(server.seen.requests.total, 100);
        assert.ok(server.seen.requests.most <= 4 && server.seen.connections <= 4, JSON.stringify(server.seen));
      }
    });
  });

  test('in all are bounded: those that are idle give way', async () => {
    await behind({ delivery_connections: 5 }, async (own) => {
      const servers = await Promise.all(Array.from({ length: 12 }, () => startCounting({ delay: 0 })));
      for (const server of servers) await (await destinationOf(own, { url: server.url })).deliver();
      const open = () => servers.reduce((sum, { seen }) => sum + seen.open, 0);
      await until('at most five open connections', () => open() <= 5);
      assert.ok(open() >= 1);
      await Promise.all(servers.map(async (server) => flood(await destinationOf(own, { url: server.url }), 10)));
    });
  });

  test('a delivery that finds none says so when its time is over', async () => {
    await behind({ delivery_host_connections: 1 }, async (own) => {
      const silent = stopLater(await startRaw(onRequest(() => {})));
      await (await destinationOf(own, { url: silent.url })).send();
      await until('the connection', () => silent.sockets.size === 1);
      const attempt = await (await destinationOf(own, { url: silent.url, transport: { timeout: 500 } })).deliver();
      assert.equal(attempt.error_code, 'TIMEOUT');
      assert.match(attempt.body, /timed out after \d+ ms in all, at the end waiting for a connection/);
      await silent.stop(); // or the gateway waits for the first at its end
    });
  });

  test('that are too old or were idle too long are not used again', async () => {
    await Promise.all([{ delivery_connection_age_ms: 4000 }, { delivery_connection_idle_ms: 4000 }].map((settings) => behind(settings, async (own) => {
      const server = await startCounting({ delay: 0 });
      const destination = await destinationOf(own, { url: server.url });
      await destination.deliver();
      await destination.deliver();
      assert.equal(server.seen.connections, 1);
      await new Promise((resolve) => setTimeout(resolve, 6000));
      await destination.deliver();
      assert.equal(server.seen.connections, 2);
    })));
  });

  test('by IPv4 and IPv6, and by one of them only', async (t) => {
    const answer = onRequest((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    let six;
    try { six = stopLater(await startRaw(answer, { host: '::1' })); } catch (error) { return t.skip(`no IPv6 here: ${error.code}`); }
    const four = stopLater(await startRaw(answer, { host: '127.0.0.1', port: six.port }).catch(() => startRaw(answer, { host: '127.0.0.1' })));
    const reach = async (settings, url) => behind(settings, async (own) => (await (await destinationOf(own, { url })).deliver()).error_code);
    assert.equal(await reach({}, six.url), null);
    assert.equal(await reach({}, four.url), null);
    assert.equal(await reach({}, `http://localhost:${six.port}/`), null);
    assert.equal(await reach({ delivery_ip_family: 'ipv6' }, `http://localhost:${six.port}/`), null);
    assert.equal(await reach({ delivery_ip_family: 'ipv4' }, `http://localhost:${four.port}/`), null);
    await new Promise((resolve) => { four.stop().then(resolve); });
    assert.equal(await reach({}, `http://localhost:${six.port}/`), null); // the other family, when the first refuses
    return undefined;
  });

  test('from an address of one\'s choice', async () => {
    const sources = [];
    const server = stopLater(await startRaw(onRequest((socket) => {
      sources.push(socket.remoteAddress);
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    })));
    await behind({ delivery_source: '127.0.0.7' }, async (own) => assert.equal((await (await destinationOf(own, { url: server.url })).deliver()).error_code, null));
    assert.deepEqual(sources, ['127.0.0.7']);
    await behind({ delivery_source: '192.0.2.99' }, async (own) => {
      const attempt = await (await destinationOf(own, { url: server.url })).deliver();
      assert.equal(attempt.error_code, 'NETWORK_ERROR');
    });
  });
});

describe('proxies', () => {
  let sink, secure;
  before(async () => {
    sink = stopLater(await startSink());
    secure = await served(createHttpsServer(chains.of('good'), (request, reply) => { request.resume(); reply.end('secure'); }), 'https');
  });
  const reach = async (own, config) => {
    const attempt = await (await destinationOf(own, config)).deliver();
    return attempt.error_code ?? attempt.response_status;
  };

  test('an HTTP proxy forwards, and makes tunnels for https', async () => {
    const proxy = stopLater(await startProxy({ user: 'gate:p@ss' }));
    await behind({ delivery_proxy: proxy.url.replace('http://', 'http://gate:p%40ss@') }, async (own) => {
      const count = sink.received.length;
      assert.equal(await reach(own, { url: sink.url }), 200);
      assert.equal(await reach(own, { url: secure.url, tls }), 200);
      assert.deepEqual(proxy.seen.map(({ method, url }) => [method, url]).sort(),
        [['CONNECT', secure.url.slice('https://'.length)], ['POST', `${sink.url}/`]].sort());
      const { headers } = sink.received[count];
      assert.equal(headers['proxy-authorization'], undefined);
      assert.ok(headers['x-hookdeck-signature']);
      assert.ok(!proxy.seen.find(({ method }) => method === 'CONNECT').headers['x-hookdeck-signature'], 'the tunnel is told nothing of the webhook');
      assert.doesNotMatch(own.log(), /p@ss|p%40ss/);
    });
  });

  test('wrong credentials: a tunnel fails, a forwarded delivery gets the proxy\'s reply', async () => {
    const proxy = stopLater(await startProxy({ user: 'gate:right' }));
    await behind({ delivery_proxy: proxy.url.replace('http://', 'http://gate:wrong@') }, async (own) => {
      assert.equal(await reach(own, { url: sink.url }), 407);
      const attempt = await (await destinationOf(own, { url: secure.url, tls })).deliver();
      assert.equal(attempt.error_code, 'NETWORK_ERROR');
      assert.match(attempt.body, /407/);
      assert.doesNotMatch(attempt.body, /wrong/);
    });
  });

  test('hosts of no_proxy, and destinations that want none, are called straight', async () => {
    const proxy = stopLater(await startProxy());
    const port = await freePort();
    const nowhere = { url: `http://127.0.0.1:${port}/` };
    await behind({ delivery_proxy: proxy.url, delivery_no_proxy: 'example.com, localhost' }, async (own) => {
      assert.equal(await reach(own, nowhere), 502);
      assert.equal(await reach(own, { ...nowhere, transport: { proxy: false } }), 'CONNECTION_REFUSED');
      assert.equal(await reach(own, { ...nowhere, transport: { proxy: true } }), 502);
      assert.equal(await reach(own, { url: `http://localhost:${port}/` }), 'CONNECTION_REFUSED');
    });
    await behind({ delivery_proxy: proxy.url, delivery_no_proxy: '127.0.0.0/8' }, async (own) => assert.equal(await reach(own, nowhere), 'CONNECTION_REFUSED'));
  });

  test('SOCKS 5, with names looked up here or there', async () => {
    const proxy = stopLater(await startSocks({ user: 'gate:secret' }));
    for (const [scheme, host, kind] of [['socks5', '127.0.0.1', 'ipv4'], ['socks5h', 'somewhere.invalid', 'name'], ['socks5', 'localhost', 'ipv4']]) {
      proxy.seen.length = 0;
      await behind({ delivery_proxy: `${scheme}://gate:secret@${proxy.authority}`, delivery_ip_family: 'ipv4' }, async (own) => {
        assert.equal(await reach(own, { url: `http://${host}:${sink.port}/` }), 200);
      });
      assert.deepEqual(proxy.seen.map((one) => one.kind), [kind], `${scheme} ${host}`);
    }
    await behind({ delivery_proxy: `socks5://gate:wrong@${proxy.authority}` }, async (own) => {
      const attempt = await (await destinationOf(own, { url: sink.url })).deliver();
      assert.equal(attempt.error_code, 'NETWORK_ERROR');
      assert.doesNotMatch(JSON.stringify(attempt), /wrong/);
    });
  });

  test('the environment\'s proxy is not used', async () => {
    const own = await startGateway({ env: { http_proxy: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' } });
    try { assert.equal(await reach(own, { url: sink.url }), 200); } finally { await own.stop(); }
  });
});

describe('compressed replies', () => {
  const KEPT = 10000, READ = 1_000_000;
  let own;
  before(async () => { own = await startGateway({ args: argsOf({ response_body_bytes: KEPT, response_read_bytes: READ }) }); });
  after(() => own?.stop());
  // A path with "." in it is not for the gateway's own way over plain HTTP, which knows gzip and deflate, alone: libcurl
  // goes it, and knows more.
  const reply = async (encoding, bytes, path = '/') => {
    let sent = 0;
    const server = stopLater(await startRaw(onRequest((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-encoding: ${encoding}\r\ntransfer-encoding: chunked\r\n\r\n`);
      const write = (piece) => { sent += piece.length; return socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])); };
      if (Buffer.isBuffer(bytes)) { write(bytes); socket.end('0\r\n\r\n'); return; }
      const more = () => { while (!socket.destroyed && write(bytes())); };
      socket.on('drain', more);
      more();
    })));
    const attempt = await (await destinationOf(own, { url: server.url + path })).deliver();
    return { attempt, sent: () => sent };
  };

  test('are kept decompressed, up to the limit', async () => {
    for (const [encoding, pack, path] of [['gzip', gzipSync], ['deflate', deflateSync], ['gzip', gzipSync, '/./'], ['deflate', deflateSync, '/./'], ['br', brotliCompressSync, '/./']]) {
      const small = (await reply(encoding, pack('hello'), path)).attempt;
      assert.deepEqual([small.error_code, small.body, small.response_headers['content-encoding']], [null, 'hello', encoding]);
      const large = (await reply(encoding, pack(Buffer.alloc(KEPT * 3, 'a')), path)).attempt;
      assert.deepEqual([large.response_status, large.body.length], [200, KEPT]);
    }
  });

  test('bombs are broken off at the limit of what is read, in little memory', async () => {
    const memory = () => Number(/VmRSS:\s+(\d+)/.exec(spawnSync('cat', [`/proc/${own.child.pid}/status`], { encoding: 'utf8' }).stdout)[1]);
    const before = memory();
    const zeros = Buffer.alloc(200_000_000);
    for (const [encoding, pack, path] of [['gzip', (bytes) => gzipSync(bytes, { level: 1 })], ['gzip', (bytes) => gzipSync(bytes, { level: 1 }), '/./'], ['br', (bytes) => brotliCompressSync(bytes, { params: { 1: 1 } }), '/./'], ['gzip, gzip', (bytes) => gzipSync(gzipSync(bytes, { level: 1 })), '/./']]) {
      const { attempt } = await reply(encoding, pack(zeros), path);
      assert.deepEqual([attempt.error_code, attempt.response_status], [null, 200], encoding);
      assert.equal(attempt.body.length, KEPT);
      assert.ok(attempt.response_latency < 5000);
    }
    assert.ok(memory() - before < 50_000, `${memory() - before} KiB more`);
  });

  test('input without end that yields nothing is broken off as well', async () => {
    // A gzip header, and empty stored blocks for ever.
    let begun = false;
    const nothing = Buffer.concat(Array.from({ length: 2000 }, () => Buffer.from([0, 0, 0, 0xff, 0xff])));
    const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    const { attempt } = await reply('gzip', () => { const piece = begun ? nothing : header; begun = true; return piece; });
    assert.deepEqual([attempt.error_code, attempt.response_status], [null, 200]);
  });

  test('encodings on top of each other are bounded, unknown ones are no failure', async () => {
    const { attempt: tower } = await reply('gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip', gzipSync('a'), '/./');
    assert.equal(tower.error_code, 'Z_DATA_ERROR');
    const { attempt: unknown } = await reply('utf-8', Buffer.from('hello'));
    assert.deepEqual([unknown.error_code, unknown.response_status], [null, 200]);
    const { attempt: unasked } = await reply('br', brotliCompressSync('hello'));
    assert.deepEqual([unasked.error_code, unasked.response_status, unasked.body], [null, 200, null]);
    const { attempt: identity } = await reply('identity', Buffer.from('hello'));
    assert.equal(identity.body, 'hello');
  });
});

describe('what is told and kept', () => {
  test('the headers of the reply stand with the attempt', async () => {
    const sink = stopLater(await startSink(() => ({ status: 201, headers: { 'X-One': '1', 'set-cookie': ['a=1', 'b=2'], 'content-type': 'application/json' }, body: '{"a":1}' })));
    const destination = await destinationOf(gateway, { url: sink.url });
    const attempt = await destination.deliver();
    assert.deepEqual([attempt.response_headers['x-one'], attempt.response_headers['set-cookie'], attempt.body], ['1', 'a=1, b=2', { a: 1 }]);
    const listed = (await callsOf(gateway).ok('GET', `/attempts?event_id=${attempt.event_id}`)).models[0];
    assert.ok(!('response_headers' in listed) && !('body' in listed));
  });

  test('up to a limit', async () => {
    await behind({ response_headers_kept_bytes: 300 }, async (own) => {
      const sink = stopLater(await startSink(() => ({ headers: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`x-${i}`, 'y'.repeat(20)])) })));
      const { response_headers, response_status } = await (await destinationOf(own, { url: sink.url })).deliver();
      assert.equal(response_status, 200);
      const size = Object.entries(response_headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
      assert.ok(size > 100 && size <= 300, `${size} bytes`);
    });
  });

  test('headers of every kind are shown, or refused with their reply, and never in the way', async () => {
    const says = async (lines) => {
      const server = stopLater(await startRaw(onRequest((socket) => socket.end(Buffer.from(`HTTP/1.1 200 OK\r\n${lines}content-length: 2\r\n\r\nok`, 'latin1')))));
      return (await destinationOf(gateway, { url: server.url })).deliver();
    };
    for (const odd of ['x-odd: \xff\xfe"\\\r\n', 'x-odd: \u0001\r\n', '\xff\xfe: 1\r\n', ': 1\r\n', 'x y: 3\r\n', 'x-fold: 1\r\n  2\r\n']) {
      const { error_code, response_headers, body } = await says(odd);
      if (error_code === null) assert.deepEqual([response_headers['content-length'], body], ['2', 'ok']);
      else assert.equal(error_code, 'BAD_RESPONSE', JSON.stringify(odd));
    }
    const { a } = (await says('a: b\r\n'.repeat(3000))).response_headers;
    assert.ok(a.split(', ').length <= 128, 'the first are shown');
  });

  test('the user agent is the sender\'s, or the setting\'s', async () => {
    const sink = stopLater(await startSink());
    await (await destinationOf(gateway, { url: sink.url })).deliver();
    assert.equal(sink.received[0].headers['user-agent'], 'sender');
    await behind({ delivery_user_agent: 'gate/1.0 (ours)' }, async (own) => { await (await destinationOf(own, { url: sink.url })).deliver(); });
    assert.equal(sink.received[1].headers['user-agent'], 'gate/1.0 (ours)');
  });

  test('a destination may have a time of its own', async () => {
    const silent = stopLater(await startRaw(onRequest(() => {})));
    const attempt = await (await destinationOf(gateway, { url: silent.url, transport: { timeout: 300 } })).deliver();
    assert.equal(attempt.error_code, 'TIMEOUT');
    assert.match(attempt.body, /timed out after \d+ ms in all, at the end waiting for the first byte/);
  });
});

describe('settings that cannot be', () => {
  const CASES = [
    ['delivery_proxy=ftp://proxy:1', /delivery_proxy must be a URL/], ['delivery_proxy=gate:secret@proxy', /delivery_proxy must be a URL/],
    ['delivery_http_version=3', /must be any, 1.1 or 2-plain/], ['delivery_ip_family=5', /must be any, ipv4 or ipv6/],
    ['delivery_user_agent=a\u0007b', /control character/], ['delivery_streams=0', /delivery_streams/],
    [`delivery_source=${'a'.repeat(300)}`, /longer than/],
  ];
  for (const [setting, pattern] of CASES) {
    test(setting.slice(0, 60), () => {
      const { status, stderr } = spawnSync(PROGRAM, ['serve', '--set', setting], { encoding: 'utf8', timeout: 10000 });
      assert.equal(status, 2);
      assert.match(stderr, pattern);
      assert.doesNotMatch(stderr, /secret/);
    });
  }
  test('and of destinations', async () => {
    const { ok, refused } = callsOf(gateway);
    for (const [transport, pattern] of [[{ http_version: '3' }, /config\.transport\.http_version/], [{ timeout: 1 }, /config\.transport\.timeout/], [{ timeout: '9' }, /config\.transport\.timeout/],
      [{ proxy: 'http://p' }, /config\.transport\.proxy/], [{ other: 1 }, /config\.transport\.other/], [7, /config\.transport/]]) {
      const error = await refused(422, 'POST', '/destinations', { name: 'refused', config: { url: 'http://127.0.0.1/', transport } });
      assert.ok(error.data.some((text) => pattern.test(text)), JSON.stringify(error.data));
    }
    const { id } = await ok('POST', '/destinations', { name: 'transported', config: { url: 'http://127.0.0.1/', transport: { http_version: '1.1', timeout: 5000, proxy: false } } });
    assert.deepEqual((await ok('GET', `/destinations/${id}`)).config.transport, { http_version: '1.1', timeout: 5000, proxy: false });
    await ok('PUT', `/destinations/${id}`, { config: { transport: null } });
    assert.equal((await ok('GET', `/destinations/${id}`)).config.transport, undefined);
  });
});
