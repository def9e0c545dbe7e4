// Proxies that are themselves spoken to over TLS: whom they are believed, and what is said when something is wrong there.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { join } from 'node:path';
import { startGateway, startSink } from './gateway.mjs';
import { argsOf, behind, destinationOf, freePort, makeChains, startProxy, startServer } from './wire_servers.mjs';

let chains, tls, authority, sink, secure;
const stops = [];
const stopLater = (server) => { stops.push(server.stop); return server; };
const serveTls = async (server) => stopLater(await startServer(server, 'https'));
const serveWith = (name) => serveTls(createHttpsServer(chains.of(name), (request, reply) => { request.resume(); reply.end('secure'); }));

before(async () => {
  chains = makeChains();
  tls = { ca: chains.read('root.pem') };
  authority = join(chains.dir, 'root.pem');
  sink = stopLater(await startSink());
  secure = await serveWith('good');
});
after(async () => {
  await Promise.all(stops.map((stop) => stop()));
  chains?.remove();
});

const attemptAt = async (own, config) => (await destinationOf(own, config)).deliver();
const endOf = (attempt) => attempt.error_code ?? attempt.response_status;
const withUser = (url, user) => url.replace('//', `//${user}@`);

test('forwards and makes tunnels, also for HTTP/2, and knows its user', async () => {
  const proxy = stopLater(await startProxy({ user: 'gate:p@ss', tls: chains.of('good') }));
  const versions = [];
  const second = await serveTls(createSecureServer(chains.of('good'), (request, reply) => { versions.push(request.httpVersion); request.resume(); reply.end('ok'); }));
  await behind({ delivery_proxy: withUser(proxy.url, 'gate:p%40ss'), delivery_proxy_ca: authority }, async (own) => {
    for (const config of [{ url: sink.url }, { url: secure.url, tls }, { url: second.url, tls }, { url: secure.url, tls }])
      assert.equal(endOf(await attemptAt(own, config)), 200, config.url);
    assert.deepEqual(versions, ['2.0']);
    assert.deepEqual(new Set(proxy.seen.map(({ method, url }) => `${method} ${url}`)),
      new Set([`POST ${sink.url}/`, `CONNECT ${secure.url.slice(8)}`, `CONNECT ${second.url.slice(8)}`]));
    assert.equal(sink.received.at(-1).headers['proxy-authorization'], undefined);
  });
  await behind({ delivery_proxy: withUser(proxy.url, 'gate:wrong'), delivery_proxy_ca: authority }, async (own) => {
    assert.equal(endOf(await attemptAt(own, { url: sink.url })), 407);
    const attempt = await attemptAt(own, { url: secure.url, tls });
    assert.equal(attempt.error_code, 'NETWORK_ERROR');
    assert.match(attempt.body, /407/);
    assert.doesNotMatch(JSON.stringify(attempt), /wrong/);
  });
});

test('whom the proxy is believed, and whom the destination, are two things', async () => {
  const proxy = stopLater(await startProxy({ tls: chains.of('good') }));
  const self = await serveWith('self');
  await behind({ delivery_proxy: proxy.url, delivery_proxy_ca: authority }, async (own) => {
    assert.equal(endOf(await attemptAt(own, { url: secure.url, tls })), 200);
    for (const [code, config] of [['UNABLE_TO_GET_ISSUER_CERT', { url: secure.url }], ['SELF_SIGNED_CERT', { url: self.url }]]) {
      const attempt = await attemptAt(own, config);
      assert.equal(attempt.error_code, code);
      assert.doesNotMatch(attempt.body, /the proxy:/);
    }
  });
  await behind({ delivery_proxy: proxy.url }, async (own) => { // no authority of the system's has signed it
    const attempt = await attemptAt(own, { url: secure.url, tls });
    assert.equal(attempt.error_code, 'NETWORK_ERROR');
    assert.match(attempt.body, /^the proxy: .*issuer/);
  });
});

test('what is wrong with the proxy is said of the proxy', async () => {
  const seen = [];
  const plain = stopLater(await startProxy());
  for (const [what, start] of [[/expired/, 'expired'], [/subject name/, 'elsewhere'], [/self-signed/, 'self'], [/wrong version/, plain]]) {
    const proxy = typeof start === 'string' ? stopLater(await startProxy({ tls: chains.of(start) })) : start;
    seen.push(proxy.seen);
    await behind({ delivery_proxy: proxy.url.replace('http:', 'https:'), delivery_proxy_ca: authority }, async (own) => {
      for (const config of [{ url: sink.url }, { url: secure.url, tls }]) {
        const attempt = await attemptAt(own, config);
        assert.equal(attempt.error_code, 'NETWORK_ERROR', `${what}`);
        assert.match(attempt.body, /^the proxy: /);
        assert.match(attempt.body, what);
      }
    });
  }
  assert.deepEqual(seen.flat(), [], 'whom one does not believe, one tells nothing');
  for (const scheme of ['http', 'https', 'socks5h']) {
    await behind({ delivery_proxy: `${scheme}://127.0.0.1:${await freePort()}` }, async (own) => {
      const attempt = await attemptAt(own, { url: secure.url, tls });
      assert.equal(attempt.error_code, 'CONNECTION_REFUSED');
      assert.match(attempt.body, /^the proxy: /);
    });
  }
});

test('a file without certificates is refused at the start', async () => {
  for (const file of ['/nowhere.pem', join(chains.dir, 'root.key')])
    await assert.rejects(startGateway({ args: argsOf({ delivery_proxy_ca: file }) }), /delivery_proxy_ca: .* holds no certificates, or cannot be read/);
});
