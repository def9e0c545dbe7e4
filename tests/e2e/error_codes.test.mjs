// Every error code of an attempt, each by something that really goes wrong.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { createSecureServer } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { startGateway, startSink, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';
import { runSql } from './database.mjs';
import { destinationOf, freePort, makeChains, onRequest, startProxy, startRaw, startServer, startSocks } from './wire_servers.mjs';

const SETTINGS = { delivery_lookup_timeout_ms: 1500, delivery_connect_timeout_ms: 900, delivery_tls_timeout_ms: 900, delivery_first_byte_timeout_ms: 900,
  delivery_idle_timeout_ms: 900, delivery_timeout_ms: 3000, delivery_redirects: 3, response_headers_bytes: 32768, response_read_bytes: 1000000 };
const argsOf = (settings) => Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

// Codes of the API's list that no delivery ends with, and why.
const NEVER = {
  MISSING_URL: 'the API saves no destination of type HTTP without a URL (tests/unit/envelope_test.c)',
  INVALID_CHARACTER: 'what cannot be sent is refused when it comes in: from senders, transformations and settings (tests/unit/envelope_test.c)',
  NETWORK_REQUEST_CANCELED: 'what a stop of the gateway breaks off is not recorded, and is made again after the next start',
  CLI: 'there are no sessions of hookdeck-cli',
  CANCELLED_PAST_RETENTION: 'nothing is removed by age',
  DATA_ARCHIVED: 'nothing is archived',
  BULK_RETRY_CANCELLED: 'a bulk operation that is cancelled leaves the events that it did not reach as they were',
  INTERNAL_ERROR: 'a delivery that the gateway itself cannot make stays due',
  UNKNOWN: 'for results of libcurl that no cause is known of',
};
const table = [];
const seen = (code, cause) => table.push([code, cause]);

let gateway, chains;
const stops = [];
const raw = async (handle, options) => {
  const server = await startRaw(handle, options);
  stops.push(server.stop);
  return server;
};

before(async () => {
  chains = makeChains();
  gateway = await startGateway({ args: argsOf({}) });
});
after(async () => {
  await gateway?.stop();
  await Promise.all(stops.map((stop) => stop()));
  chains?.remove();
});

// One delivery to a destination of that config must end with that code, and say why in the attempt's body.
async function ends(code, cause, config, text, on = gateway) {
  const attempt = await (await destinationOf(on, config)).deliver();
  assert.deepEqual([attempt.error_code, attempt.status, attempt.response_status], [code, 'FAILED', null], `${cause}: ${JSON.stringify(attempt).slice(0, 900)}`);
  assert.match(JSON.stringify(attempt.body), text, cause);
  assert.equal(attempt.responded_at, null);
  seen(code, cause);
  return attempt;
}
const concurrently = { concurrency: 6 };

describe('certificates', concurrently, () => {
  const CASES = [
    ['SSL_CERT_EXPIRED', 'a certificate that has expired', ['expired'], 'root', /expired/],
    ['SELF_SIGNED_CERT', 'a certificate that signed itself', ['self'], undefined, /self-signed certificate/],
    ['SELF_SIGNED_CERT', 'the same where an authority is named', ['self'], 'root', /self-signed certificate/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'a certificate for another host', ['elsewhere'], 'root', /127\.0\.0\.1|does not match/],
    ['SSL_ERROR_CA_UNKNOWN', 'a chain up to an authority that nobody knows', ['good', 'root'], undefined, /self-signed certificate in certificate chain/],
    ['SSL_ERROR_CA_UNKNOWN', 'a chain up to another authority than the destination\'s', ['good', 'root'], 'stranger', /self-signed certificate in certificate chain/],
    ['UNABLE_TO_GET_ISSUER_CERT', 'a chain without the authority in the middle', ['below'], 'root', /unable to get local issuer/],
    ['UNABLE_TO_GET_ISSUER_CERT', 'a certificate without its authority', ['good'], undefined, /unable to get local issuer/],
  ];
  for (const [code, cause, names, ca, text] of CASES) {
    test(cause, async () => {
      const server = await raw(onRequest((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')), { tls: chains.of(...names) });
      await ends(code, cause, { url: server.url, ...(ca && { tls: { ca: chains.read(`${ca}.pem`) } }) }, text);
    });
  }

  test('and a good one is taken, also below another authority', async () => {
    for (const names of [['good'], ['below', 'between']]) {
      const server = await raw(onRequest((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')), { tls: chains.of(...names) });
      const attempt = await (await destinationOf(gateway, { url: server.url, tls: { ca: chains.read('root.pem') } })).deliver();
      assert.deepEqual([attempt.error_code, attempt.response_status], [null, 200]);
    }
  });
});

describe('TLS', concurrently, () => {
  test('not TLS at all', async () => {
    const server = await raw(onRequest(() => {}));
    const talker = await raw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
    const answers = await startSink();
    stops.push(answers.stop);
    const secure = (url) => ({ url: url.replace('http:', 'https:') });
    await ends('ERR_SSL_WRONG_VERSION_NUMBER', 'an HTTP server that is called with https', secure(answers.url), /wrong version number/);
    await ends('ERR_SSL_WRONG_VERSION_NUMBER', 'a server that talks first, and not TLS', secure(talker.url), /wrong version number/);
    await ends('TIMEOUT', 'a server that says nothing to a TLS handshake', secure(server.url), /timed out after \d+ ms in the TLS handshake/);
  });
  test('a handshake that is refused', async () => {
    const old = await raw(() => {}, { tls: { ...chains.of('good'), ciphers: 'ECDHE-RSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' } });
    await ends('PROTOCOL_ERROR', 'a TLS server with no cipher in common', { url: old.url, tls: { ca: chains.read('root.pem') } }, /alert/);
    const strict = await raw(() => {}, { tls: { ...chains.of('good'), requestCert: true, rejectUnauthorized: true, ca: chains.read('root.pem') } });
    const attempt = await (await destinationOf(gateway, { url: strict.url, tls: { ca: chains.read('root.pem') } })).deliver();
    assert.match(attempt.error_code, /^(PROTOCOL_ERROR|CONNECTION_RESET|SOCKET_CLOSED)$/);
  });
  test('a handshake that is broken off', async () => {
    const closing = await raw((socket) => socket.once('data', () => socket.end()));
    const resetting = await raw((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await ends('SOCKET_CLOSED', 'a connection that is closed in the TLS handshake', { url: closing.url.replace('http:', 'https:') }, /./);
    await ends('CONNECTION_RESET', 'a connection that is reset in the TLS handshake', { url: resetting.url.replace('http:', 'https:') }, /./);
  });
});

describe('the network', concurrently, () => {
  test('refused, reset, closed', async () => {
    await ends('CONNECTION_REFUSED', 'nobody listens', { url: `http://127.0.0.1:${await freePort()}/` }, /./);
    const cut = (reply, end) => raw(onRequest((socket) => { socket.write(reply, () => socket[end]()); }));
    const none = await raw(onRequest((socket) => socket.end()));
    const reset = await raw(onRequest((socket) => socket.resetAndDestroy()));
    await ends('SOCKET_CLOSED', 'a connection that is closed without a reply', { url: none.url }, /./);
    await ends('CONNECTION_RESET', 'a connection that is reset without a reply', { url: reset.url }, /./);
    const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf';
    await ends('SOCKET_CLOSED', 'a reply that ends in the middle of its body', { url: (await cut(half, 'end')).url }, /./);
    await ends('SOCKET_CLOSED', 'a chunked reply that ends without its last chunk', { url: (await cut('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n', 'end')).url }, /./);
    const later = await raw(onRequest((socket) => { socket.write(half); setTimeout(() => socket.resetAndDestroy(), 100); }));
    await ends('CONNECTION_RESET', 'a connection that is reset in the middle of a reply', { url: later.url }, /./);
  });
  test('names', async () => {
    // A name that no name server can be asked for, as one of its labels is too long.
    const url = `http://${'a'.repeat(64)}.invalid/`;
    await ends('NOT_FOUND', 'a name that does not exist', { url }, /resolve/i);
    const proxied = await startGateway({ args: argsOf({ delivery_proxy: `http://${'b'.repeat(64)}.invalid:3128` }) });
    try {
      await ends('DNS_LOOKUP_FAILED', 'a proxy whose name cannot be looked up', { url: 'http://127.0.0.1/' }, /resolve/i, proxied);
    } finally {
      await proxied.stop();
    }
  });
});

describe('time', concurrently, () => {
  test('a host that does not take the connection', async () => {
    // It listens, and sleeps: when its queue is full, the kernel answers nobody.
    const child = spawn(process.execPath, ['-e', 'const s = require("net").createServer(); s.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(s.address().port))'],
      { stdio: ['ignore', 'pipe', 'ignore'] });
    const port = Number(await new Promise((resolve) => child.stdout.once('data', (bytes) => resolve(String(bytes)))));
    child.kill('SIGSTOP');
    const waiting = Array.from({ length: 6 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    try {
      await until('a full queue', () => waiting.some((socket) => !socket.connecting));
      await ends('TIMEOUT', 'a host that does not take the connection', { url: `http://127.0.0.1:${port}/` }, /timed out after \d+ ms connecting/);
    } finally {
      waiting.forEach((socket) => socket.destroy());
      child.kill('SIGKILL');
    }
  });
  test('no reply', async () => {
    const silent = await raw(onRequest(() => {}));
    await ends('TIMEOUT', 'no byte of a reply', { url: silent.url }, /timed out after \d+ ms waiting for the first byte of the reply/);
  });
  test('a reply that stops', async () => {
    const stopping = await raw(onRequest((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')));
    await ends('TIMEOUT', 'a reply that stops in the middle', { url: stopping.url }, /timed out after \d+ ms in the middle of the reply/);
  });
  test('a slow drip', async () => {
    const drip = (begin, piece) => raw(onRequest((socket) => {
      socket.write(begin);
      const timer = setInterval(() => socket.write(piece), 100);
      socket.on('close', () => clearInterval(timer));
    }));
    const body = await drip('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', 'a');
    const head = await drip('HTTP/1.1 200 OK\r\n', 'x: y\r\n');
    const line = await drip('HTTP/1.1 200 OK\r\nx: ', 'y');
    await Promise.all([
      ends('TIMEOUT', 'a body that drips', { url: body.url }, /timed out after 3\d\d\d ms in all, at the end in the middle of the reply/),
      ends('TIMEOUT', 'headers that drip', { url: head.url }, /timed out after 3\d\d\d ms in all/),
      ends('TIMEOUT', 'a status line and header that drip', { url: line.url }, /timed out after \d+ ms/),
    ]);
  });
});

describe('replies that are none', concurrently, () => {
  const says = (text) => raw(onRequest((socket) => socket.end(text)));
  const streams = (begin, piece) => raw(onRequest((socket) => {
    socket.write(begin);
    const more = () => { while (!socket.destroyed && socket.write(piece)); };
    socket.on('drain', more);
    more();
  }));
  const MALFORMED = [
    ['no HTTP', 'hello\r\n\r\n'], ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'], ['a version that does not exist', 'HTTP/7.3 200 OK\r\n\r\n'],
    ['two lengths that differ', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: x\r\n\r\na'], ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\na'],
    ['a chunk whose size is no number', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\na\r\n0\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nx\r\ncontent-length: 0\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n'],
  ];
  for (const [cause, text] of MALFORMED)
    test(cause, async () => { await ends('BAD_RESPONSE', cause, { url: (await says(text)).url }, /./); });
  test('headers without end', async () => {
    await ends('BAD_RESPONSE', 'headers without end', { url: (await streams('HTTP/1.1 200 OK\r\n', 'x-header: of some length\r\n'.repeat(100))).url }, /headers of the reply are larger than 32768 bytes/);
    await ends('BAD_RESPONSE', 'interim replies without end', { url: (await streams('', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(100))).url }, /headers of the reply are larger than 32768 bytes/);
  });
  test('a header without end', async () => {
    await ends('BAD_RESPONSE', 'a header without end', { url: (await streams('HTTP/1.1 200 OK\r\nx: ', 'y'.repeat(65536))).url }, /./);
    await ends('BAD_RESPONSE', 'a status line without end', { url: (await streams('HTTP/1.1 200 ', 'y'.repeat(65536))).url }, /./);
  });
  test('broken compression', async () => {
    const whole = gzipSync(randomBytes(20000).toString('hex'));
    const encoded = (encoding, bytes) => raw(onRequest((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`);
      socket.end(bytes);
    }));
    const noise = Buffer.from(whole);
    noise[noise.length - 6] ^= 1; // its check sum
    await ends('Z_DATA_ERROR', 'gzip that is none', { url: (await encoded('gzip', Buffer.from('hello, hello, hello'))).url }, /./);
    await ends('Z_DATA_ERROR', 'gzip with another check sum than its own', { url: (await encoded('gzip', noise)).url }, /./);
    await ends('Z_DATA_ERROR', 'deflate that is none', { url: (await encoded('deflate', Buffer.alloc(50, 0xfe))).url }, /./);
    await ends('Z_DATA_ERROR', 'brotli that is none', { url: `${(await encoded('br', Buffer.alloc(50, 0xfe))).url}/./` }, /./);
    const fine = await (await destinationOf(gateway, { url: (await encoded('deflate', deflateRawSync('hello'))).url })).deliver();
    assert.deepEqual([fine.error_code, fine.body], [null, 'hello']);
  });
  test('an endless reply is cut, and none of these', async () => {
    const attempt = await (await destinationOf(gateway, { url: (await streams('HTTP/1.1 200 OK\r\n\r\n', 'a'.repeat(65536))).url })).deliver();
    assert.deepEqual([attempt.error_code, attempt.response_status, attempt.status], [null, 200, 'SUCCESSFUL']);
    assert.equal(attempt.body.length, 65536);
  });
  test('HTTP/2 that is broken', async () => {
    const server = createSecureServer(chains.of('good'));
    let answer;
    server.on('stream', (stream) => { stream.on('error', () => {}); answer(stream); });
    const started = await startServer(server, 'https');
    stops.push(started.stop);
    const config = { url: started.url, tls: { ca: chains.read('root.pem') } };
    answer = (stream) => stream.close(2);
    await ends('PROTOCOL_ERROR', 'an HTTP/2 stream that the server resets', config, /INTERNAL_ERROR|err 2/);
    answer = (stream) => { stream.respond({ ':status': 200 }); stream.write('half'); setTimeout(() => stream.destroy(new Error('broken')), 50); };
    await ends('PROTOCOL_ERROR', 'an HTTP/2 stream that is reset in the middle of a reply', config, /./);
    const noise = await raw((socket) => { socket.once('data', () => socket.write(Buffer.alloc(200, 0xff))); }, { tls: { ...chains.of('good'), ALPNProtocols: ['h2'] } });
    await ends('SOCKET_CLOSED', 'HTTP/2 that is none', { url: noise.url, tls: config.tls }, /./);
  });
  test('redirects', async () => {
    const to = (location) => raw(onRequest((socket) => socket.end(`HTTP/1.1 307 Temporary Redirect\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`)));
    await ends('TOO_MANY_REDIRECTS', 'redirects in a circle', { url: (await to('/again')).url }, /redirects/);
    await ends('INVALID_URL', 'a redirect to a URL without a host', { url: (await to('http://:80/')).url }, /./);
    await ends('INVALID_URL', 'a redirect to another protocol', { url: (await to('ftp://127.0.0.1/')).url }, /./);
  });
});

describe('proxies', concurrently, () => {
  const behind = async (delivery_proxy, run) => {
    const own = await startGateway({ args: argsOf({ delivery_proxy }) });
    try { await run(own); } finally { await own.stop(); }
  };
  test('a SOCKS proxy says what is wrong with the host', async () => {
    for (const [code, reply, cause] of [['HOST_UNREACHABLE', 4, 'a SOCKS proxy to which the host is unreachable'], ['NETWORK_UNREACHABLE', 3, 'a SOCKS proxy to which the network is unreachable'],
      ['CONNECTION_REFUSED', 5, 'a SOCKS proxy that was refused by the host'], ['NETWORK_ERROR', 1, 'a SOCKS proxy that fails']]) {
      const proxy = await startSocks({ reply });
      stops.push(proxy.stop);
      await behind(`socks5://${proxy.authority}`, (own) => ends(code, cause, { url: 'http://127.0.0.1:9/' }, /./, own));
    }
  });
  test('an HTTP proxy that says nothing', async () => {
    const silent = await raw(onRequest(() => {}));
    await behind(silent.url, (own) => ends('TIMEOUT', 'an HTTP proxy that says nothing', { url: 'https://127.0.0.1:9/' }, /timed out after \d+ ms waiting for the proxy/, own));
  });
  test('an HTTP proxy that makes no tunnel', async () => {
    const proxy = await startProxy({ refuse: 503 });
    stops.push(proxy.stop);
    await behind(proxy.url, (own) => ends('NETWORK_ERROR', 'an HTTP proxy that makes no tunnel', { url: 'https://127.0.0.1:9/' }, /503/, own));
  });
});

describe('what needs no network', concurrently, () => {
  test('no token', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    await ends('OAUTH2_HANDSHAKE_FAILED', 'an authorization server that is not there', { url, auth_type: 'OAUTH2_CLIENT_CREDENTIALS',
      auth: { auth_server: `${url}token`, client_id: 'i', client_secret: 's' } }, /no answer from the authorization server/);
  });
  test('cancelled', async () => {
    const { ok } = callsOf(gateway);
    const destination = await destinationOf(gateway, { url: `http://127.0.0.1:${await freePort()}/` });
    await ok('PUT', `/connections/${destination.connection.id}/pause`);
    await destination.send();
    const event = await until('an event on hold', async () => (await destination.events())[0]);
    await ok('PUT', `/events/${event.id}/cancel`);
    assert.deepEqual([(await ok('GET', `/events/${event.id}`)).status, (await ok('GET', `/events/${event.id}`)).error_code], ['CANCELLED', 'CANCELLED']);
    seen('CANCELLED', 'an event that a user cancels');
  });
  test('a destination that became one for hookdeck-cli', async () => {
    const { ok } = callsOf(gateway);
    const destination = await destinationOf(gateway, { url: `http://127.0.0.1:${await freePort()}/` });
    await ok('PUT', `/connections/${destination.connection.id}/pause`);
    await destination.send();
    const event = await until('an event on hold', async () => (await destination.events())[0]);
    await ok('PUT', `/destinations/${destination.connection.destination.id}`, { type: 'CLI', config: { path: '/' } });
    await ok('PUT', `/connections/${destination.connection.id}/unpause`);
    assert.equal((await destination.attemptOf(event)).error_code, 'CLI_UNAVAILABLE');
    seen('CLI_UNAVAILABLE', 'a destination for hookdeck-cli without a session');
  });
  test('a request that the store has lost', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-codes-'));
    let own = await startGateway({ dir, args: argsOf({}) });
    try {
      const destination = await destinationOf(own, { url: `http://127.0.0.1:${await freePort()}/` });
      await callsOf(own).ok('PUT', `/connections/${destination.connection.id}/pause`);
      await destination.send();
      const event = await until('an event on hold', async () => (await destination.events())[0]);
      await own.stop();
      runSql(dir, 'DELETE FROM request');
      own = await startGateway({ dir, args: argsOf({}) });
      const { ok } = callsOf(own);
      await ok('PUT', `/connections/${destination.connection.id}/unpause`);
      const [attempt] = await until('an attempt', async () => { const { models } = await ok('GET', `/attempts?event_id=${event.id}`); return models.length > 0 && models; });
      assert.equal(attempt.error_code, 'PAYLOAD_MISSING');
      seen('PAYLOAD_MISSING', 'an event whose request is not in the store any more');
    } finally {
      await own.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

test('each code of the list has a cause, or cannot occur', async () => {
  const description = await (await fetch(`${gateway.url}/openapi.json`)).json();
  const codes = description.components.schemas.EventAttempt.properties.error_code.enum.filter((code) => code !== null);
  for (const code of codes.sort()) {
    const causes = table.filter(([one]) => one === code).map(([, cause]) => cause);
    assert.ok(causes.length > 0 !== code in NEVER, `${code}: ${causes.length > 0 ? 'occurs, though it is said never to' : 'has no cause here'}`);
    console.log(`${code.padEnd(30)} ${causes.length > 0 ? causes.join('; ') : `never: ${NEVER[code]}`}`);
  }
  assert.ok(table.every(([code]) => codes.includes(code)));
  assert.ok(codes.length > 30);
});
