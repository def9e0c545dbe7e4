// How many calls a minute a key may make.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway } from './gateway.mjs';

let gateway;
before(async () => { gateway = await startGateway(); });
after(() => gateway?.stop());

async function call(at, key, path = '/sources') {
  const reply = await fetch(`${at.url}/2025-07-01${path}`, { headers: { authorization: `Bearer ${key}` } });
  const header = (name) => reply.headers.get(name);
  return {
    status: reply.status, body: await reply.json(), limit: Number(header('x-ratelimit-limit')), remaining: Number(header('x-ratelimit-remaining')),
    reset: Date.parse(header('x-ratelimit-reset')), wait: header('retry-after'),
  };
}
async function makeKey(at, rate_limit) {
  const { team_id } = (await at.api('GET', '/cli-auth/validate')).body;
  const { body } = await at.api('POST', `/projects/${team_id}/keys`, { rate_limit });
  return { ...body, limitTo: async (limit) => assert.equal((await at.api('PUT', `/projects/${team_id}/keys/${body.id}`, { rate_limit: limit })).status, 200) };
}

describe('a key with a limit', () => {
  test('is told how it stands, refused beyond it, and others are not', async () => {
    const { key, limitTo } = await makeKey(gateway, 3);
    for (const remaining of [2, 1, 0]) {
      const reply = await call(gateway, key);
      assert.deepEqual([reply.status, reply.limit, reply.remaining, reply.wait], [200, 3, remaining, null]);
      assert.ok(Math.abs(reply.reset - Date.now() - (3 - remaining) * 20000) < 2000);
    }
    const refusal = await call(gateway, key);
    assert.deepEqual([refusal.status, refusal.limit, refusal.remaining, refusal.wait], [429, 3, 0, '20']);
    assert.deepEqual([refusal.body.code, refusal.body.status], ['TOO_MANY_REQUESTS', 429]);
    assert.match(refusal.body.message, /3 calls a minute/);
    assert.equal((await call(gateway, key, '/no-such-path')).status, 429);
    assert.equal((await call(gateway, gateway.key)).status, 200);
    await limitTo(0);
    assert.deepEqual(Object.values(await call(gateway, key)).slice(2, 4), [100000, 100000]);
  });

  test('may call again after a while', async () => {
    const { key } = await makeKey(gateway, 60);
    const began = Date.now();
    let good = 0;
    for (let i = 0; i < 70; i++) good += (await call(gateway, key)).status === 200;
    assert.ok(good >= 60 && good <= 61 + (Date.now() - began) / 1000, `${good}`);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal((await call(gateway, key)).status, 200);
  });

  test('many at once are counted one by one', async () => {
    const { key } = await makeKey(gateway, 50);
    const replies = await Promise.all(Array.from({ length: 120 }, () => call(gateway, key)));
    const good = replies.filter(({ status }) => status === 200).length;
    assert.ok(good === 50 || good === 51, `${good}`);
    assert.ok(replies.every(({ status }) => status === 200 || status === 429));
  });
});

test('without one there is none, unless the setting gives it', async () => {
  for (let i = 0; i < 20; i++) assert.equal((await call(gateway, gateway.key)).status, 200);
  const limited = await startGateway({ args: ['--set', 'api_rate_limit=5'] });
  const { key } = await makeKey(limited, 100); // two calls of the operator
  for (const remaining of [2, 1, 0]) {
    const reply = await call(limited, limited.key);
    assert.deepEqual([reply.status, reply.limit, reply.remaining], [200, 5, remaining]);
  }
  assert.equal((await call(limited, limited.key)).status, 429);
  assert.deepEqual([(await call(limited, key)).limit, (await call(limited, key)).remaining], [100, 98]);
  await limited.stop();
});
