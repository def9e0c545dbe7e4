// Workflow documents for tests that only look at them: a sound one with every kind of object and its places, and the
// faulty ones of tests/workflows/faulty.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './runner.mjs';

// ---- a sound one ----

export const SOUND = {
  arazzo: '1.0.1',
  info: { title: 'Orders', summary: 'All of it', description: 'Long', version: '1.0.0' },
  sourceDescriptions: [{ name: 'shop', url: 'shop.yml', type: 'openapi' }],
  workflows: [{
    workflowId: 'order', summary: 'Orders', description: 'One', dependsOn: ['look'],
    inputs: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
    parameters: [{ name: 'X-Trace', in: 'header', value: 'abc' }],
    successActions: [{ name: 'on', type: 'goto', stepId: 'make', criteria: [{ condition: '$statusCode == 204' }] }],
    failureActions: [{ name: 'out', type: 'end' }],
    steps: [
      { stepId: 'make', description: 'Makes it', operationId: 'makeOrder',
        requestBody: { contentType: 'application/json', payload: { id: '$inputs.id' },
          replacements: [{ target: '/id', value: 'x' }] },
        successCriteria: [{ condition: '$statusCode == 200' }, { context: '$response.body', condition: '$.id', type: 'jsonpath' },
          { context: '$response.body', condition: '$[?@.id]', type: { type: 'jsonpath', version: 'draft-goessner-dispatch-jsonpath-00' } }],
        onSuccess: [{ name: 'done', type: 'end', criteria: [{ condition: '$statusCode == 201' }] }],
        onFailure: [{ name: 'again', type: 'retry', retryAfter: 1, retryLimit: 3 },
          { reference: '$components.failureActions.stop' }],
        outputs: { id: '$response.body#/id' } },
      { stepId: 'get', operationPath: '{$sourceDescriptions.shop.url}#/paths/~1orders~1{id}/get',
        parameters: [{ name: 'id', in: 'path', value: '$steps.make.outputs.id' },
          { reference: '$components.parameters.trace', value: 'other' }] },
      { stepId: 'look', workflowId: 'look', parameters: [{ name: 'id', value: '1' }] },
    ],
    outputs: { id: '$steps.make.outputs.id' },
  }, { workflowId: 'look', steps: [{ stepId: 'health', operationId: 'health' }] }],
  components: {
    inputs: { any: { type: 'object' } },
    parameters: { trace: { name: 'X-Other', in: 'header', value: '1' } },
    successActions: { stop: { name: 'stop', type: 'end' } },
    failureActions: { stop: { name: 'stop', type: 'end' } },
  },
};

// The path of every value in it; what is sent as it stands has no places of its own.
export function* places(value, path = []) {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null || path.includes('payload')) return;
  for (const key of Object.keys(value)) yield* places(value[key], [...path, Array.isArray(value) ? Number(key) : key]);
}

export function changed(document, path, change) {
  const copy = structuredClone(document);
  const parent = path.slice(0, -1).reduce((value, key) => value[key], copy);
  change(parent, path.at(-1));
  return copy;
}

// ---- faulty ones ----

export const FAULTY = join(ROOT, 'tests/workflows/faulty');
const SOURCES = ['sourceDescriptions: [{name: shop, url: shop.yml, type: openapi}]'];
const HEAD = ['arazzo: 1.0.1', 'info: {title: a, version: "1"}', ...SOURCES];
export const SHORT = {
  '%sources': SOURCES,
  '%head': HEAD,
  '%health': ['workflows: [{workflowId: w, steps: [{stepId: s, operationId: health}]}]'],
  '%flow': [...HEAD, 'workflows:', '  - workflowId: w', '    steps:'],
  '%inputs': ['    inputs: {type: object, properties: {id: {type: string}}}'],
};
const MARK = / *#! (\S+)$/;

// [{ topic, name, text, wanted: [{ line, rule }] }]
export function faultyDocuments() {
  return readdirSync(FAULTY).filter((file) => file.endsWith('.txt')).flatMap((file) =>
    readFileSync(join(FAULTY, file), 'utf8').split(/^=== /m).slice(1).map((part) => {
      const [name, ...written] = part.replace(/\n$/, '').split('\n');
      const wanted = [], lines = written.flatMap((line) => SHORT[line] ?? [line]);
      lines.forEach((line, index) => {
        const mark = MARK.exec(line);
        if (mark) wanted.push({ line: index + 1, rule: mark[1], last: line.startsWith('#!') });
      });
      return { topic: file.slice(0, -4), name, wanted, text: `${lines.map((line) => line.replace(MARK, '')).join('\n')}\n` };
    }));
}

// [{ line, kind, place, sentence, rule, hint }] of what was printed.
export function problemsOf(log) {
  const found = [];
  for (const line of log.split('\n')) {
    const problem = /^.*?:(\d+): (error|warning): (.*?): (.*) \[(\S+)\]$/.exec(line);
    const hint = /^ {4}hint: (.+)$/.exec(line);
    if (problem)
      found.push({ line: Number(problem[1]), kind: problem[2], place: problem[3], sentence: problem[4], rule: problem[5] });
    else if (hint && found.length > 0) found[found.length - 1].hint = hint[1];
  }
  return found;
}
