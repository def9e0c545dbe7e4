// @hookdeck/sdk: sources, destinations, connections, transformations and custom domains.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';
import { Hookdeck, HookdeckError, fails, setUpSdk } from './sdk.mjs';

let gateway, sink, set, sdk;

before(async () => {
  gateway = await startGateway();
  sink = await startSink();
  set = setUpSdk(gateway);
  sdk = set.sdk;
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

const names = ({ models }) => models.map(({ name }) => name);
const BODY = '{"order":1}';
const CODE = 'addHandler("transform", (request) => request);';
const post = async (url, headers = {}, method = 'POST') =>
  (await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, body: BODY })).status;

// Walks a list one at a time, forth and back; it has two or more.
async function checkPages(group, query = {}) {
  const all = (await sdk[group].list(query)).models.map(({ id }) => id);
  const page = async (more) => sdk[group].list({ limit: 1, orderBy: 'created_at', dir: 'desc', ...query, ...more });
  const first = await page(), second = await page({ next: first.pagination.next });
  assert.deepEqual([first.models[0].id, second.models[0].id], all.slice(0, 2), group);
  assert.equal((await page({ prev: second.pagination.prev })).models[0].id, all[0], group);
}

test('sources', async () => {
  const made = await sdk.source.create({ name: 'one', description: 'first', allowedHttpMethods: ['POST', 'PUT'],
    customResponse: { contentType: 'json', body: '{"taken":true}' } });
  assert.deepEqual([made.name, made.description, made.allowedHttpMethods, made.customResponse],
    ['one', 'first', ['POST', 'PUT'], { contentType: 'json', body: '{"taken":true}' }]);
  assert.ok(made.createdAt instanceof Date && made.updatedAt instanceof Date && made.disabledAt == null);
  assert.equal(await (await fetch(made.url, { method: 'PUT', body: BODY })).text(), '{"taken":true}');
  assert.equal(await post(made.url, {}, 'PATCH'), 405);

  const verified = await sdk.source.upsert({ name: 'verified', verification: { type: 'hmac',
    configs: { webhookSecretKey: 's', algorithm: 'sha256', headerKey: 'x-signature', encoding: 'hex' } } });
  assert.equal(verified.verification.type, 'hmac');
  assert.equal(verified.verification.configs?.webhookSecretKey, undefined, 'no secret without being asked');
  const shown = await sdk.source.retrieve(verified.id, { include: 'verification.configs' });
  assert.deepEqual(shown.verification, { type: 'hmac', configs: { webhookSecretKey: 's', algorithm: 'sha256', headerKey: 'x-signature', encoding: 'hex' } });
  assert.equal(await post(verified.url), 401);
  assert.equal(await post(verified.url, { 'x-signature': createHmac('sha256', 's').update(BODY).digest('hex') }), 200);
  const keyed = await sdk.source.update(verified.id, { name: 'keyed', verification: { type: 'api_key', configs: { headerKey: 'x-key', apiKey: 'k' } } });
  assert.deepEqual([keyed.id, keyed.name, keyed.verification.type], [verified.id, 'keyed', 'api_key']);
  assert.equal(await post(verified.url, { 'x-key': 'k' }), 200);
  const basic = await sdk.source.upsert({ name: 'keyed', verification: { type: 'basic_auth', configs: { username: 'u', password: 'p' } } });
  assert.deepEqual([basic.id, basic.verification.type], [verified.id, 'basic_auth']);
  assert.equal(await post(verified.url, { authorization: `Basic ${btoa('u:p')}` }), 200);
  const hub = await sdk.source.create({ name: 'hub', verification: { type: 'github', configs: { webhookSecretKey: 's' } } });
  assert.equal(await post(hub.url), 401);
  assert.equal(await post(hub.url, { 'x-hub-signature-256': `sha256=${createHmac('sha256', 's').update(BODY).digest('hex')}` }), 200);
  await fails(Hookdeck.UnprocessableEntityError, 422, /must be hexadecimal/,
    sdk.source.create({ name: 'adyen', verification: { type: 'adyen', configs: { webhookSecretKey: 's' } } }));

  const disabled = await sdk.source.disable(made.id);
  assert.ok(disabled.disabledAt instanceof Date);
  assert.ok(names(await sdk.source.list({ name: 'one' })).includes('one'));
  assert.deepEqual(names(await sdk.source.list({ name: 'one', disabled: false })), []);
  assert.deepEqual(names(await sdk.source.list({ disabledAt: disabled.disabledAt })), ['one']);
  assert.equal((await sdk.source.enable(made.id)).disabledAt ?? null, null);
  assert.deepEqual(names(await sdk.source.list({ id: [made.id, verified.id], orderBy: 'created_at', dir: 'asc' })), ['one', 'keyed']);
  await checkPages('source');

  assert.deepEqual(await sdk.source.delete(made.id), { id: made.id });
  await fails(Hookdeck.GoneError, 410, /has been deleted|deleted/, sdk.source.retrieve(made.id));
  await fails(Hookdeck.NotFoundError, 404, /there is no source/, sdk.source.retrieve('src_nothing'));
  await fails(Hookdeck.UnprocessableEntityError, 422, /name: /, sdk.source.create({ name: 'not a name' }));
});

test('destinations', async () => {
  const METHODS = [
    [{ type: 'HOOKDECK_SIGNATURE' }, ({ headers }) => assert.ok(headers['x-hookdeck-signature'])],
    [{ type: 'BASIC_AUTH', config: { username: 'u', password: 'p' } }, ({ headers }) => assert.equal(headers.authorization, `Basic ${btoa('u:p')}`)],
    [{ type: 'API_KEY', config: { key: 'x-key', apiKey: 'k', to: 'header' } }, ({ headers }) => assert.equal(headers['x-key'], 'k')],
    [{ type: 'BEARER_TOKEN', config: { token: 't' } }, ({ headers }) => assert.equal(headers.authorization, 'Bearer t')],
    [{ type: 'CUSTOM_SIGNATURE', config: { key: 'x-own', signingSecret: 's' } },
      ({ headers, body }) => assert.equal(headers['x-own'], createHmac('sha256', 's').update(body).digest('base64'))],
  ];
  const source = await sdk.source.create({ name: 'to-methods' });
  for (const [authMethod, check] of METHODS) {
    const name = authMethod.type, url = `${sink.url}/${name}`;
    const made = await sdk.destination.create({ name, description: 'first', url, httpMethod: 'PUT', authMethod, pathForwardingDisabled: true });
    assert.deepEqual([made.name, made.description, made.url, made.httpMethod, made.pathForwardingDisabled, made.authMethod.type],
      [name, 'first', url, 'PUT', true, name]);
    await sdk.connection.create({ name, sourceId: source.id, destinationId: made.id });
    assert.equal(await post(`${source.url}/more`), 200);
    const sent = await until(`the delivery to ${name}`, () => sink.received.find((request) => request.url === `/${name}`));
    assert.equal(sent.method, 'PUT');
    check(sent);
  }
  const local = await sdk.destination.upsert({ name: 'local', cliPath: '/hooks' });
  assert.equal(local.cliPath, '/hooks');
  assert.equal((await sdk.destination.upsert({ name: 'local', cliPath: '/other', description: 'second' })).id, local.id);
  const changed = await sdk.destination.update(local.id, { name: 'remote', url: sink.url });
  assert.deepEqual([changed.id, changed.name, changed.url, changed.description], [local.id, 'remote', sink.url, 'second']);
  assert.equal((await sdk.destination.retrieve(local.id)).url, sink.url);
  const limited = await sdk.destination.update(local.id, { rateLimit: 5, rateLimitPeriod: 'minute' });
  assert.deepEqual([limited.rateLimit, limited.rateLimitPeriod], [5, 'minute']);
  await fails(Hookdeck.UnprocessableEntityError, 422, /rate_limit: must be from 1/, sdk.destination.update(local.id, { rateLimit: 0 }));

  const disabled = await sdk.destination.disable(local.id);
  assert.ok(disabled.disabledAt instanceof Date);
  assert.deepEqual(names(await sdk.destination.list({ name: 'remote', disabled: false })), []);
  assert.deepEqual(names(await sdk.destination.list({ disabledAt: disabled.disabledAt })), ['remote']);
  assert.equal((await sdk.destination.enable(local.id)).disabledAt ?? null, null);
  assert.deepEqual(names(await sdk.destination.list({ url: sink.url })), ['remote']);
  await sdk.destination.create({ name: 'cli', cliPath: '/found' });
  assert.deepEqual(names(await sdk.destination.list({ cliPath: '/found' })), ['cli']);
  assert.deepEqual(names(await sdk.destination.list({ id: local.id })), ['remote']);
  await checkPages('destination');
  assert.deepEqual(await sdk.destination.delete(local.id), { id: local.id });
  await fails(Hookdeck.GoneError, 410, /deleted/, sdk.destination.retrieve(local.id));
  await fails(Hookdeck.NotFoundError, 404, /there is no destination/, sdk.destination.update('des_nothing', { name: 'x' }));
});

test('connections', async () => {
  const made = await sdk.connection.create({
    name: 'link', description: 'first', source: { name: 'from', description: 'in', verification: { type: 'api_key', configs: { headerKey: 'x-key', apiKey: 'k' } } },
    destination: { name: 'to', description: 'out', url: `${sink.url}/link`, httpMethod: 'POST' },
    rules: [{ type: 'retry', strategy: 'linear', count: 3, interval: 1000 }, { type: 'delay', delay: 1 }],
  });
  assert.deepEqual([made.name, made.description, made.fullName, made.source.name, made.source.verification.type, made.destination.url],
    ['link', 'first', 'from -> link', 'from', 'api_key', `${sink.url}/link`]);
  assert.deepEqual(made.rules, [{ type: 'retry', strategy: 'linear', count: 3, interval: 1000 }, { type: 'delay', delay: 1 }]);
  assert.equal(await post(made.source.url, { 'x-key': 'k' }), 200);
  await until('the delivery', () => sink.received.find(({ url }) => url === '/link'));

  const upserted = await sdk.connection.upsert({ name: 'link', source: { name: 'from' }, destination: { name: 'to' }, description: 'second' });
  assert.deepEqual([upserted.id, upserted.description, upserted.rules.length, upserted.source.verification.type], [made.id, 'second', 2, 'api_key']);
  const updated = await sdk.connection.update(made.id, { name: 'renamed', rules: [] });
  assert.deepEqual([updated.id, updated.name, updated.rules, updated.description], [made.id, 'renamed', [], 'second']);
  assert.equal((await sdk.connection.retrieve(made.id)).name, 'renamed');
  const rules = [{ type: 'filter', body: { a: { $gt: 1 } }, path: '/x' }, { type: 'transform', transformation: { name: 'sdk-rule', code: CODE, env: { A: '1' } } }];
  const ruled = (await sdk.connection.update(made.id, { rules })).rules;
  const transformation = (await sdk.transformation.list({ name: 'sdk-rule' })).models[0];
  assert.deepEqual(ruled, [rules[0], { type: 'transform', transformationId: transformation.id }]);
  assert.deepEqual((await sdk.connection.update(made.id, { rules: [{ type: 'transform', transformationId: transformation.id }] })).rules,
    [{ type: 'transform', transformationId: transformation.id }]);
  await fails(Hookdeck.UnprocessableEntityError, 422, /rules\[0\]\.body\.\$regex: is not an operator/, sdk.connection.update(made.id, { rules: [{ type: 'filter', body: { $regex: 'a' } }] }));

  const paused = await sdk.connection.pause(made.id);
  assert.ok(paused.pausedAt instanceof Date);
  assert.deepEqual(names(await sdk.connection.list({ pausedAt: paused.pausedAt })), ['renamed']);
  assert.deepEqual(await sdk.connection.count({ pausedAt: paused.pausedAt }), { count: 1 });
  assert.equal((await sdk.connection.unpause(made.id)).pausedAt ?? null, null);
  const disabled = await sdk.connection.disable(made.id);
  assert.ok(disabled.disabledAt instanceof Date);
  assert.deepEqual(names(await sdk.connection.list({ disabledAt: disabled.disabledAt, destinationId: made.destination.id })), ['renamed']);
  assert.deepEqual(await sdk.connection.count({ sourceId: made.source.id, disabled: false }), { count: 0 });
  assert.deepEqual(await sdk.connection.count({ disabledAt: disabled.disabledAt, destinationId: [made.destination.id] }), { count: 1 });
  assert.equal((await sdk.connection.enable(made.id)).disabledAt ?? null, null);
  assert.deepEqual(names(await sdk.connection.list({ id: made.id, name: 'renamed', sourceId: [made.source.id], fullName: 'from -> renamed' })), ['renamed']);
  for (const orderBy of ['sources.created_at', 'destinations.updated_at']) assert.ok((await sdk.connection.list({ orderBy, dir: 'asc' })).models.length > 1);
  await checkPages('connection');
  assert.deepEqual(await sdk.connection.delete(made.id), { id: made.id });
  await fails(Hookdeck.GoneError, 410, /deleted/, sdk.connection.retrieve(made.id));
  await fails(Hookdeck.NotFoundError, 404, /there is no connection/, sdk.connection.pause('web_nothing'));
});

test('transformations', async () => {
  const made = await sdk.transformation.create({ name: 'code', code: CODE, env: { A: '1' } });
  assert.deepEqual([made.name, made.code, made.env], ['code', CODE, { A: '1' }]);
  const upserted = await sdk.transformation.upsert({ name: 'code', code: `${CODE} // two`, env: { B: '2' } });
  assert.deepEqual([upserted.id, upserted.code, upserted.env], [made.id, `${CODE} // two`, { B: '2' }]);
  assert.equal((await sdk.transformation.update(made.id, { name: 'code-2' })).name, 'code-2');
  assert.equal((await sdk.transformation.retrieve(made.id)).code, `${CODE} // two`);
  await sdk.transformation.create({ name: 'other', code: CODE });
  assert.deepEqual(names(await sdk.transformation.list({ name: 'other' })), ['other']);
  assert.deepEqual(names(await sdk.transformation.list({ id: [made.id] })), ['code-2']);
  await checkPages('transformation');
  const executions = await sdk.transformation.listExecution(made.id, { logLevel: 'error', webhookId: 'web_1', issueId: 'iss_1', createdAt: new Date(),
    orderBy: 'created_at', dir: 'asc', limit: 5 });
  assert.deepEqual([executions.models, executions.pagination.limit], [[], 5]);
  await fails(Hookdeck.NotFoundError, 404, /there is no execution/, sdk.transformation.retrieveExecution(made.id, 'exec_1'));
  const tried = await sdk.transformation.run({ code: CODE, request: { headers: { 'content-type': 'text/plain' }, path: '/', query: 'a=1' } });
  assert.deepEqual([tried.logLevel, tried.request.path, tried.request.query], ['debug', '/', 'a=1']);
  await fails(Hookdeck.NotFoundError, 404, /there is no transformation/, sdk.transformation.retrieve('trs_nothing'));
});

test('custom domains', async () => {
  assert.equal((await sdk.customDomain.create({ hostname: 'hooks.example.com' })).hostname, 'hooks.example.com');
  const [domain] = await sdk.customDomain.list();
  assert.equal(domain.hostname, 'hooks.example.com');
  assert.deepEqual(await sdk.customDomain.delete(domain.id), { id: domain.id });
  assert.deepEqual(await sdk.customDomain.list(), []);
});

test('strangers and broken bodies get the errors that they should', async () => {
  const { sdk: stranger } = setUpSdk(gateway, { token: 'not-the-key-of-this-gateway' });
  await fails(HookdeckError, 401, /key/, stranger.source.list());
  // Nothing makes the SDK send what is no JSON, but something on the way may cut it.
  const cutting = createServer(async (request, reply) => {
    const [body] = await request.toArray();
    const answer = await fetch(`${gateway.url}${request.url}`, { method: request.method, body: body.subarray(0, -1),
      headers: { authorization: request.headers.authorization, 'content-type': 'application/json' } });
    reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise((resolve) => cutting.listen(0, '127.0.0.1', resolve));
  const { sdk: cut } = setUpSdk({ url: `http://127.0.0.1:${cutting.address().port}`, key: gateway.key });
  await fails(Hookdeck.BadRequestError, 400, /JSON/, cut.source.create({ name: 'x' }));
  cutting.close();
  assert.deepEqual(set.warnings, [], 'the replies are what the SDK was made for');
});

test('every method was called', (t) => t.diagnostic(set.coverage('sdk-configuration')));
