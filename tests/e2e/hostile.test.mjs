// Hostile HTTP at both faces: a clear refusal, and the next webhook is served and delivered.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { assertError, bodyOf, raw, send, startFixture } from './hostile.mjs';

const BODY_LIMIT = 65536, HEADER_LIMIT = 8192, CONNECTIONS = 24;
let fixture, faces;

before(async () => {
  fixture = await startFixture({
    header_timeout_ms: 300, body_timeout_ms: 500, idle_timeout_ms: 1000, connections: CONNECTIONS,
    ingest_body_bytes: BODY_LIMIT, api_body_bytes: BODY_LIMIT, header_bytes: HEADER_LIMIT, bodies_in_memory_bytes: 1048576,
  });
  faces = [
    { name: 'ingest', method: 'POST', path: fixture.path, headers: 'content-type: application/json\r\n', body: '{"from":"raw"}' },
    { name: 'api', method: 'PUT', path: '/2025-07-01/sources', headers: `authorization: Bearer ${fixture.gateway.key}\r\n`, body: '{"name":"raw"}' },
  ];
});
after(() => fixture?.stop());

const line = (face) => `${face.method} ${face.path} HTTP/1.1\r\n`;
const head = (face, more = '') => `${line(face)}host: gateway\r\n${face.headers}${more}`;
const whole = (face, more = '') => `${head(face, more)}content-length: ${face.body.length}\r\n\r\n${face.body}`;
const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
const complete = (text) => text.includes('\r\n\r\n') && text.trimEnd().endsWith('}');

// Runs `attempt` at both faces; the next webhook must be served after each.
function atBothFaces(name, attempt) {
  test(name, async () => {
    for (const face of faces) {
      await attempt(face);
      await fixture.served(`${name} (${face.name})`);
    }
  });
}

async function refused(face, bytes, status, what, options) {
  const reply = await raw(fixture.port, bytes, options);
  const told = `${face.name}: ${what}: ${reply.text.slice(0, 300)}`;
  assert.deepEqual(reply.statuses, [status], told);
  assert.ok(reply.closed, `${told}: not closed`);
  assert.match(reply.text, /\r\nconnection: close\r\n/, told);
  assertError(bodyOf(reply.text), status, told);
}

describe('what is malformed', () => {
  const forms = {
    'no HTTP at all': () => 'hello\r\n\r\n',
    'TLS': () => Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3, 0x0a, 0x0d, 0x0a]),
    'HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a bare LF': (face) => whole(face).replaceAll('\r\n', '\n'),
    'a bare CR in a value': (face) => whole(face, 'x: a\rb\r\n'),
    'NUL in a value': (face) => whole(face, 'x: a\0b\r\n'),
    'NUL in the path': (face) => `${face.method} ${face.path}\0 HTTP/1.1\r\nhost: a\r\n\r\n`,
    'no Host': (face) => `${line(face)}${face.headers}\r\n`,
    'two Hosts': (face) => whole(face, 'host: other\r\n'),
    'a folded line': (face) => whole(face, 'x: a\r\n b\r\n'),
    'a space before the colon': (face) => whole(face, 'x : a\r\n'),
    'a line without a colon': (face) => whole(face, 'nonsense\r\n'),
    'an empty name': (face) => whole(face, ': a\r\n'),
    'a bad version': (face) => whole(face).replace('HTTP/1.1', 'HTTP/1.x'),
    'raw UTF-8 in the path': (face) => `${face.method} ${face.path}/\xC3\xA4 HTTP/1.1\r\nhost: a\r\n\r\n`,
  };
  for (const [name, make] of Object.entries(forms)) {
    atBothFaces(name, async (face) => {
      const bytes = make(face), status = /HTTP\/(1\.x|2\.0)/.test(bytes) ? 505 : 400;
      await refused(face, bytes, status, name);
      if (typeof bytes === 'string')
        await refused(face, [...bytes.match(/[^]{1,40}/g)], status, `${name} in pieces`, { gap: 1 });
    });
  }

  atBothFaces('headers that are too many or too long', async (face) => {
    await refused(face, head(face, 'a:\r\n'.repeat(200)) + '\r\n', 431, 'many');
    await refused(face, head(face, `x: ${'y'.repeat(HEADER_LIMIT)}\r\n`) + '\r\n', 431, 'long');
    await refused(face, head(face, `x: ${'y'.repeat(HEADER_LIMIT * 10)}`), 431, 'endless');
    await refused(face, `GET ${face.path}?${'y'.repeat(HEADER_LIMIT * 2)} HTTP/1.1\r\nhost: a\r\n\r\n`, 414, 'target');
  });

  test('pages outside of the API refuse in the same form', async () => {
    for (const [method, path, status] of [['GET', '/nothing', 404], ['POST', '/e/', 404], ['POST', '/e/no-such-token', 404],
      ['DELETE', '/', 405], ['POST', '/healthz', 405], ['PATCH', '/2025-07-01/sources', 405], ['GET', '/2025-07-01', 404],
      ['GET', '/2025-13-1', 404], ['POST', '/v1/publish', 401]]) {
      const headers = path.startsWith('/2025-07') ? { authorization: `Bearer ${fixture.gateway.key}` } : {};
      const reply = await send(fixture.gateway.url + path, { method, headers });
      assert.equal(reply.status, status, `${method} ${path}`);
      assertError(reply.text, status, `${method} ${path}`);
      assert.equal('allow' in reply.headers, status === 405, `${method} ${path}`);
    }
    for (const path of ['/nothing', '/healthz', '/2025-07-01/sources', fixture.path]) {
      const reply = await raw(fixture.port, `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999\r\n\r\n`);
      assert.deepEqual(reply.statuses, [413], path);
      assert.equal(assertError(bodyOf(reply.text), 413, path).code, 'PAYLOAD_TOO_LARGE');
    }
    await fixture.served('pages');
  });
});

describe('what two programs could understand in two ways', () => {
  const behind = 'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n';
  const framings = {
    'length and chunked': ['content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'],
    'chunked and length': ['transfer-encoding: chunked\r\ncontent-length: 5\r\n', '0\r\n\r\n'],
    'two lengths': ['content-length: 5\r\ncontent-length: 0\r\n', ''],
    'two equal lengths': ['content-length: 5\r\ncontent-length: 5\r\n', 'hello'],
    'a list of lengths': ['content-length: 5, 5\r\n', 'hello'],
    'a signed length': ['content-length: +5\r\n', 'hello'],
    'a negative length': ['content-length: -5\r\n', 'hello'],
    'a huge length': ['content-length: 18446744073709551621\r\n', 'hello'],
    'a hexadecimal length': ['content-length: 0x5\r\n', 'hello'],
    'two codings': ['transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n', '0\r\n\r\n'],
    'a list of codings': ['transfer-encoding: gzip, chunked\r\n', '0\r\n\r\n'],
    'an unknown coding': ['transfer-encoding: xchunked\r\n', '0\r\n\r\n'],
    'a coding behind a vertical tab': ['transfer-encoding: \x0bchunked\r\n', '0\r\n\r\n'],
    'a coding with a space in its name': ['transfer-encoding : chunked\r\n', '0\r\n\r\n'],
    'a folded coding': ['transfer-encoding:\r\n chunked\r\n', '0\r\n\r\n'],
    'an empty coding': ['transfer-encoding:\r\n', '0\r\n\r\n'],
  };
  for (const [name, [headers, body]] of Object.entries(framings)) {
    atBothFaces(name, (face) => refused(face, `${head(face, headers)}\r\n${body}${behind}`, 400, name));
  }

  const chunkings = {
    'a chunk without a size': '\r\n', 'a size with a sign': '+5\r\nhello\r\n', 'a size behind a space': ' 5\r\nhello\r\n',
    'a size before a space': '5 \r\nhello\r\n', 'a size that overflows': 'fffffffffffffffff\r\n', 'a size of 0x5': '0x5\r\nhello\r\n',
    'a bare LF behind the size': '5\nhello\r\n', 'a chunk longer than its size': '4\r\nhello\r\n0\r\n\r\n',
    'an extension with a bare LF': '5;a\nb\r\nhello\r\n', 'a trailer without a colon': '0\r\nx\r\n\r\n',
    'a folded trailer': '0\r\nx: y\r\n z\r\n\r\n', 'an endless extension': `5;${'x'.repeat(20000)}`,
  };
  for (const [name, body] of Object.entries(chunkings)) {
    atBothFaces(name, (face) =>
      refused(face, `${head(face, 'transfer-encoding: chunked\r\n')}\r\n${body}${behind}`, 400, name));
  }

  atBothFaces('chunks, extensions and trailers in their good form', async (face) => {
    const parts = [face.body.slice(0, 3), face.body.slice(3)];
    const bytes = `${head(face, 'transfer-encoding: chunked\r\n')}\r\n${chunk(parts[0]).replace('\r\n', ';a=b\r\n')}${chunk(parts[1])}0\r\nx-sum: 1\r\n\r\n`;
    for (const pieces of [[bytes], bytes.split('')]) {
      const reply = await raw(fixture.port, pieces, { enough: complete });
      assert.deepEqual(reply.statuses, [200], reply.text);
    }
  });

  atBothFaces('requests sent ahead are answered one by one, in order', async (face) => {
    const gone = `GET /gone HTTP/1.1\r\nhost: a\r\n\r\n`;
    const reply = await raw(fixture.port, whole(face) + gone + `${head(face, 'transfer-encoding: chunked\r\n')}\r\n${chunk(face.body)}0\r\n\r\n` + '\r\n' + gone,
      { enough: (text) => (text.match(/HTTP\/1\.1 /g) ?? []).length === 4 });
    assert.deepEqual(reply.statuses, [200, 404, 200, 404], reply.text);
    const late = await raw(fixture.port, whole(face) + 'rubbish\r\n\r\n' + whole(face));
    assert.deepEqual(late.statuses, [200, 400], late.text);
    const last = await raw(fixture.port, whole(face, 'connection: close\r\n') + whole(face));
    assert.deepEqual(last.statuses, [200], last.text);
  });

  atBothFaces('thousands of requests sent ahead hold nobody up', async () => {
    const reply = raw(fixture.port, 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(20000),
      { enough: (text) => text.length > 20000 * 100 && (text.match(/HTTP\/1\.1 200/g) ?? []).length === 20000, patience: 60000 });
    await fixture.served('while requests are sent ahead');
    assert.equal((await reply).statuses.length, 20000);
  });
});

describe('what is slow, large, many or cut off', () => {
  atBothFaces('a head that comes too slowly', async (face) => {
    await refused(face, head(face), 408, 'a head that stops');
    await refused(face, [...head(face, 'x: y\r\n'.repeat(20))], 408, 'a head byte by byte', { gap: 20 });
  });

  atBothFaces('a body that comes too slowly', async (face) => {
    await refused(face, `${head(face, 'content-length: 100\r\n')}\r\n{`, 408, 'a body that stops');
    await refused(face, [`${head(face, 'content-length: 100\r\n')}\r\n`, ...'{'.repeat(100)], 408, 'a body byte by byte', { gap: 20 });
    await refused(face, `${head(face, 'transfer-encoding: chunked\r\n')}\r\n5\r\nhe`, 408, 'a chunk that stops');
    await refused(face, [`${head(face, 'transfer-encoding: chunked\r\n')}\r\n`, ...'1;x\r\na\r\n'.repeat(40)], 408, 'chunks byte by byte', { gap: 20 });
  });

  test('a connection that says nothing is closed without a word', async () => {
    for (const bytes of ['', '\r\n'])
      assert.deepEqual((await raw(fixture.port, bytes)).statuses, []);
    await fixture.served('silence');
  });

  atBothFaces('bodies at and over the limit', async (face) => {
    const filler = (size) => face.body.padEnd(size, ' ');
    const at = await raw(fixture.port, `${head(face, `content-length: ${BODY_LIMIT}\r\n`)}\r\n${filler(BODY_LIMIT)}`, { enough: complete });
    assert.deepEqual(at.statuses, [200], at.text);
    const large = filler(BODY_LIMIT + 1);
    await refused(face, `${head(face, `content-length: ${BODY_LIMIT + 1}\r\n`)}\r\n${large}`, 413, 'sent');
    await refused(face, `${head(face, `content-length: ${BODY_LIMIT + 1}\r\n`)}\r\n`, 413, 'announced');
    await refused(face, `${head(face, 'transfer-encoding: chunked\r\n')}\r\n${chunk(large)}`, 413, 'one chunk');
    await refused(face, `${head(face, 'transfer-encoding: chunked\r\n')}\r\n${chunk(filler(1000)).repeat(66)}`, 413, 'many chunks');
    await refused(face, `${head(face, 'transfer-encoding: chunked\r\n')}\r\nfffffffffffffff\r\n`, 413, 'a huge chunk');
  });

  atBothFaces('large bodies that are announced and never sent take no room from others', async (face) => {
    const held = Array.from({ length: CONNECTIONS - 4 }, () =>
      raw(fixture.port, `${head(face, `content-length: ${BODY_LIMIT}\r\n`)}\r\n{`));
    await fixture.served('announced bodies');
    for (const reply of await Promise.all(held)) assert.deepEqual(reply.statuses, [408]);
  });

  atBothFaces('100-continue is sent for a body that is wanted only', async (face) => {
    const wanted = await raw(fixture.port, `${head(face, `expect: 100-continue\r\ncontent-length: ${face.body.length}\r\n`)}\r\n`, {
      enough: complete, onOpen: (socket) => socket.once('data', () => socket.write(face.body)),
    });
    assert.deepEqual(wanted.statuses, [100, 200], wanted.text);
    await refused(face, `${head(face, `expect: 100-continue\r\ncontent-length: ${BODY_LIMIT + 1}\r\n`)}\r\n`, 413, 'too large');
    await refused(face, `${head(face, 'expect: a-miracle\r\n')}\r\n`, 417, 'unknown expectation');
  });

  atBothFaces('a peer that ends its side', async (face) => {
    const good = await raw(fixture.port, whole(face), { end: true });
    assert.deepEqual(good.statuses, [200], good.text);
    await refused(face, head(face), 400, 'in the head', { end: true });
    await refused(face, `${head(face, 'content-length: 100\r\n')}\r\n{`, 400, 'in the body', { end: true });
    await refused(face, `${head(face, 'transfer-encoding: chunked\r\n')}\r\n5\r\nhe`, 400, 'in a chunk', { end: true });
  });

  atBothFaces('a peer that goes away at any byte', async (face) => {
    const bytes = whole(face);
    for (let cut = 0; cut < bytes.length; cut += 5) {
      await new Promise((resolve) => {
        const socket = connect(fixture.port, '127.0.0.1', () => {
          socket.write(bytes.slice(0, cut), () => { cut % 2 ? socket.resetAndDestroy() : socket.destroy(); });
        });
        socket.on('close', resolve).on('error', () => {});
      });
    }
  });

  test('more connections than there may be', async () => {
    const idle = [];
    for (let i = 0; i < CONNECTIONS * 3; i++) {
      const socket = connect(fixture.port, '127.0.0.1').on('error', () => {});
      await new Promise((resolve) => socket.once('connect', resolve));
      idle.push(socket);
    }
    await fixture.served('idle connections');
    idle.forEach((socket) => socket.destroy());
    const half = Array.from({ length: CONNECTIONS * 2 }, () => raw(fixture.port, 'POST / HTTP/1.1\r\nhost: a'));
    await fixture.served('half heads');
    for (const reply of await Promise.all(half)) assert.deepEqual(reply.statuses, [408]);
    await fixture.served('many connections');
  });
});
