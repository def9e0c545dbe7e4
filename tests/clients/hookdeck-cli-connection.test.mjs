// `hookdeck gateway connection`: every command with every flag.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAuthorizationServer, startTokenServer } from '../e2e/auth_servers.mjs';
import { startGateway, startSink, until } from '../e2e/gateway.mjs';
import { setUpHookdeck } from './hookdeck.mjs';
import {
  DESTINATION_SETTINGS, PATH_SETTING, REFUSED_DESTINATION_SETTINGS, SOURCE_FILES, SOURCE_SETTINGS,
  checkDeliveries, checkSource, refusedFlags, remoteAuthSettings, words,
} from './hookdeck_flags.mjs';

let gateway, sink, hookdeck;

before(async () => {
  gateway = await startGateway();
  sink = await startSink();
  hookdeck = await setUpHookdeck(gateway);
  for (const [name, content] of Object.entries(SOURCE_FILES)) hookdeck.file(name, content);
  hookdeck.file('rules.json', JSON.stringify(RULES));
});
after(async () => {
  hookdeck?.remove();
  await gateway?.stop();
  await sink?.stop();
});

const connection = (...rest) => hookdeck.json('connection', ...rest);
const names = ({ models }) => models.map(({ name }) => name).sort();
const FROM = (name) => ['--source-name', name, '--source-type', 'WEBHOOK'];
const TO_MOCK = (name) => ['--destination-name', name, '--destination-type', 'MOCK_API'];

const RULES = [{ type: 'delay', delay: 1 }, { type: 'retry', strategy: 'linear', count: 2, interval: 5, response_status_codes: ['>=500', '!501'] }];
const RETRY_FLAGS = {
  'rule-retry-strategy': 'exponential', 'rule-retry-count': '3', 'rule-retry-interval': '1000', 'rule-retry-response-status-codes': '500,503',
};
const RULE_SETTINGS = [
  [{ 'rule-delay': '2000', ...RETRY_FLAGS }, [
    { type: 'delay', delay: 2000 },
    { type: 'retry', strategy: 'exponential', count: 3, interval: 1000, response_status_codes: ['500', '503'] },
  ]],
  [{ 'rule-retry-strategy': 'linear' }, [{ type: 'retry', strategy: 'linear' }]],
  [{ rules: JSON.stringify(RULES) }, RULES],
  [{ 'rules-file': 'rules.json' }, RULES],
];
// Code of the transformation, whose env says what it adds.
const MARK = 'addHandler("transform", (request) => { request.body.mark = process.env.MARK; request.headers["x-mark"] = "1"; return request; });';
const FILTER_FLAGS = {
  'rule-filter-body': '{"order":{"$gt":1}}', 'rule-filter-headers': '{"X-Shop":"de"}', 'rule-filter-path': '{"$startsWith":"/in/"}', 'rule-filter-query': '{"page":1}',
};
const FILTER = { type: 'filter', body: { order: { $gt: 1 } }, headers: { 'X-Shop': 'de' }, path: { $startsWith: '/in/' }, query: { page: 1 } };
const TRANSFORM_FLAGS = { 'rule-transform-name': 'mark', 'rule-transform-code': MARK, 'rule-transform-env': '{"MARK":"m"}' };
// Rules that look at webhooks: [flags, rules, webhooks of [body, place], which of them arrive, as what]. Transformations are named in place of their ids.
const GOOD = '/in/a?page=1';
const WORKING_RULE_SETTINGS = [
  [FILTER_FLAGS, [FILTER], [[{ order: 2 }, GOOD], [{ order: 1 }, GOOD], [{ order: 2 }, '/out?page=1'], [{ order: 2 }, '/in/a?page=2'], [{ order: 3 }, GOOD]],
    [{ order: 2 }, { order: 3 }]],
  [{ 'rule-filter-path': '/in/a' }, [{ type: 'filter', path: '/in/a' }], [[{ order: 1 }, GOOD], [{ order: 2 }, '/in/b']], [{ order: 1 }]],
  [{ 'rule-deduplicate-window': '60000', 'rule-deduplicate-include-fields': 'body.order,path' },
    [{ type: 'deduplicate', window: 60000, include_fields: ['body.order', 'path'] }],
    [[{ order: 1, at: 1 }, GOOD], [{ order: 1, at: 2 }, GOOD], [{ order: 1, at: 3 }, '/in/b'], [{ order: 2, at: 4 }, GOOD]],
    [{ order: 1, at: 1 }, { order: 1, at: 3 }, { order: 2, at: 4 }]],
  [{ 'rule-deduplicate-window': '60000', 'rule-deduplicate-exclude-fields': 'body.at' }, [{ type: 'deduplicate', window: 60000, exclude_fields: ['body.at'] }],
    [[{ order: 1, at: 1 }, GOOD], [{ order: 1, at: 2 }, GOOD], [{ order: 2, at: 1 }, GOOD]], [{ order: 1, at: 1 }, { order: 2, at: 1 }]],
  [TRANSFORM_FLAGS, [{ type: 'transform', transformation_id: 'mark' }], [[{ order: 1 }, GOOD]], [{ order: 1, mark: 'm' }]],
  // One that is there, by its name; and all in the order that the program gives them.
  [{ 'rule-transform-name': 'mark', 'rule-filter-body': '{"mark":"m","order":1}', 'rule-deduplicate-window': '60000' },
    [{ type: 'deduplicate', window: 60000 }, { type: 'transform', transformation_id: 'mark' }, { type: 'filter', body: { mark: 'm', order: 1 } }],
    [[{ order: 1 }, GOOD], [{ order: 1 }, GOOD], [{ order: 2 }, GOOD]], [{ order: 1, mark: 'm' }]],
];
const REFUSED_RULES = [
  [{ 'rule-filter-body': '{"a":{"$regex":"x"}}' }, /rules\[0\]\.body\.a\.\$regex: is not an operator of filters/],
  [{ 'rule-deduplicate-window': '60' }, /rules\[0\]\.window: must be from 1000 to 3600000/],
  [{ 'rule-deduplicate-window': '1000', 'rule-deduplicate-include-fields': 'body.a[*]' }, /include_fields\[0\]: \[\*\] and \[n\] must be followed by a name/],
  [{ 'rule-transform-name': 'unknown' }, /rules\[0\]\.transformation\.code: is required, there is no transformation unknown/],
];

test('sources are made inline with each of their settings', async () => {
  for (const verb of ['create', 'upsert']) {
    await Promise.all(SOURCE_SETTINGS.map(async (setting) => {
      const name = `${verb}-${setting.name}`;
      const made = await connection(verb, ...(verb === 'create' ? ['--name', name] : [name]), ...FROM(`from-${name}`),
        '--source-description', 'one', ...words(setting.flags, 'source-'), ...TO_MOCK('to-all'), '--destination-description', 'two');
      assert.deepEqual([made.name, made.source.name, made.source.description, made.destination.name, made.destination.description],
        [name, `from-${name}`, 'one', 'to-all', 'two']);
      assert.equal(made.full_name, `from-${name} -> ${name}`);
      const shown = await connection('get', name, '--include-source-auth');
      await checkSource(shown.source, setting);
      assert.equal((await connection('get', made.id)).source.config.auth, undefined);
    }));
  }
});

test('destinations are made inline with each of their settings', async (t) => {
  const server = await startAuthorizationServer();
  const google = await startTokenServer(() => '{"access_token":"of-google"}');
  t.after(() => Promise.all([server.stop(), google.stop()]));
  for (const verb of ['create', 'upsert']) {
    const settings = [...DESTINATION_SETTINGS, ...await remoteAuthSettings(server, google), PATH_SETTING];
    const placed = await Promise.all(settings.map(async (setting) => {
      // The path ends a URL that is looked for as it stands, so the places of the two verbs must differ by more.
      const place = setting === PATH_SETTING ? (verb === 'create' ? 'path' : 'again/path') : `${verb}-${setting.name}`;
      const name = `to-${verb}-${setting.name}`, url = `${sink.url}/in/${place}`;
      await connection(verb, ...(verb === 'create' ? ['--name', name] : [name]), ...FROM(`from-${verb}`), '--destination-name', name,
        '--destination-type', 'HTTP', '--destination-url', url, ...words(setting.flags, 'destination-'));
      const { source, destination } = await connection('get', name, '--include-destination-auth');
      assert.deepEqual([destination.type, destination.config.url], ['HTTP', url]);
      for (const [member, value] of Object.entries(setting.config)) assert.deepEqual(destination.config[member], value, member);
      return { ...setting, place, source_url: source.url };
    }));
    await checkDeliveries(sink, placed[0].source_url, placed.map((each) => (each.name === 'path'
      ? { ...each, sent: ({ url }) => assert.equal(url, `/in/${each.place}`) } : each)));
    const local = await connection(verb, ...(verb === 'create' ? ['--name', 'local'] : ['local-2']), ...FROM(`from-${verb}`),
      '--destination-name', `local-${verb}`, '--destination-type', 'CLI', '--destination-cli-path', '/hooks');
    assert.deepEqual([local.destination.type, local.destination.config.path], ['CLI', '/hooks']);
  }
});

test('rules are set by flags, as JSON and from a file', async () => {
  await gateway.api('PUT', '/transformations', { name: 'mark', code: MARK, env: { MARK: 'm' } });
  const { id: mark } = (await gateway.api('GET', '/transformations?name=mark')).body.models[0];
  await Promise.all([...RULE_SETTINGS, ...WORKING_RULE_SETTINGS].map(async ([flags, rules], i) => {
    const shown = ([name, value]) => [name, value === mark ? 'mark' : value];
    const rulesOf = ({ rules }) => rules.map((rule) => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== null).map(shown)));
    const made = await connection('create', '--name', `rules-${i}`, ...FROM(`rules-${i}`), ...TO_MOCK('to-all'), ...words(flags));
    assert.deepEqual(rulesOf(made), rules);
    await connection('update', made.id, '--rules', '[]');
    assert.deepEqual(rulesOf(await connection('update', made.id, ...words(flags))), rules);
    await connection('upsert', `rules-${i}`, '--rules', '[]');
    assert.deepEqual(rulesOf(await connection('upsert', `rules-${i}`, ...words(flags))), rules);
    assert.deepEqual(rulesOf(await connection('upsert', `rules-${i}`, '--description', 'kept')), rules);
  }));
});

test('filters, deduplicate rules and transformations set by flags do their work', async () => {
  await Promise.all(WORKING_RULE_SETTINGS.map(async ([flags, , webhooks, arrive], i) => {
    const place = `ruled-${i}`;
    const { source } = await connection('create', '--name', place, ...FROM(place), '--destination-name', place, '--destination-type', 'HTTP',
      '--destination-url', `${sink.url}/${place}`, ...words(flags));
    for (const [body, path] of webhooks) {
      const reply = await fetch(source.url + path, { method: 'POST', headers: { 'content-type': 'application/json', 'x-shop': 'de' }, body: JSON.stringify(body) });
      const { request_id } = await reply.json();
      await until('an end of the webhook', async () => {
        const { events_count, ignored_count } = (await gateway.api('GET', `/requests/${request_id}`)).body;
        return events_count + ignored_count > 0;
      });
    }
    const arrived = () => sink.received.filter(({ url }) => url.startsWith(`/${place}/`));
    await until(`what arrives at ${place}`, () => arrived().length >= arrive.length);
    const inOrder = (list) => [...list].map((each) => JSON.stringify(each)).sort();
    assert.deepEqual(inOrder(arrived().map(({ body }) => JSON.parse(body))), inOrder(arrive), place);
    if (arrive[0].mark) assert.equal(arrived()[0].headers['x-mark'], '1');
  }));
});

test('a connection between things that exist, changed in part', async () => {
  const [source, other] = await Promise.all(['ids', 'ids-2'].map(async (name) => (await gateway.api('POST', '/sources', { name })).body));
  const [mock, last] = await Promise.all(['ids', 'ids-2'].map(async (name) => (await gateway.api('POST', '/destinations', { name, type: 'MOCK_API' })).body));
  const made = await connection('create', '--name', 'ids', '--description', 'one', '--source-id', source.id, '--destination-id', mock.id);
  assert.deepEqual([made.source.id, made.destination.id, made.description], [source.id, mock.id, 'one']);
  const upserted = await connection('upsert', 'ids', '--source-id', source.id, '--destination-id', mock.id, '--description', 'two');
  assert.deepEqual([upserted.id, upserted.description], [made.id, 'two']);
  const renamed = await connection('update', made.id, '--name', 'ids-renamed', '--description', 'three');
  assert.deepEqual([renamed.id, renamed.name, renamed.description], [made.id, 'ids-renamed', 'three']);
  // The ends of a connection are what it is; naming them again is no change.
  const same = await connection('update', made.id, '--source-id', source.id, '--destination-id', mock.id);
  assert.deepEqual([same.source.id, same.destination.id], [source.id, mock.id]);
  await hookdeck.refused(/source: of a connection that exists cannot be changed/, 'connection', 'update', made.id, '--source-id', other.id);
  await hookdeck.refused(/destination: of a connection that exists cannot be changed/, 'connection', 'update', made.id, '--destination-id', last.id);
  await hookdeck.refused(/source_id: there is no source src_nothing/, 'connection', 'update', made.id, '--source-id', 'src_nothing');
  await hookdeck.refused(/destination: of a connection that exists cannot be changed/, 'connection', 'upsert', 'ids-renamed', '--destination-id', last.id);
});

test('a dry run tells what an upsert would do and does nothing', async () => {
  await connection('create', '--name', 'dry', ...FROM('dry'), ...TO_MOCK('to-all'));
  assert.match(await hookdeck.text('connection', 'upsert', 'dry', '--description', 'changed', '--dry-run'), /Operation: UPDATE[^]*Description: "" → "changed"/);
  assert.match(await hookdeck.text('connection', 'upsert', 'dry-new', ...FROM('dry-new'), ...TO_MOCK('to-all'), '--dry-run'), /Operation: CREATE/);
  assert.equal((await connection('get', 'dry')).description, null);
  assert.deepEqual(names(await connection('list', '--name', 'dry-new')), []);
});

test('connections are found by name, id, ends and state', async () => {
  const [one, two] = await Promise.all(['find-1', 'find-2'].map((name) => connection('create', '--name', name, ...FROM(name), ...TO_MOCK('find'))));
  assert.deepEqual(await connection('get', 'find-1'), await connection('get', one.id));
  assert.match(await hookdeck.text('connection', 'get', 'find-1'), new RegExp(`find-1[^]*${one.id}[^]*find-1 -> find-1[^]*${one.source.url}[^]*Active`));
  assert.deepEqual(names(await connection('list', '--name', 'find-2')), ['find-2']);
  assert.deepEqual(names(await connection('list', '--source-id', one.source.id)), ['find-1']);
  assert.deepEqual(names(await connection('list', '--destination-id', one.destination.id)), ['find-1', 'find-2']);
  const page = await connection('list', '--destination-id', one.destination.id, '--limit', '1');
  assert.deepEqual([page.models.length, typeof page.pagination.next], [1, 'string']);

  assert.match(await hookdeck.text('connection', 'pause', 'find-2'), /paused/);
  assert.notEqual((await connection('get', two.id)).paused_at, null);
  assert.match(await hookdeck.text('connection', 'list', '--name', 'find-2'), /find-2[^]*paused/i);
  assert.match(await hookdeck.text('connection', 'unpause', 'find-2'), /unpaused/);
  assert.equal((await connection('get', two.id)).paused_at, null);
  assert.match(await hookdeck.text('connection', 'disable', two.id), /disabled/);
  assert.deepEqual(names(await connection('list', '--destination-id', one.destination.id)), ['find-1']);
  assert.deepEqual(names(await connection('list', '--destination-id', one.destination.id, '--disabled')), ['find-1', 'find-2']);
  assert.match(await hookdeck.text('connection', 'enable', two.id), /enabled/);
  assert.equal((await connection('get', two.id)).disabled_at, null);
  assert.match(await hookdeck.text('connection', 'delete', two.id, '--force'), /deleted/);
  assert.deepEqual(names(await connection('list', '--destination-id', one.destination.id, '--disabled')), ['find-1']);
  await hookdeck.refused(/not found/, 'connection', 'get', two.id);
});

test('what is not kept, sent or understood is refused in words, and nothing is made', async () => {
  const made = await connection('create', '--name', 'plain', ...FROM('plain'),
    '--destination-name', 'plain', '--destination-type', 'HTTP', '--destination-url', sink.url);
  const ends = [...FROM('refused'), '--destination-name', 'refused', '--destination-type', 'HTTP', '--destination-url', sink.url];
  await Promise.all([
    ...REFUSED_DESTINATION_SETTINGS.flatMap(([flags, why]) => [
      hookdeck.refused(why, 'connection', 'create', '--name', 'refused', ...ends, ...words(flags, 'destination-')),
      hookdeck.refused(why, 'connection', 'upsert', 'refused', ...ends, ...words(flags, 'destination-')),
    ]),
    ...REFUSED_RULES.flatMap(([flags, why]) => [
      hookdeck.refused(why, 'connection', 'create', '--name', 'refused', ...ends, ...words(flags)),
      hookdeck.refused(why, 'connection', 'upsert', 'plain', ...words(flags)),
      hookdeck.refused(why, 'connection', 'update', made.id, ...words(flags)),
    ]),
    hookdeck.refused(/signatures of STRIPE are not verified by this version/, 'connection', 'create', '--name', 'refused',
      '--source-name', 'refused', '--source-type', 'STRIPE', '--source-webhook-secret', 'whsec_1', ...TO_MOCK('refused')),
  ]);
  assert.deepEqual(names(await connection('list', '--name', 'refused')), []);
  await hookdeck.refused(/no source found/, 'source', 'get', 'refused');
  assert.deepEqual(await connection('get', made.id), made);
});

test('every command and flag was run', async (t) => t.diagnostic(await hookdeck.coverage('connection', {
  ...refusedFlags(REFUSED_DESTINATION_SETTINGS, 'destination-', 'rate limits are not enforced yet'),
})));
