// The calls with which hookdeck-cli signs in, and the page that confirms it.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway, until } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

let gateway, ok, refused;
before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

const as = (key) => callsOf({ url: gateway.url, key });
// Without a key.
async function open(method, path, body, at = gateway) {
  const reply = await fetch(path.startsWith('http') ? path : `${at.url}/2026-09-01${path}`, {
    method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body),
  });
  return { status: reply.status, body: await reply.json() };
}
const begin = async (device_name = 'laptop') => (await open('POST', '/cli-auth', { device_name })).body;
const send = (page, key) => fetch(page, { method: 'POST', body: new URLSearchParams({ key }) });

describe('with a key', () => {
  test('ci and validate tell whose it is', async () => {
    const { id } = await ok('POST', '/projects', { name: 'ci' });
    const { key, id: client_id } = await ok('POST', `/projects/${id}/keys`, { name: 'of ci' });
    const basic = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` };
    const reply = await fetch(`${gateway.url}/2026-09-01/cli-auth/ci`, { method: 'POST', headers: basic, body: '{"device_name":"box"}' });
    const account = await reply.json();
    assert.deepEqual([reply.status, account.key, account.team_id, account.team_name, account.team_type, account.team_mode, account.client_id, account.claimed],
      [200, key, id, 'ci', 'gateway', 'inbound', client_id, true]);
    const { key: shown, ...rest } = account;
    assert.equal(shown, key);
    assert.deepEqual(await as(key).ok('GET', '/cli-auth/validate'), rest);
    assert.deepEqual([rest.user_name, rest.user_is_guest, rest.team_name_no_org], ['of ci', false, 'ci']);
    await refusesStrangers(refused, 'POST', '/cli-auth/ci', {});
    await refusesStrangers(refused, 'GET', '/cli-auth/validate');
    await refusesEach(refused, 'POST', '/cli-auth/ci', [[{ device_name: 1 }, /^device_name: /], [{ more: 1 }, /^more: /]]);
  });

  test('a client names itself, and no other', async () => {
    const { id } = await ok('POST', '/projects', { name: 'client' });
    const { key, id: client } = await ok('POST', `/projects/${id}/keys`, {});
    assert.deepEqual(await as(key).ok('PUT', `/cli/${client}`, { device_name: 'my\u001bbox\n' }), { id: client });
    assert.equal((await ok('GET', `/projects/${id}/keys`))[0].name, 'my box');
    await refused(404, 'PUT', `/cli/${client}`, { device_name: 'x' });
    await refusesStrangers(refused, 'PUT', `/cli/${client}`, { device_name: 'x' });
    await refusesEach(as(key).refused, 'PUT', `/cli/${client}`, [[{}, /^device_name: is required/], [{ device_name: '' }, /^device_name: /]]);
  });
});

describe('with a browser', () => {
  test('the page takes a key, and the poll brings one of the same project', async () => {
    const { id } = await ok('POST', '/projects', { name: 'browser' });
    const { key } = await ok('POST', `/projects/${id}/keys`, { rate_limit: 500 });
    const { browser_url, poll_url } = await begin('my <b>laptop</b>\r\n');
    assert.ok(browser_url.startsWith(`${gateway.url}/sign-in/`) && poll_url.startsWith(`${gateway.url}/`));
    assert.deepEqual((await open('GET', poll_url)).body, { claimed: false });
    const page = await fetch(browser_url);
    const html = await page.text();
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type'), /^text\/html/);
    assert.match(page.headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.match(html, /my &lt;b&gt;laptop&lt;\/b&gt;/);
    assert.ok(!/<script/i.test(html) && /<form method="post">/.test(html) && /127\.0\.0\.1/.test(html));
    const wrong = await send(browser_url, 'not a key');
    assert.equal(wrong.status, 401);
    assert.match(await wrong.text(), /not valid[^]*<form/);
    assert.deepEqual((await open('GET', poll_url)).body, { claimed: false });
    const done = await send(browser_url, ` ${key}\n`);
    assert.equal(done.status, 200);
    assert.ok(!/<form/.test(await done.text()));
    const { body: account } = await open('GET', poll_url);
    assert.deepEqual([account.claimed, account.team_id, account.team_name, account.user_name], [true, id, 'browser', 'my <b>laptop</b>']);
    assert.notEqual(account.key, key);
    assert.equal((await as(account.key).ok('GET', '/cli-auth/validate')).client_id, account.client_id);
    assert.deepEqual((await open('GET', poll_url)).body, account); // an answer that was lost can be asked for again
    // It is confirmed once.
    assert.ok(!/<form/.test(await (await fetch(browser_url)).text()));
    await send(browser_url, key);
    assert.deepEqual((await ok('GET', `/projects/${id}/keys`)).map(({ name, rate_limit }) => [name, rate_limit]),
      [[null, 500], ['my <b>laptop</b>', 500]]); // no more than the key that confirmed it
  });

  test('two that confirm at once make one key', async () => {
    const { id } = await ok('POST', '/projects', { name: 'twice' });
    const { key } = await ok('POST', `/projects/${id}/keys`, {});
    const { browser_url, poll_url } = await begin();
    await Promise.all(Array.from({ length: 10 }, () => send(browser_url, key)));
    const keys = await ok('GET', `/projects/${id}/keys`);
    assert.equal(keys.length, 2);
    assert.equal((await open('GET', poll_url)).body.client_id, keys[1].id);
  });

  test('one token does not lead to the other', async () => {
    const { browser_url, poll_url } = await begin();
    const page = browser_url.split('/').at(-1), poll = new URL(poll_url).searchParams.get('key');
    assert.notEqual(page, poll);
    assert.ok(page.length >= 22 && poll.length >= 22);
    assert.equal((await open('GET', `/cli-auth/poll?key=${page}`)).status, 401);
    assert.equal((await fetch(`${gateway.url}/sign-in/${poll}`)).status, 404);
    assert.ok(!(await (await fetch(browser_url)).text()).includes(poll));
  });

  test('a guest is a sign-in, whose link the log tells', async () => {
    const { status, body } = await open('POST', '/cli/guest', { device_name: 'x', link_context: 'signup' });
    assert.equal(status, 200);
    assert.equal(body.link, body.browser_url);
    await until('the log', () => gateway.log().includes(body.link));
    assert.equal((await send(body.link, gateway.key)).status, 200);
    assert.equal((await open('GET', body.poll_url)).body.claimed, true);
  });

  test('a key can be polled for, as the terminal’s sign-in does', async () => {
    const { body } = await open('GET', `/cli-auth/poll?key=${gateway.key}`);
    assert.deepEqual([body.claimed, body.key, body.team_name], [true, gateway.key, 'default']);
    assert.equal((await open('GET', '/cli-auth/poll?key=nonsense')).status, 401);
    assert.equal((await open('GET', '/cli-auth/poll')).status, 422);
    assert.equal((await open('GET', '/cli-auth/poll?kay=x')).status, 422);
  });

  test('what does not fit is refused', async () => {
    for (const [path, body] of [['/cli-auth', { device_name: 1 }], ['/cli-auth', { more: 1 }], ['/cli/guest', { link_context: [] }], ['/cli-auth', { device_name: 'x'.repeat(256) }]])
      assert.equal((await open('POST', path, body)).status, 422);
    const { browser_url } = await begin();
    assert.equal((await fetch(browser_url, { method: 'DELETE' })).status, 405);
    assert.equal((await fetch(browser_url, { method: 'HEAD' })).status, 200);
    assert.equal((await fetch(browser_url, { method: 'POST', body: 'nonsense' })).status, 401);
    for (const path of ['/sign-in/', '/sign-in/x', `/sign-in/${'x'.repeat(5000)}`, '/sign-in/%00', '/sign-in/x/y'])
      assert.equal((await fetch(gateway.url + path)).status, 404, path);
  });

  test('their number and their time have a limit', async () => {
    const small = await startGateway({ args: ['--set', 'sign_ins=3', '--set', 'sign_in_ms=1500'] });
    const begun = [];
    for (const status of [200, 200, 200, 503]) {
      const reply = await open('POST', '/cli-auth', {}, small);
      assert.equal(reply.status, status);
      begun.push(reply.body);
    }
    assert.equal((await open('GET', begun[0].poll_url)).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 1600));
    assert.equal((await open('GET', begun[0].poll_url)).status, 401);
    assert.equal((await send(begun[0].browser_url, small.key)).status, 404);
    assert.equal((await open('POST', '/cli-auth', {}, small)).status, 200);
    await small.stop();
  });
});
