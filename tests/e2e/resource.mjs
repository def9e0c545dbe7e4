// What the tests of single nouns share: calls that must do, or must be refused in the API's form.
import assert from 'node:assert/strict';

export function callsOf(gateway) {
  const call = async (method, path, body, { raw, headers = {} } = {}) => {
    const sent = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json', ...headers };
    if (sent.authorization === null) delete sent.authorization;
    const reply = await fetch(`${gateway.url}/2025-07-01${path}`, {
      method, headers: sent, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    return { status: reply.status, body: await reply.json() };
  };
  return {
    async ok(method, path, body, options) {
      const reply = await call(method, path, body, options);
      assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    async refused(status, method, path, body, options) {
      const reply = await call(method, path, body, options);
      assert.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
      assert.equal(reply.body.status, status);
      assert.ok(reply.body.message.length > 0);
      return reply.body;
    },
  };
}

// Each of [body, pattern] must be refused with a sentence of that pattern.
export async function refusesEach(refused, method, path, cases) {
  for (const [body, pattern] of cases) {
    const error = await refused(422, method, path, body);
    assert.ok(error.data.some((text) => pattern.test(text)), `${JSON.stringify(body)}: ${error.data}`);
  }
}

// The replies that every call of a noun has in common.
export async function refusesStrangers(refused, method, path, body) {
  await refused(401, method, path, body, { headers: { authorization: null } });
  await refused(401, method, path, body, { headers: { authorization: 'Bearer wrong' } });
  if (body !== undefined) await refused(400, method, path, undefined, { raw: '{"name":' });
}
