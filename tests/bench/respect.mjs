// A local workflow of 20 steps by the built-in runner and by another one, in turns: time from start to end, processor
// time and the peak of memory. Not a part of `make test` nor of `make bench`. Usage: node tests/bench/respect.mjs [ROUNDS]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PROGRAM, REDOCLY } from '../e2e/runner.mjs';

const STEPS = 20;
const rounds = Number(process.argv[2] ?? 7);
const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));

writeFileSync(join(folder, 'shop.json'), JSON.stringify({
  openapi: '3.0.3', info: { title: 'shop', version: '1' }, servers: [{ url: 'http://127.0.0.1:1/v1' }],
  paths: { '/items/{id}': { post: { operationId: 'touch', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    requestBody: { content: { 'application/json': {} } }, responses: { 200: { description: 'good' } } } } },
}));
writeFileSync(join(folder, 'document.json'), JSON.stringify({
  arazzo: '1.0.1', info: { title: 'bench', version: '1' }, sourceDescriptions: [{ name: 'shop', url: 'shop.json', type: 'openapi' }],
  workflows: [{ workflowId: 'w', steps: Array.from({ length: STEPS }, (_, i) => ({
    stepId: `s${i}`, operationId: 'touch', parameters: [{ name: 'id', in: 'path', value: i === 0 ? 'first' : `$steps.s${i - 1}.outputs.id` }],
    requestBody: { contentType: 'application/json', payload: { number: i } },
    successCriteria: [{ condition: '$statusCode == 200' }, { condition: '$response.body#/count >= 0' }],
    outputs: { id: '$response.body#/id' },
  })) }],
}));

// Of the process that asks: what the kernel has counted when its last request is here.
function counted(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const ns = readdirSync(`/proc/${pid}/task`).map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]));
  return { mib: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024, cpuMs: ns.reduce((sum, one) => sum + one, 0) / 1e6 };
}

let child, calls, seen;
const server = createServer((request, reply) => {
  request.resume().on('end', () => {
    calls++;
    if (calls === STEPS) seen = counted(child.pid);
    reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: `i-${calls}`, count: calls }));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/v1`;

function run(command, args) {
  calls = 0;
  const began = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    child = spawn(command, args, { cwd: folder, stdio: 'ignore',
      env: { ...process.env, FAIRLEAD_API_KEY: '', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } });
    child.on('close', (code) => {
      const ms = Number(process.hrtime.bigint() - began) / 1e6;
      code === 0 && calls === STEPS ? resolve({ ms, ...seen }) : reject(new Error(`${command} ended with ${code} after ${calls} requests`));
    });
  });
}

const runners = {
  fairlead: () => run(PROGRAM, ['workflow', 'run', 'document.json', '--server', url]),
  'redocly respect': () => run(REDOCLY[0], [REDOCLY[1], 'respect', 'document.json', '-S', `shop=${url}`]),
};
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const results = Object.fromEntries(Object.keys(runners).map((name) => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, once] of Object.entries(runners)) results[name].push(await once());

const rows = Object.entries(results).map(([name, list]) => ({ name, ms: median(list.map((one) => one.ms)),
  cpuMs: median(list.map((one) => one.cpuMs)), mib: Math.max(...list.map((one) => one.mib)) }));
console.log(`${STEPS} steps, ${rounds} rounds in turns; medians of time, the highest peak of memory\n`);
console.log('| runner | start to end, ms | processor, ms | peak memory, MiB |\n| --- | ---: | ---: | ---: |');
for (const row of rows) console.log(`| ${row.name} | ${row.ms.toFixed(0)} | ${row.cpuMs.toFixed(0)} | ${row.mib.toFixed(1)} |`);
const [ours, theirs] = rows;
console.log(`\nratio: ${(theirs.ms / ours.ms).toFixed(1)} times in time, ${(theirs.mib / ours.mib).toFixed(1)} times in memory`);
server.closeAllConnections();
server.close();
rmSync(folder, { recursive: true });
process.exitCode = theirs.ms >= 10 * ours.ms && ours.mib <= 20 ? 0 : 1;
