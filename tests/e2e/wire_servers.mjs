// What stands at the other end of the wire in tests: servers that behave in every way, proxies, certificates of openssl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { startGateway, until } from './gateway.mjs';
import { callsOf } from './resource.mjs';

const listen = (server, host, port = 0) => new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(port, host, () => resolve(server.address().port));
});

// Keeps count of the connections, so that a test can stop whatever is still open.
async function start(server, host = '127.0.0.1', port = 0) {
  const sockets = new Set();
  const keep = (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  };
  server.on('connection', keep);
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  server.on('session', (session) => session.on('error', () => {}));
  server.on('tlsClientError', () => {});
  const bound = await listen(server, host, port);
  return {
    port: bound, sockets,
    stop: () => new Promise((resolve) => { for (const socket of sockets) socket.destroy(); server.close(resolve); }),
  };
}

// handle(socket) for every connection, with TLS if there are options for it.
export async function startRaw(handle, { tls, host, port } = {}) {
  const server = tls ? createTlsServer(tls, handle) : createServer(handle);
  const started = await start(server, host, port);
  return { ...started, url: `${tls ? 'https' : 'http'}://${host?.includes(':') ? `[${host}]` : host ?? '127.0.0.1'}:${started.port}` };
}

// handle(socket, head) when a request's headers have come.
export const onRequest = (handle) => (socket) => {
  let head = '';
  socket.on('data', (bytes) => {
    const before = head.includes('\r\n\r\n');
    head += bytes.toString('latin1');
    if (!before && head.includes('\r\n\r\n')) handle(socket, head);
  });
};

export async function startServer(server, scheme = 'http', host) {
  const started = await start(server, host);
  return { ...started, url: `${scheme}://127.0.0.1:${started.port}` };
}

export async function freePort(host = '127.0.0.1') {
  const server = createServer();
  const port = await listen(server, host);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/* ---- certificates ---- */

// A root, an authority below it, and servers' certificates for 127.0.0.1: good, expired, for another name, from an
// authority that is not sent with it, and signed by themselves.
export function makeChains() {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-chains-'));
  const openssl = (...words) => execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' });
  const key = (name) => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`);
  const root = (name) => {
    key(name);
    openssl('req', '-x509', '-key', `${name}.key`, '-days', '2', '-subj', `/CN=${name}`, '-out', `${name}.pem`);
  };
  const sign = (name, by, extensions, days = '2') => {
    key(name);
    writeFileSync(join(dir, `${name}.ext`), extensions.join('\n'));
    openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', days,
      '-extfile', `${name}.ext`, '-out', `${name}.pem`);
  };
  const here = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  root('root');
  root('stranger');
  sign('between', 'root', ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign']);
  sign('good', 'root', [here]);
  sign('expired', 'root', [here], '-1');
  sign('elsewhere', 'root', ['subjectAltName=DNS:elsewhere.example']);
  sign('below', 'between', [here]);
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=self',
    '-addext', here, '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', 'self.key', '-out', 'self.pem');
  const read = (name) => readFileSync(join(dir, name), 'utf8');
  return {
    dir, read, remove: () => rmSync(dir, { recursive: true, force: true }),
    // A server's options: its certificate with those of `more` behind it.
    of: (name, ...more) => ({ key: read(`${name}.key`), cert: [name, ...more].map((one) => read(`${one}.pem`)).join('') }),
  };
}

/* ---- proxies ---- */

// An HTTP proxy: forwards, and makes tunnels. `refuse` (a status) answers every tunnel with it; `tls`: speaks TLS itself.
export async function startProxy({ user, refuse, tls } = {}) {
  const seen = [];
  const allowed = (request) => !user || request.headers['proxy-authorization'] === `Basic ${Buffer.from(user).toString('base64')}`;
  const forward = (request, reply) => {
    seen.push({ method: request.method, url: request.url, headers: request.headers });
    if (!allowed(request)) return reply.writeHead(407, { 'proxy-authenticate': 'Basic realm="p"' }).end();
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = request.headers;
    const onward = httpRequest(request.url, { method: request.method, headers }, (answer) => {
      reply.writeHead(answer.statusCode, answer.headers);
      answer.pipe(reply);
    });
    onward.on('error', () => reply.writeHead(502).end());
    return request.pipe(onward);
  };
  const server = tls ? createHttpsServer(tls, forward) : createHttpServer(forward);
  server.on('connect', (request, socket, head) => {
    seen.push({ method: 'CONNECT', url: request.url, headers: request.headers });
    socket.on('error', () => {});
    if (!allowed(request)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="p"\r\ncontent-length: 0\r\n\r\n');
    if (refuse) return socket.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
    const [, host, port] = /^(.*):(\d+)$/.exec(request.url);
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    return onward;
  });
  const started = await start(server);
  return { ...started, seen, url: `${tls ? 'https' : 'http'}://127.0.0.1:${started.port}` };
}

// A SOCKS 5 proxy (RFC 1928, with the user and password of RFC 1929). `reply`: what it says in place of connecting.
export async function startSocks({ user, reply = 0 } = {}) {
  const seen = [];
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    let step = 'greeting';
    const take = (size) => { const taken = bytes.subarray(0, size); bytes = bytes.subarray(size); return taken; };
    const onward = (host, port) => {
      const other = connect(port, host, () => {
        socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
        other.write(bytes);
        socket.removeAllListeners('data');
        other.pipe(socket).pipe(other);
      });
      other.on('error', () => socket.destroy());
    };
    const work = () => {
      if (step === 'greeting' && bytes.length >= 2 && bytes.length >= 2 + bytes[1]) {
        take(2 + bytes[1]);
        step = user ? 'password' : 'request';
        socket.write(Buffer.from([5, user ? 2 : 0]));
      } else if (step === 'password' && bytes.length >= 2 && bytes.length >= 3 + bytes[1] + bytes[2 + bytes[1]]) {
        const name = bytes.subarray(2, 2 + bytes[1]).toString();
        const password = bytes.subarray(3 + bytes[1], 3 + bytes[1] + bytes[2 + bytes[1]]).toString();
        take(3 + bytes[1] + bytes[2 + bytes[1]]);
        step = 'request';
        socket.write(Buffer.from([1, `${name}:${password}` === user ? 0 : 1]));
      } else if (step === 'request' && bytes.length >= 5) {
        const size = { 1: 10, 3: 7 + bytes[4], 4: 22 }[bytes[3]];
        if (bytes.length < size) return;
        const request = take(size);
        const kind = { 1: 'ipv4', 3: 'name', 4: 'ipv6' }[request[3]];
        const host = kind === 'name' ? request.subarray(5, size - 2).toString() : [...request.subarray(4, size - 2)].join('.');
        step = 'done';
        seen.push({ kind, host, port: request.readUInt16BE(size - 2) });
        if (reply) socket.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
        else onward(kind === 'name' ? '127.0.0.1' : host, request.readUInt16BE(size - 2));
        return;
      } else {
        return;
      }
      work();
    };
    socket.on('data', (more) => { bytes = Buffer.concat([bytes, more]); work(); });
  });
  const started = await start(server);
  return { ...started, seen, authority: `127.0.0.1:${started.port}` };
}

/* ---- deliveries ---- */

let counter = 0;
// A connection of its own to a destination of that config; deliver() sends it a webhook and waits for its attempt.
export async function destinationOf(gateway, config, { rules = [], body = '{"a":1}', type = 'HTTP' } = {}) {
  const { ok } = callsOf(gateway);
  const name = `wire-${++counter}`;
  const connection = await ok('PUT', '/connections', { name, rules, source: { name }, destination: { name, type, config } });
  const send = async (path = '') => {
    const reply = await fetch(connection.source.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', 'user-agent': 'sender' } });
    if (reply.status !== 200) throw new Error(`the gateway answered ${reply.status}`);
    return (await reply.json()).request_id;
  };
  const events = async (query = '') => (await ok('GET', `/events?destination_id=${connection.destination.id}&limit=250${query}`)).models;
  const attemptOf = async (event, number = 1) => {
    const found = await until(`attempt ${number}`, async () => {
      const attempts = (await ok('GET', `/attempts?event_id=${event.id}&dir=asc`)).models;
      return attempts[number - 1];
    });
    return ok('GET', `/attempts/${found.id}`);
  };
  return {
    name, connection, send, events, attemptOf,
    async deliver(path) {
      const request_id = await send(path);
      const event = await until('an event', async () => (await ok('GET', `/requests/${request_id}/events`)).models[0]);
      return attemptOf(event);
    },
  };
}

// So many webhooks at once; their events when all have ended.
export async function flood(destination, count) {
  for (let sent = 0; sent < count; sent += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - sent) }, () => destination.send()));
  return until(`${count} deliveries`, async () => {
    const events = await destination.events();
    return events.length === count && events.every(({ status }) => status === 'SUCCESSFUL') && events;
  }, { tries: 600 });
}

// Counts what runs at one time.
export function gauge() {
  let now = 0;
  const it = { most: 0, total: 0, enter() { it.total++; it.most = Math.max(it.most, ++now); }, leave() { now--; } };
  return it;
}

export const argsOf = (settings) => Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
// A gateway of one's own with these settings, for as long as `run` takes.
export async function behind(settings, run) {
  const own = await startGateway({ args: argsOf(settings) });
  try { return await run(own); } finally { await own.stop(); }
}
