// Many calls to one gateway over a few kept connections, each of which must give 200 or an error in the one form.
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { assertError } from './hostile.mjs';

const AT_ONCE = 8;

export function callerOf(gateway, { prefix = '/2025-07-01' } = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  // `body` is sent as it is; a header that is null is left out.
  function call(method, path, body, more = {}) {
    return new Promise((resolve, reject) => {
      const all = { authorization: `Bearer ${gateway.key}`, ...more };
      if (body !== undefined) all['content-length'] = Buffer.byteLength(body);
      const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
      const going = request(gateway.url + prefix + path, { method, headers, agent }, (reply) => {
        const chunks = [];
        reply.on('data', (chunk) => chunks.push(chunk));
        reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, body: JSON.parse(Buffer.concat(chunks).toString()) }));
      });
      going.on('error', reject);
      going.end(body);
    });
  }

  // Makes all calls, some at a time. `check` looks closer.
  async function callAll(calls, check = () => {}) {
    const waiting = [...calls];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const what = `${next.method} ${next.path.slice(0, 200)} ${String(next.body ?? '').slice(0, 200)}`;
        const reply = await call(next.method, next.path, next.body, next.headers).catch((error) => assert.fail(`${what}: ${error.message}`));
        if (reply.status !== 200) {
          assert.ok(reply.status >= 400 && reply.status < 500, `${what}: ${reply.status} ${JSON.stringify(reply.body)}`);
          assertError(reply.body, reply.status, what);
        }
        check(reply, next, what);
      }
    }));
  }

  return { call, callAll, close: () => agent.destroy() };
}
