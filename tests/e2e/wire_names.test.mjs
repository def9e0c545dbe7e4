// Names and routes, in a network of the test's own: a name server that says what the test wants, and routes that lead
// nowhere. Needs user namespaces (unshare) and iproute2; nothing leaves the machine.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGateway, until } from './gateway.mjs';
import { destinationOf } from './wire_servers.mjs';

const run = (program, ...words) => spawnSync(program, words, { encoding: 'utf8', timeout: 50000 });

// Answers questions for addresses with what `zone` says of the name: a list of IPv4 addresses, a code (NXDOMAIN, SERVFAIL), or nothing.
async function startNameServer(zone) {
  const CODES = { SERVFAIL: 2, NXDOMAIN: 3 };
  const asked = [];
  const server = createSocket('udp4');
  server.on('message', (query, from) => {
    const labels = [];
    let place = 12;
    for (; query[place] !== 0; place += query[place] + 1) labels.push(query.toString('latin1', place + 1, place + 1 + query[place]));
    const end = place + 5;
    const name = labels.join('.').toLowerCase();
    asked.push(name);
    const said = zone[name] ?? 'NXDOMAIN';
    if (said === 'silence') return;
    const addresses = Array.isArray(said) && query.readUInt16BE(place + 1) === 1 ? said : [];
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (CODES[said] ?? 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(addresses.length, 6);
    const answers = addresses.map((address) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]));
    server.send(Buffer.concat([head, query.subarray(12, end), ...answers]), from.port, from.address);
  });
  await new Promise((resolve) => server.bind(53, '127.0.0.1', resolve));
  return { asked, stop: () => new Promise((resolve) => server.close(resolve)) };
}

async function startHost(address, port = 0) {
  const server = createServer((request, reply) => { request.resume(); request.on('end', () => reply.end(address)); });
  await new Promise((resolve) => server.listen(port, address, resolve));
  return { port: server.address().port, stop: () => new Promise((resolve) => { server.closeAllConnections?.(); server.close(resolve); }) };
}

if (process.env.FAIRLEAD_OWN_NETWORK === undefined) {
  test('in a network of its own', (t) => {
    if (run('unshare', '-rmn', 'ip', 'link', 'set', 'lo', 'up').status !== 0) return t.skip('no namespaces for this user here');
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-names-'));
    writeFileSync(join(dir, 'resolv.conf'), 'nameserver 127.0.0.1\noptions timeout:5 attempts:2\n');
    writeFileSync(join(dir, 'nsswitch.conf'), 'hosts: files dns\n');
    const script = 'set -e; ip link set lo up; ip route add unreachable 198.51.100.0/24; mount --bind "$1/resolv.conf" "$(readlink -f /etc/resolv.conf)"; '
      + 'if [ -e /etc/nsswitch.conf ]; then mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf; fi; exec "$2" --test --test-reporter=tap "$3"';
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const inside = spawnSync('unshare', ['-rmn', 'sh', '-c', script, 'sh', dir, process.execPath, fileURLToPath(import.meta.url)],
      { encoding: 'utf8', timeout: 55000, env: { ...env, FAIRLEAD_OWN_NETWORK: '1' } });
    rmSync(dir, { recursive: true, force: true });
    assert.equal(inside.status, 0, `${inside.stdout}\n${inside.stderr}`);
    assert.match(inside.stdout, /# fail 0/);
    return undefined;
  });
} else {
  let names, gateway, zone;
  before(async () => {
    zone = {};
    names = await startNameServer(zone);
    gateway = await startGateway({ args: ['--set', 'delivery_lookup_timeout_ms=1500', '--set', 'delivery_lookup_cache_ms=1000'] });
  });
  after(async () => {
    await gateway?.stop();
    await names?.stop();
  });
  const codeOf = async (url) => (await (await destinationOf(gateway, { url })).deliver()).error_code;

  describe('names and routes', () => {
    test('a name that does not exist', async () => {
      assert.equal(await codeOf('http://nothing.example/'), 'NOT_FOUND');
      zone['empty.example'] = [];
      assert.equal(await codeOf('http://empty.example/'), 'NOT_FOUND');
      assert.ok(names.asked.includes('nothing.example'));
    });
    test('a name server that fails: the name is not found, as far as can be told', async () => {
      zone['broken.example'] = 'SERVFAIL';
      assert.equal(await codeOf('http://broken.example/'), 'NOT_FOUND');
    });
    test('a name server that is silent holds up nobody else', async () => {
      zone['silent.example'] = 'silence';
      const silent = await Promise.all(Array.from({ length: 5 }, () => destinationOf(gateway, { url: 'http://silent.example/' })));
      const host = await startHost('127.0.0.1');
      const healthy = await destinationOf(gateway, { url: `http://127.0.0.1:${host.port}/` });
      let ended = false;
      const failed = Promise.all(silent.map((destination) => destination.deliver())).then((attempts) => { ended = true; return attempts; });
      let meanwhile = 0;
      while (!ended) {
        const { response_status, response_latency } = await healthy.deliver();
        assert.equal(response_status, 200);
        assert.ok(response_latency < 1200, `${response_latency} ms`);
        meanwhile++;
      }
      assert.ok(meanwhile >= 3, `${meanwhile} deliveries meanwhile`);
      for (const { error_code, body } of await failed) {
        assert.equal(error_code, 'DNS_LOOKUP_FAILED');
        assert.match(body, /timed out after \d+ ms looking up the host's addresses/);
      }
      await host.stop();
    });
    test('a host that moves is found at its new address', async () => {
      zone['moving.example'] = ['127.0.0.2'];
      const first = await startHost('127.0.0.2');
      const second = await startHost('127.0.0.3', first.port);
      const destination = await destinationOf(gateway, { url: `http://moving.example:${first.port}/` });
      assert.equal((await destination.deliver()).body, '127.0.0.2');
      zone['moving.example'] = ['127.0.0.3'];
      assert.equal((await destination.deliver()).body, '127.0.0.2'); // the connection that stands
      await first.stop();
      await until('a delivery to the new address', async () => (await destination.deliver()).body === '127.0.0.3', { tries: 20, every: 300 });
      await second.stop();
    });
    test('an address of several that does not answer', async () => {
      const host = await startHost('127.0.0.5');
      zone['several.example'] = ['127.0.0.4', '127.0.0.5'];
      assert.equal(await codeOf(`http://several.example:${host.port}/`), null);
      await host.stop();
    });
    test('routes that lead nowhere', async () => {
      assert.equal(await codeOf('http://198.51.100.1/'), 'HOST_UNREACHABLE');
      assert.equal(await codeOf('http://203.0.113.1/'), 'NETWORK_UNREACHABLE');
    });
  });
}
