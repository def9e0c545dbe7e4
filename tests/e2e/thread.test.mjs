// Every thread of the gateway bears a name that the docs explain.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { PROGRAM, startGateway } from './gateway.mjs';

test('the names of threads', async () => {
  const gateway = await startGateway();
  try {
    const tasks = `/proc/${gateway.child.pid}/task`;
    const names = readdirSync(tasks).filter((id) => Number(id) !== gateway.child.pid)
      .map((id) => readFileSync(`${tasks}/${id}/comm`, 'utf8').trim());
    const docs = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const explained = new Set([...docs.matchAll(/^\| `([a-z-]+)` \| .* \|$/gm)].map((found) => found[1]));
    // The thread sanitizer has a thread of its own.
    if (readFileSync(PROGRAM).includes('__tsan_init')) explained.add('fairlead');
    for (const name of new Set(names)) assert.ok(explained.has(name), `docs/operations.md tells nothing of the thread ${name}`);
    for (const name of ['http', 'writer', 'deliver']) assert.ok(names.includes(name), `no thread ${name} among ${names}`);
  } finally {
    await gateway.stop();
  }
});
