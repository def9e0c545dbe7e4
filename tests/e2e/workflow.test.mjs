// Workflow documents against a real gateway, by the built-in runner and by another one.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startGateway, startSink, until } from './gateway.mjs';
import { ROOT, respect, startKeyProxy, workflow } from './runner.mjs';

// The two documents of a vendor's collection, where they are at hand.
const SEEDS = process.env.FAIRLEAD_SEEDS ?? join(ROOT, '../shared/seeds');
const OURS = {
  provision: 'make-connection.yml', retry: 'retry-newest-failure.yml', folder: join(ROOT, 'tests/workflows'),
  sources: { sources: 'sources', destinations: 'destinations', connections: 'connections', events: 'events' },
  descriptions: 'descriptions', fileOf: (noun) => `${noun}.json`,
  inputs: (a) => ({ source: a.source, destination: a.destination, address: a.address, connection: a.connection }),
  ids: (o) => ({ source: o.source, destination: o.destination, connection: o.connection }),
  event: (o) => o.event, status: (o) => o.status, scope: 'connection', most: 'most',
};
const THEIRS = {
  provision: 'provision-connection.yml', retry: 'retry-failed-event.yml', folder: SEEDS,
  sources: { sources: 'sourcesApi', destinations: 'destinationsApi', connections: 'connectionsApi', events: 'eventsApi' },
  descriptions: 'openapi', fileOf: (noun) => `hookdeck-${noun}-api-openapi.yml`,
  inputs: (a) => ({ sourceName: a.source, destinationName: a.destination, destinationUrl: a.address,
    connectionName: a.connection }),
  ids: (o) => ({ source: o.sourceId, destination: o.destinationId, connection: o.connectionId }),
  event: (o) => o.retriedEventId, status: (o) => o.retriedEventStatus, scope: 'webhookId', most: 'limit',
};

let gateway, sink, healthy = true, count = 0;

before(async () => {
  gateway = await startGateway();
  sink = await startSink(() => ({ status: healthy ? 200 : 500 }));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

const inputArgs = (inputs) => Object.entries(inputs).flatMap(([name, value]) => ['--input', `${name}=${value}`]);
const serverArgs = () => ['--server', gateway.url, '--api-key', gateway.key];

async function provision(set) {
  const names = { source: `source-${++count}`, destination: `shop-${count}`, address: `${sink.url}/hook-${count}`,
    connection: `link-${count}` };
  const done = await workflow('run', [join(set.folder, set.provision), ...serverArgs(),
    ...inputArgs(set.inputs(names))]);
  assert.equal(done.code, 0, done.log);
  return { names, ids: set.ids(done.outputs), path: `/hook-${count}` };
}

const arrived = (path) => sink.received.filter((entry) => entry.url === path).length;

async function sendTo(sourceId) {
  const source = await gateway.api('GET', `/sources/${sourceId}`);
  const reply = await fetch(source.body.url, { method: 'POST', headers: { 'content-type': 'application/json' },
    body: '{"order":1}' });
  assert.equal(reply.status, 200);
}

async function failEvent(made) {
  healthy = false;
  await sendTo(made.ids.source);
  await until('the failure', async () => {
    const list = await gateway.api('GET', `/events?status=FAILED&webhook_id=${made.ids.connection}`);
    return list.body.models[0];
  });
  healthy = true;
  return arrived(made.path);
}

for (const [name, set] of Object.entries({ 'our own documents': OURS, 'the vendor documents': THEIRS })) {
  const skip = existsSync(set.folder) ? false : 'they are not here';

  test(`${name}: a connection is made and a webhook passes through it`, { skip }, async () => {
    const made = await provision(set);
    assert.match(made.ids.source, /^src_/);
    assert.match(made.ids.destination, /^des_/);
    assert.match(made.ids.connection, /^web_/);
    await sendTo(made.ids.source);
    await until('the delivery', () => arrived(made.path) === 1);
  });

  test(`${name}: without failed events the outputs are null and the run is good`, { skip }, async () => {
    const made = await provision(set);
    const done = await workflow('run', [join(set.folder, set.retry), ...serverArgs(),
      '--input', `${set.scope}=${made.ids.connection}`, '--input', `${set.most}=5`]);
    assert.equal(done.code, 0, done.log);
    assert.equal(set.event(done.outputs), null);
    assert.equal(set.status(done.outputs), null);
  });

  test(`${name}: the newest failure gets a fresh attempt`, { skip }, async () => {
    const made = await provision(set);
    const before = await failEvent(made);
    const done = await workflow('run', [join(set.folder, set.retry), ...serverArgs(), '--verbose']);
    assert.equal(done.code, 0, done.log);
    assert.match(set.event(done.outputs), /^evt_/);
    assert.equal(typeof set.status(done.outputs), 'string');
    assert.ok(!/[?&]webhook_id/.test(done.log), 'an absent input leaves its parameter out');
    assert.match(done.log, /limit=1/);
    await until('the fresh attempt', () => arrived(made.path) === before + 1);
    const event = await until('its success', async () => {
      const found = await gateway.api('GET', `/events/${set.event(done.outputs)}`);
      return found.body.status === 'SUCCESSFUL' && found.body;
    });
    assert.equal(event.webhook_id, made.ids.connection);
  });

  test(`${name}: another runner comes to the same`, { skip }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-respect-'));
    const proxy = await startKeyProxy(gateway);
    try {
      mkdirSync(join(folder, 'workflows'));
      mkdirSync(join(folder, set.descriptions));
      cpSync(set.folder, join(folder, 'workflows'), { recursive: true });
      const whole = await (await fetch(`${gateway.url}/openapi.json`)).json();
      for (const noun of Object.keys(set.sources)) {
        /* It refuses an operationId that several descriptions have: each gets the paths of its own noun. */
        const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => path.split('/')[1] === noun));
        writeFileSync(join(folder, set.descriptions, set.fileOf(noun)), JSON.stringify({ ...whole, paths }));
      }
      const names = { source: `source-${++count}`, destination: `shop-${count}`, address: `${sink.url}/hook-${count}`,
        connection: `link-${count}` };
      const provisioned = await respect([set.provision, ...['sources', 'destinations', 'connections'].flatMap(
        (noun) => ['-S', `${set.sources[noun]}=${proxy.url}`]), '-i', JSON.stringify(set.inputs(names))],
      join(folder, 'workflows'));
      assert.equal(provisioned.code, 0, provisioned.out + provisioned.log);
      assert.deepEqual(proxy.calls.map((call) => `${call.method} ${call.status}`),
        ['POST 200', 'POST 200', 'POST 200', 'GET 200']);
      const connections = await gateway.api('GET', `/connections?name=${names.connection}`);
      const made = { ids: { connection: connections.body.models[0].id, source: connections.body.models[0].source_id },
        path: `/hook-${count}` };
      const before = await failEvent(made);
      const retried = await respect([set.retry, '-S', `${set.sources.events}=${proxy.url}`, '-i',
        JSON.stringify({ [set.scope]: made.ids.connection })], join(folder, 'workflows'));
      assert.equal(retried.code, 0, retried.out + retried.log);
      await until('the fresh attempt', () => arrived(made.path) === before + 1);
    } finally {
      await proxy.stop();
      rmSync(folder, { recursive: true });
    }
  });
}

test('the bundled quick start is a workflow like any other', async () => {
  const document = join(ROOT, 'examples/quick-start.yml');
  const checked = await workflow('validate', [document]);
  assert.equal(checked.code, 0, checked.log);
  for (let i = 0; i < 2; i++) { /* upserts: the second run changes nothing */
    const done = await workflow('run', [document, ...serverArgs()]);
    assert.equal(done.code, 0, done.log);
    assert.match(done.outputs.sourceUrl, /\/e\//);
  }
  const sources = await gateway.api('GET', '/sources?name=quick-start');
  assert.equal(sources.body.count, 1);
});

test('the key may come from the environment, and a wrong one fails the run', async () => {
  const document = join(ROOT, 'examples/quick-start.yml');
  const good = await workflow('run', [document, '--server', gateway.url], { env: { FAIRLEAD_API_KEY: gateway.key } });
  assert.equal(good.code, 0, good.log);
  assert.ok(!good.log.includes(gateway.key));
  const bad = await workflow('run', [document, '--server', gateway.url, '--api-key', 'wrong-key']);
  assert.equal(bad.code, 1);
  assert.match(bad.log, /\$statusCode is 401/);
  const none = await workflow('run', [document, '--server', gateway.url]);
  assert.equal(none.code, 1);
});

test('the description of the server is read by the runner as it is written', async () => {
  const description = await (await fetch(`${gateway.url}/openapi.json`)).text();
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-description-'));
  try {
    cpSync(join(ROOT, 'examples/quick-start.yml'), join(folder, 'quick-start.yml'));
    writeFileSync(join(folder, 'openapi.json'), description);
    const done = await workflow('run', [join(folder, 'quick-start.yml'), ...serverArgs()]);
    assert.equal(done.code, 0, done.log);
    assert.ok(!/warning/.test(done.log), done.log);
    const named = await workflow('run', [join(folder, 'quick-start.yml'), '--server',
      `fairlead=${gateway.url}/2024-09-01`, '--api-key', gateway.key, '--report', join(folder, 'report.json')]);
    assert.equal(named.code, 0, named.log);
    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
    assert.equal(report.workflows[0].steps[0].request.url, `${gateway.url}/2024-09-01/sources`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
