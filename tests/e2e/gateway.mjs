// Starts a real gateway on a free port and an empty directory, for tests.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PROGRAM = process.env.FAIRLEAD_BIN ?? 'build/fairlead';

// { dir } reuses a directory (for restarts); it is then the caller's to remove.
export async function startGateway({ args = [], env = {}, dir } = {}) {
  const own = dir === undefined;
  const data = own ? mkdtempSync(join(tmpdir(), 'fairlead-test-')) : dir;
  const child = spawn(PROGRAM, ['serve', '--listen', '127.0.0.1:0', '--data', data, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (bytes) => { log += bytes; });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  let out = '';
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (bytes) => {
      out += bytes;
      const ready = /fairlead ready on (\S+)/.exec(out);
      if (ready) resolve(ready[1]);
    });
    child.on('error', reject); // it could not be run at all
    ended.then(({ code, signal }) => reject(new Error(`the gateway ended (${code ?? signal}): ${log}`)));
  });
  const key = env.FAIRLEAD_API_KEY ?? readFileSync(join(data, 'api-key'), 'utf8').trim();
  return {
    url, key, dir: data, child, ended,
    log: () => log,
    out: () => out,
    // Ends it as an operator would; fails when it does not end cleanly or a sanitizer has something to say.
    async stop({ signal = 'SIGTERM' } = {}) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const end = await ended;
      if (own) rmSync(data, { recursive: true, force: true });
      if (signal === 'SIGTERM' && end.code !== 0)
        throw new Error(`the gateway ended with ${end.code ?? end.signal}: ${log}`);
      return end;
    },
    async api(method, path, body) {
      const reply = await fetch(`${url}/2025-07-01${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await reply.text();
      return { status: reply.status, headers: reply.headers, body: text ? JSON.parse(text) : null };
    },
  };
}

// A destination that keeps what it receives. `answer(request, count)` gives { status, headers, body, delay }.
export async function startSink(answer = () => ({})) {
  const received = [];
  const server = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const entry = { method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks), at: Date.now() };
      received.push(entry);
      const { status = 200, headers = {}, body = 'ok', delay = 0 } = answer(entry, received.length) ?? {};
      setTimeout(() => { reply.writeHead(status, headers); reply.end(body); }, delay);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref(); // Node.js 18 sometimes keeps the handle of a server that is closed
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    port: server.address().port,
    received,
    stop: () => new Promise((resolve) => { server.closeAllConnections?.(); server.close(resolve); }),
  };
}

export async function until(what, check, { tries = 200, every = 50 } = {}) {
  for (let i = 0; i < tries; i++) {
    const value = await check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  throw new Error(`${what} did not happen`);
}
