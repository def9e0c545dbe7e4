// Runs workflow documents: by the program itself and by another runner.
import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const PROGRAM = process.env.FAIRLEAD_BIN ?? join(ROOT, 'build/fairlead');
const MODULES = join(ROOT, 'tests/node_modules');

// With `file` standard output goes there: a program that exits at once loses what does not fit into a pipe.
function run(command, args, { cwd, env = {}, input, file } = {}) {
  return new Promise((resolve) => {
    const output = file ? openSync(file, 'w') : 'pipe';
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', output, 'pipe'] });
    if (file) closeSync(output);
    let out = '', log = '';
    child.stdout?.on('data', (bytes) => { out += bytes; });
    child.stderr.on('data', (bytes) => { log += bytes; });
    child.stdin.on('error', () => {}); /* it may end without reading */
    child.stdin.end(input ?? '');
    child.on('close', (code, signal) => resolve({ code: code ?? signal, out, log }));
  });
}

// `fairlead workflow VERB ARGS...`: { code, out, log, outputs }, outputs being the JSON on standard output.
export async function workflow(verb, args, { cwd, env = {}, input } = {}) {
  const done = await run(PROGRAM, ['workflow', verb, ...args],
    { cwd, input, env: { FAIRLEAD_API_KEY: '', ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '', ...env } });
  let outputs;
  try { outputs = JSON.parse(done.out); } catch { outputs = undefined; }
  return { ...done, outputs };
}

// The CLI of Redocly, on the Node.js that it asks for.
export const REDOCLY = [join(MODULES, `node-linux-${process.arch}/bin/node`), join(MODULES, '@redocly/cli/bin/cli.js')];

export function redocly(args, cwd, file) {
  return run(REDOCLY[0], [REDOCLY[1], ...args],
    { cwd, file, env: { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' } });
}

export const respect = (args, cwd) => redocly(['respect', ...args], cwd);

// respect has no option for a key: requests pass through here and get it.
export async function startKeyProxy(gateway) {
  const calls = [];
  const server = createServer((request, reply) => {
    const onward = httpRequest(gateway.url + request.url,
      { method: request.method, headers: { ...request.headers, authorization: `Bearer ${gateway.key}` } },
      (answer) => {
        calls.push({ method: request.method, url: request.url, status: answer.statusCode });
        reply.writeHead(answer.statusCode, answer.headers);
        answer.pipe(reply);
      });
    onward.on('error', () => reply.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/2025-07-01`,
    calls,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
