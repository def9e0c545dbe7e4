// A name server that changes its mind: each connection is held against the policy by the address that it goes to. The
// server must stand at port 53 and in /etc/resolv.conf, so this runs again within namespaces of its own, where the kernel
// lets it; where not, tests/unit/client_egress_test.c still does the same in one process.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGateway } from './gateway.mjs';
import { destinationOf } from './wire_servers.mjs';

const ALLOWED = '127.0.0.2', REFUSED = '127.0.0.1', METADATA = '169.254.169.254';

if (process.env.FAIRLEAD_TEST_INSIDE === undefined) {
  test('a name server that changes its mind', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-names-'));
    try {
      writeFileSync(join(dir, 'resolv.conf'), `nameserver ${REFUSED}\noptions timeout:1 attempts:1\n`);
      writeFileSync(join(dir, 'nsswitch.conf'), 'hosts: files dns\n');
      const set = 'ip link set lo up && mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf';
      if (spawnSync('unshare', ['-Urmn', 'sh', '-c', set, dir]).status !== 0) return t.skip('no namespaces can be made here');
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const ran = spawnSync('unshare', ['-Urmn', 'sh', '-c', `${set} && exec "$@"`, dir, process.execPath, '--test', fileURLToPath(import.meta.url)],
        { env: { ...env, FAIRLEAD_TEST_INSIDE: '1' }, encoding: 'utf8', timeout: 50000 });
      assert.equal(ran.status, 0, ran.stdout + ran.stderr);
      assert.match(ran.stdout, /# pass 6/);
      return undefined;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
} else {
  inside();
}

// What is said to the first question for IPv4 addresses, to the second and so on; the last is said for ever.
const NAMES = {
  'good.test': [[ALLOWED]],
  'moving.test': [[ALLOWED], [REFUSED], [METADATA], [ALLOWED]],
  'mixed.test': [[REFUSED, METADATA, ALLOWED]],
  'inner.test': [[REFUSED]],
  'denied.test': [[ALLOWED]],
};
const WIDE = { 'wide.test': ['00000000000000000000ffff7f000001', '00000000000000000000000000000001', '0064ff9b0000000000000000a9fea9fe', 'fd000ec2000000000000000000000254'] };

function startNames() {
  const asked = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    let at = 12;
    const labels = [];
    for (; query[at] > 0; at += 1 + query[at]) labels.push(query.subarray(at + 1, at + 1 + query[at]).toString());
    const name = labels.join('.').toLowerCase(), type = query.readUInt16BE(at + 1);
    const turn = asked.filter((one) => one === `${name} ${type}`).length;
    asked.push(`${name} ${type}`);
    const answers = type === 1 ? (NAMES[name] ?? [[]]).map((list) => list.map((ip) => Buffer.from(ip.split('.').map(Number))))
      : type === 28 ? [(WIDE[name] ?? []).map((hex) => Buffer.from(hex, 'hex'))] : [[]];
    const data = answers[Math.min(turn, answers.length - 1)];
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(name in NAMES || name in WIDE ? 0x8180 : 0x8183, 2);
    head.writeUInt16BE(data.length, 6);
    head.fill(0, 8);
    const records = data.map((bytes) => Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]), bytes]));
    socket.send(Buffer.concat([head, query.subarray(12, at + 5), ...records]), peer.port, peer.address);
  });
  return new Promise((resolve) => socket.bind(53, REFUSED, () => resolve({ asked, stop: () => new Promise((done) => socket.close(done)) })));
}

// Each connection is for one request, so that the next one is a new one.
async function startSite(host, port = 0) {
  const site = { connections: 0, requests: 0 };
  const server = createServer((request, reply) => {
    site.requests++;
    request.resume();
    const to = new URL(request.url, 'http://site').searchParams.get('to');
    reply.writeHead(to ? 307 : 200, { connection: 'close', ...(to && { location: to }) }).end('here');
  });
  server.on('connection', () => { site.connections++; });
  await new Promise((resolve) => server.listen(port, host, resolve));
  return Object.assign(site, { port: server.address().port, stop: () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); }) });
}

function inside() {
  let names, good, forbidden, gateway;
  before(async () => {
    names = await startNames();
    good = await startSite(ALLOWED);
    forbidden = await startSite(REFUSED, good.port);
    gateway = await startGateway({ args: ['--set', 'egress_private=refuse', '--set', `egress_allow=${ALLOWED}`, '--set', 'egress_deny=denied.test',
      '--set', 'delivery_lookup_cache_ms=0'] });
  });
  after(async () => {
    await gateway?.stop();
    for (const one of [names, good, forbidden]) await one?.stop();
  });
  const to = (name, path = '/') => destinationOf(gateway, { url: `http://${name}:${good.port}${path}`, path_forwarding_disabled: true });
  const assertRefused = (attempt, reason) => {
    assert.deepEqual([attempt.status, attempt.error_code, attempt.response_status], ['FAILED', 'INVALID_URL', null], attempt.body);
    assert.match(attempt.body, reason);
  };

  test('a name of an allowed address is called', async () => {
    const destination = await to('good.test');
    assert.deepEqual(names.asked, []); // nobody was asked when it was made
    assert.equal((await destination.deliver()).response_status, 200);
    assert.ok(names.asked.includes('good.test 1'));
  });
  test('a name that moves is called while its address is allowed', async () => {
    const destination = await to('moving.test');
    assert.equal((await destination.deliver()).response_status, 200);
    assertRefused(await destination.deliver(), /moving.test \(127.0.0.1\) is not called: it is a loopback address/);
    assertRefused(await destination.deliver(), /moving.test \(169.254.169.254\) is not called: it is a cloud metadata address/);
    assert.equal((await destination.deliver()).response_status, 200);
  });
  test('of several addresses the allowed one is called', async () => {
    const before = good.requests;
    assert.equal((await (await to('mixed.test')).deliver()).response_status, 200);
    assert.equal(good.requests, before + 1);
  });
  test('a redirect by name is held against the address', async () => {
    const destination = await to('good.test', `/?to=${encodeURIComponent(`http://inner.test:${good.port}/`)}`);
    assertRefused(await destination.deliver(), /^the redirect to http:\/\/inner.test.* is not followed: inner.test \(127.0.0.1\) is not called/);
  });
  test('IPv6 addresses with others inside are seen through', async () => {
    assertRefused(await (await to('wide.test')).deliver(), /wide.test \(.*\) is not called/);
  });
  test('a denied name is not even asked for, and nothing that is refused was connected to', async () => {
    const destination = await to('good.test', `/?to=${encodeURIComponent('http://DENIED.test./')}`);
    assertRefused(await destination.deliver(), /egress_deny holds denied.test/);
    assert.ok(!names.asked.some((one) => one.startsWith('denied')), names.asked.join());
    assert.equal(forbidden.connections, 0);
  });
}
