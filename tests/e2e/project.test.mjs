// Several projects and their keys: through the API, and with `fairlead projects` and `fairlead keys`.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import webhooks from '@hookdeck/sdk/webhooks/index.js';
import { runSql } from './database.mjs';
import { PROGRAM, startGateway, startSink, until } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

let gateway, sink, ok, refused;

before(async () => {
  gateway = await startGateway();
  sink = await startSink();
  ({ ok, refused } = callsOf(gateway));
});
after(async () => {
  await gateway?.stop();
  await sink?.stop();
});

// The same calls with another key.
const as = (key) => callsOf({ url: gateway.url, key });
async function makeProject(name) {
  const project = await ok('POST', '/projects', { name });
  const { key, id } = await ok('POST', `/projects/${project.id}/keys`, { name: `of ${name}` });
  return { ...project, key, key_id: id, ...as(key) };
}
const withHeaders = async (key, headers, path = '/sources') => {
  const reply = await fetch(`${gateway.url}/2025-07-01${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } });
  return { status: reply.status, body: await reply.json() };
};

describe('projects', () => {
  test('are made, listed, renamed, and deleted', async () => {
    const made = await ok('POST', '/projects', { name: 'a shop' });
    assert.match(made.id, /^tm_/);
    assert.deepEqual([made.name, made.type, made.mode, made.signing_secret.length], ['a shop', 'gateway', 'inbound', 44]);
    const listed = (await ok('GET', '/projects')).find(({ id }) => id === made.id);
    assert.deepEqual([listed.name, listed.name_no_org, listed.signing_secret], ['[fairlead] a shop', 'a shop', undefined]);
    assert.deepEqual(await ok('GET', '/teams'), await ok('GET', '/projects'));
    assert.equal((await ok('PUT', `/projects/${made.id}`, { name: 'the shop' })).name, 'the shop');
    assert.equal((await ok('GET', `/projects/${made.id}`)).name, 'the shop');
    assert.deepEqual(await ok('DELETE', `/projects/${made.id}`), { id: made.id });
    await refused(410, 'GET', `/projects/${made.id}`);
    await refused(410, 'DELETE', `/projects/${made.id}`);
    assert.ok(!(await ok('GET', '/projects')).some(({ id }) => id === made.id));
    await ok('POST', '/projects', { name: 'the shop' }); // its name is free again
  });

  test('have names of their own', async () => {
    const made = await ok('POST', '/projects', { name: 'taken' }), other = await ok('POST', '/projects', { name: 'free' });
    assert.equal((await refused(409, 'POST', '/projects', { name: 'taken' })).data.id, made.id);
    await refused(409, 'PUT', `/projects/${other.id}`, { name: 'taken' });
    assert.equal((await ok('PUT', `/projects/${made.id}`, { name: 'taken' })).name, 'taken');
  });

  test('what does not fit is refused', async () => {
    await refusesStrangers(refused, 'POST', '/projects', { name: 'x' });
    await refusesStrangers(refused, 'GET', '/projects');
    await refusesEach(refused, 'POST', '/projects', [
      [{}, /^name: is required/], [{ name: 1 }, /^name: must be a string/], [{ name: '' }, /^name: must not be empty/],
      [{ name: 'x'.repeat(156) }, /^name: .*155/], [{ name: 'a\nb' }, /^name: .*control/], [{ name: 'x', more: 1 }, /^more: /],
    ]);
    await refused(404, 'GET', '/projects/tm_00000000001');
    await refused(404, 'PUT', '/projects/nonsense', { name: 'x' });
    await refused(422, 'GET', '/projects?limit=1');
  });

  test('only the operator’s key changes them', async () => {
    const project = await makeProject('only-operator');
    assert.deepEqual((await project.ok('GET', '/projects')).map(({ id }) => id), [project.id]);
    assert.equal((await project.ok('GET', `/projects/${project.id}`)).signing_secret, project.signing_secret);
    await project.refused(403, 'POST', '/projects', { name: 'x' });
    await project.refused(403, 'PUT', `/projects/${project.id}`, { name: 'x' });
    await project.refused(403, 'PUT', `/projects/${project.id}/rotate_secret`, {});
    await project.refused(403, 'DELETE', `/projects/${project.id}`);
    await project.refused(403, 'POST', `/projects/${project.id}/keys`, {});
    await project.refused(403, 'PUT', `/projects/${project.id}/keys/${project.key_id}`, { rate_limit: 0 });
    await project.refused(403, 'DELETE', `/projects/${project.id}/keys/${project.key_id}`);
    assert.equal((await ok('GET', `/projects/${project.id}`)).name, 'only-operator');
  });

  test('one that is deleted takes all of its own with it', async () => {
    const project = await makeProject('doomed');
    const connection = await project.ok('POST', '/connections', {
      name: 'link', source: { name: 'in' }, destination: { name: 'out', type: 'HTTP', config: { url: `${sink.url}/doomed` } },
    });
    await project.ok('PUT', `/connections/${connection.id}/pause`, {});
    await project.ok('POST', '/teams/current/custom_domains', { hostname: 'doomed.example.com' });
    const send = () => fetch(connection.source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    assert.equal((await send()).status, 200);
    assert.equal((await project.ok('GET', '/events')).models[0].status, 'HOLD');
    await ok('DELETE', `/projects/${project.id}`);
    await project.refused(401, 'GET', '/sources');
    assert.equal((await send()).status, 410);
    const left = (columns, table) => runSql(gateway.dir,
      `SELECT ${columns} FROM ${table} WHERE project_id = (SELECT id FROM project WHERE name = 'doomed')`);
    assert.deepEqual(left('status, due_at', 'event'), [{ status: 6, due_at: 0 }]); // cancelled
    for (const table of ['source', 'destination', 'connection'])
      assert.deepEqual(left('deleted_at > 0 AS deleted', table), [{ deleted: 1 }], table);
    assert.deepEqual(left('*', 'api_key'), []);
    const named = { 'x-project-id': project.id };
    assert.equal((await withHeaders(gateway.key, named)).status, 404);
    await ok('POST', '/teams/current/custom_domains', { hostname: 'doomed.example.com' }); // it is free again
    assert.ok(!sink.received.some(({ url }) => url === '/doomed'));
  });

  test('the last one stays', async () => {
    const lonely = await startGateway();
    const [only] = (await lonely.api('GET', '/projects')).body;
    const reply = await lonely.api('DELETE', `/projects/${only.id}`);
    assert.deepEqual([reply.status, /last project/.test(reply.body.message)], [422, true]);
    // With another one there the first goes, and the operator's key moves.
    const { body: second } = await lonely.api('POST', '/projects', { name: 'second' });
    assert.equal((await lonely.api('DELETE', `/projects/${only.id}`)).status, 200);
    assert.equal((await lonely.api('GET', '/cli-auth/validate')).body.team_id, second.id);
    assert.equal((await lonely.api('POST', '/sources', { name: 'in' })).body.team_id, second.id);
    await lonely.stop();
  });
});

describe('keys', () => {
  test('are shown once, listed by their last digits, changed and deleted', async () => {
    const { id: project } = await ok('POST', '/projects', { name: 'with-keys' });
    const made = await ok('POST', `/projects/${project}/keys`, { name: 'ci', rate_limit: 7 });
    assert.match(made.key, /^[0-9A-Za-z]{32}$/);
    const [listed] = await ok('GET', `/projects/${project}/keys`);
    const { key, ...rest } = made;
    assert.deepEqual(listed, rest);
    assert.deepEqual([listed.name, listed.rate_limit, listed.operator, listed.project_id], ['ci', 7, false, project]);
    assert.equal(listed.last_digits, key.slice(-4));
    assert.equal((await as(key).ok('GET', '/cli-auth/validate')).team_id, project);
    const changed = await ok('PUT', `/projects/${project}/keys/${made.id}`, { name: null, rate_limit: 0 });
    assert.deepEqual([changed.name, changed.rate_limit], [null, 0]);
    assert.deepEqual(await ok('DELETE', `/projects/${project}/keys/${made.id}`), { id: made.id });
    await as(key).refused(401, 'GET', '/sources');
    await refused(404, 'DELETE', `/projects/${project}/keys/${made.id}`);
    assert.deepEqual(await ok('GET', `/projects/${project}/keys`), []);
  });

  test('are not in the store', async () => {
    const project = await makeProject('hashed');
    await until('the log to be written', () => existsSync(join(gateway.dir, 'fairlead.db-wal')));
    for (const file of ['fairlead.db', 'fairlead.db-wal'])
      assert.ok(!readFileSync(join(gateway.dir, file)).includes(project.key), file);
  });

  test('the operator’s cannot be deleted', async () => {
    const { team_id: project, client_id: key } = await ok('GET', '/cli-auth/validate');
    const error = await refused(422, 'DELETE', `/projects/${project}/keys/${key}`);
    assert.match(error.message, /operator/);
  });

  test('what does not fit is refused', async () => {
    const { id: project } = await ok('POST', '/projects', { name: 'bad-keys' });
    await refusesStrangers(refused, 'POST', `/projects/${project}/keys`, {});
    await refusesEach(refused, 'POST', `/projects/${project}/keys`, [
      [{ name: '' }, /^name: /], [{ name: 'a\u001b[2J' }, /^name: .*control/], [{ name: 'x'.repeat(256) }, /^name: .*255/], [{ rate_limit: -1 }, /^rate_limit: .*from 0/],
      [{ rate_limit: 1.5 }, /^rate_limit: /], [{ rate_limit: 1000001 }, /^rate_limit: /], [{ key: 'mine' }, /^key: /],
    ]);
    await refused(404, 'POST', '/projects/tm_00000000001/keys', {});
    await refused(404, 'PUT', `/projects/${project}/keys/key_00000000001`, {});
    await refused(404, 'DELETE', `/projects/${project}/keys/nonsense`);
  });

  test('their number has a limit', async () => {
    const small = await startGateway({ args: ['--set', 'project_keys=2', '--set', 'projects=2'] });
    const { body: project } = await small.api('POST', '/projects', { name: 'two' });
    assert.equal((await small.api('POST', '/projects', { name: 'three' })).status, 422);
    for (const status of [200, 200, 422]) assert.equal((await small.api('POST', `/projects/${project.id}/keys`, {})).status, status);
    await small.stop();
  });

  test('another operator’s key takes the place of the first', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-operator-'));
    const first = await startGateway({ dir, env: { FAIRLEAD_API_KEY: 'the-first-operator' } });
    assert.ok(!existsSync(join(dir, 'api-key')));
    await first.stop();
    const second = await startGateway({ dir, env: { FAIRLEAD_API_KEY: 'the-second-operator' } });
    assert.equal((await second.api('POST', '/projects', { name: 'x' })).status, 200);
    const calls = callsOf({ url: second.url, key: 'the-first-operator' });
    await calls.ok('GET', '/sources'); // an ordinary key now
    await calls.refused(403, 'POST', '/projects', { name: 'y' });
    await second.stop();
    rmSync(dir, { recursive: true, force: true });
  });
});

describe('the project that a call names', () => {
  test('is its key’s own, or any for the operator', async () => {
    const project = await makeProject('named');
    for (const header of ['x-project-id', 'x-team-id']) {
      assert.equal((await withHeaders(project.key, { [header]: project.id })).status, 200);
      assert.equal((await withHeaders(project.key, { [header]: 'named' })).status, 200);
      assert.equal((await withHeaders(gateway.key, { [header]: 'named' }, '/cli-auth/validate')).body.team_id, project.id);
      assert.equal((await withHeaders(gateway.key, { [header]: project.id }, '/cli-auth/validate')).body.team_id, project.id);
      assert.equal((await withHeaders(gateway.key, { [header]: 'tm_00000000001' })).status, 404);
      assert.equal((await withHeaders(project.key, { [header]: 'tm_00000000001' })).status, 403);
      assert.equal((await withHeaders(project.key, { [header]: 'default' })).status, 422);
      for (const bad of ['tm_', 'tm_0', 'src_00000000001', '../..', 'x'.repeat(1000)]) {
        const { status, body } = await withHeaders(gateway.key, { [header]: bad });
        assert.deepEqual([status, body.data[0].startsWith(`${header}: `)], [422, true]);
      }
    }
    assert.equal((await withHeaders(gateway.key, { 'x-project-id': 'named', 'x-team-id': project.id })).status, 200);
    assert.equal((await withHeaders(gateway.key, { 'x-project-id': 'named', 'x-team-id': 'default' })).status, 422);
  });

  test('is where the operator’s call makes things, and publishes', async () => {
    const project = await makeProject('by-name');
    const headers = { authorization: `Bearer ${gateway.key}`, 'x-project-id': project.id, 'content-type': 'application/json' };
    const made = await (await fetch(`${gateway.url}/2025-07-01/sources`, { method: 'POST', headers, body: '{"name":"there"}' })).json();
    assert.equal(made.team_id, project.id);
    assert.equal((await project.ok('GET', '/sources')).models[0].id, made.id);
    const published = await fetch(`${gateway.url}/v1/publish`, { method: 'POST', headers: { ...headers, 'x-hookdeck-source-name': 'there' }, body: '{}' });
    assert.equal(published.status, 200);
    assert.equal((await project.ok('GET', '/requests')).count, 1);
    delete headers['x-project-id'];
    const refusal = await fetch(`${gateway.url}/v1/publish`, { method: 'POST', headers: { ...headers, 'x-hookdeck-source-name': 'there' }, body: '{}' });
    assert.equal(refusal.status, 404);
  });
});

test('deliveries are signed with the secret of their own project, and follow its change', async () => {
  const projects = [await makeProject('signed-1'), await makeProject('signed-2')];
  const sources = [];
  for (const project of projects) {
    const link = await project.ok('POST', '/connections', {
      name: 'link', source: { name: 'in' }, destination: { name: 'out', type: 'HTTP', config: { url: `${sink.url}/${project.name}` } },
    });
    sources.push(link.source.url);
  }
  const sendAndCheck = async (body, secrets) => {
    for (const url of sources) await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    for (const [i, { name }] of projects.entries()) {
      const got = await until('its delivery', () => sink.received.find((entry) => entry.url === `/${name}` && entry.body.toString() === body));
      assert.equal(got.headers['x-hookdeck-signature'], createHmac('sha256', secrets[i]).update(body).digest('base64'));
    }
  };
  const secrets = projects.map(({ signing_secret }) => signing_secret);
  assert.notEqual(secrets[0], secrets[1]);
  await sendAndCheck('{"n":1}', secrets);
  const rotated = await ok('PUT', `/projects/${projects[0].id}/rotate_secret`, {});
  assert.notEqual(rotated.signing_secret, secrets[0]);
  await sendAndCheck('{"n":2}', [rotated.signing_secret, secrets[1]]);
});

test('while a new signing secret overlaps the one before, a receiver with either is content', async () => {
  const { ok: okThere, ...project } = await makeProject('rotating');
  const { source } = await okThere('POST', '/connections', {
    name: 'c', source: { name: 's' }, destination: { name: 'd', config: { url: `${sink.url}/rotating` } },
  });
  const send = async (body) => {
    await fetch(source.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return (await until('its delivery', () => sink.received.find((entry) => entry.url === '/rotating' && entry.body.toString() === body))).headers;
  };
  const accepts = async (secret, headers, body) =>
    (await webhooks.verifyWebhookSignature({ headers, rawBody: body, signingSecret: secret })).isValidSignature;
  const rotate = (body) => ok('PUT', `/projects/${project.id}/rotate_secret`, body);
  const judge = async (body, secrets) => {
    const headers = await send(body);
    const judged = [];
    for (const secret of secrets) judged.push(await accepts(secret, headers, body));
    return judged;
  };
  const second = await rotate({ overlap: 2 });
  assert.equal(second.previous_signing_secret, project.signing_secret);
  assert.ok(Math.abs(Date.parse(second.previous_signing_secret_until) - Date.now() - 2000) < 1000);
  assert.deepEqual(await judge('{"r":1}', [project.signing_secret, second.signing_secret, 'other']), [true, true, false]);
  await until('the end', async () => (await ok('GET', `/projects/${project.id}`)).previous_signing_secret === undefined);
  assert.deepEqual(await judge('{"r":2}', [project.signing_secret, second.signing_secret]), [false, true]);
  const third = await rotate({ overlap: 60 });
  const fourth = await rotate({});
  assert.deepEqual(await judge('{"r":3}', [second.signing_secret, third.signing_secret, fourth.signing_secret]), [false, false, true]);
  for (const overlap of [-1, 1.5, '1', 2592001]) await refused(422, 'PUT', `/projects/${project.id}/rotate_secret`, { overlap });
});

// ---- the commands ----

function fairlead(...words) {
  const env = { ...process.env };
  delete env.FAIRLEAD_API_KEY;
  return new Promise((resolve) => execFile(PROGRAM, words, { env }, (error, out, err) => resolve({ code: error ? error.code : 0, out, err })));
}

describe('commands', () => {
  // The same session with a gateway at work and without one.
  for (const running of [true, false]) {
    test(running ? 'work through a running gateway' : 'work on the store itself', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'fairlead-commands-'));
      let own = await startGateway({ dir });
      if (!running) await own.stop();
      const run = async (...words) => {
        const { code, out, err } = await fairlead(...words, '--data', dir);
        assert.equal(code, 0, `${words}: ${err}`);
        return out.trim();
      };
      assert.match(await run('projects', 'list'), /^tm_\S+ {2}\S+ {2}default$/);
      const project = JSON.parse(await run('projects', 'create', 'the shop', '--json'));
      assert.match(await run('projects', 'show', 'the shop'), new RegExp(project.signing_secret));
      assert.doesNotMatch(await run('projects', 'rotate-secret', 'the shop'), new RegExp(project.signing_secret));
      const before = JSON.parse(await run('projects', 'show', 'the shop', '--json')).signing_secret;
      assert.match(await run('projects', 'rotate-secret', 'the shop', '--overlap', '60'), new RegExp(`the one before +${before}, until 20`));
      assert.equal(await run('projects', 'rename', project.id, 'shop'), `${project.id}  shop`);
      const key = await run('keys', 'create', '--project', 'shop', '--name', 'ci', '--rate-limit', '9');
      const gone = await run('keys', 'create', '--project', project.id);
      const keys = JSON.parse(await run('keys', 'list', '--json'));
      assert.deepEqual(keys.map(({ name, rate_limit, operator }) => [name, rate_limit, operator]),
        [['operator', 0, true], ['ci', 9, false], [null, 0, false]]);
      assert.equal(JSON.parse(await run('keys', 'list', '--project', 'shop', '--json')).length, 2);
      assert.match(await run('keys', 'limit', keys[1].id, '--rate-limit', '20'), /20\/min/);
      assert.equal(await run('keys', 'delete', keys[2].id), `${keys[2].id} is deleted`);
      assert.equal(await run('projects', 'delete', JSON.parse(await run('projects', 'create', 'short', '--json')).id).then((out) => / is deleted$/.test(out)), true);
      for (const [words, sentence] of [
        [['projects', 'create', 'shop'], /name shop/], [['projects', 'rename', 'no such', 'x'], /no project "no such"/],
        [['keys', 'create'], /several projects/], [['keys', 'delete', 'key_00000000001'], /no key key_00000000001/],
        [['keys', 'delete', keys[0].id], /operator/], [['keys', 'limit', keys[1].id], /--rate-limit N/],
      ]) {
        const { code, err } = await fairlead(...words, '--data', dir);
        assert.deepEqual([code, sentence.test(err)], [1, true], `${words}: ${err}`);
      }
      if (!running) own = await startGateway({ dir });
      const calls = callsOf({ url: own.url, key });
      assert.equal((await calls.ok('GET', '/cli-auth/validate')).team_name, 'shop');
      await callsOf({ url: own.url, key: gone }).refused(401, 'GET', '/sources');
      await own.stop();
      rmSync(dir, { recursive: true, force: true });
    });
  }

  test('the address is there while the gateway is, and for its owner only', async () => {
    const file = join(gateway.dir, 'address');
    assert.equal(readFileSync(file, 'utf8'), `${gateway.url}\n`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const dir = mkdtempSync(join(tmpdir(), 'fairlead-address-'));
    await (await startGateway({ dir })).stop();
    assert.ok(!existsSync(join(dir, 'address')));
    const killed = await startGateway({ dir });
    await killed.stop({ signal: 'SIGKILL' });
    assert.ok(existsSync(join(dir, 'address')));
    assert.equal((await fairlead('projects', 'list', '--data', dir)).code, 0); // what is left behind does no harm
    const next = await startGateway({ dir });
    assert.equal(readFileSync(join(dir, 'address'), 'utf8'), `${next.url}\n`);
    await next.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('wrong usage is told', async () => {
    for (const words of [['projects'], ['projects', 'paint'], ['keys', 'list', 'x'], ['keys', 'create', '--rate-limit', 'many'],
      ['keys', 'list', '--colour'], ['projects', 'create'], ['projects', 'create', 'a', 'b', 'c']]) {
      const { code, err } = await fairlead(...words);
      assert.deepEqual([code, err.length > 0], [2, true], `${words}`);
    }
    for (const words of [['projects', '--help'], ['keys', 'create', '--help']])
      assert.deepEqual([(await fairlead(...words)).code, /usage/.test((await fairlead(...words)).out)], [0, true]);
    const nowhere = await fairlead('keys', 'list', '--data', join(tmpdir(), 'no-such-directory'));
    assert.deepEqual([nowhere.code, /no store in/.test(nowhere.err)], [1, true]);
  });
});
