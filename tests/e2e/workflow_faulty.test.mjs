// Documents that must not run: each is refused with the line, the rule and a hint. They stand in
// tests/workflows/faulty, a fault a document; "#! RULE" marks the line that is wrong.
// Run by itself, this file prints them as a table.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, workflow } from './runner.mjs';

const FOLDER = join(ROOT, 'tests/workflows/faulty');
const SOURCES = ['sourceDescriptions: [{name: shop, url: shop.yml, type: openapi}]'];
const HEAD = ['arazzo: 1.0.1', 'info: {title: a, version: "1"}', ...SOURCES];
const SHORT = {
  '%sources': SOURCES,
  '%head': HEAD,
  '%health': ['workflows: [{workflowId: w, steps: [{stepId: s, operationId: health}]}]'],
  '%flow': [...HEAD, 'workflows:', '  - workflowId: w', '    steps:'],
  '%inputs': ['    inputs: {type: object, properties: {id: {type: string}}}'],
};
const MARK = / *#! (\S+)$/;

// [{ topic, name, text, wanted: [{ line, rule }] }]
export function faultyDocuments() {
  return readdirSync(FOLDER).filter((file) => file.endsWith('.txt')).flatMap((file) =>
    readFileSync(join(FOLDER, file), 'utf8').split(/^=== /m).slice(1).map((part) => {
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

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-faulty-'));
  cpSync(FOLDER, folder, { recursive: true });
});
after(() => rmSync(folder, { recursive: true }));

const DOCUMENTS = faultyDocuments();

for (const topic of new Set(DOCUMENTS.map((document) => document.topic))) {
  test(`faulty documents: ${topic}`, async () => {
    for (const { name, text, wanted } of DOCUMENTS.filter((document) => document.topic === topic)) {
      const path = join(folder, 'document.yml');
      writeFileSync(path, text);
      const done = await workflow('validate', [path]);
      const found = problemsOf(done.log);
      assert.equal(done.code, 2, `${name}: ${done.log}`);
      assert.ok(wanted.length > 0, `${name}: no line is marked`);
      for (const { line, rule, last } of wanted) {
        const problem = found.find((one) => one.kind === 'error' && one.rule === rule && (last || one.line === line));
        assert.ok(problem, `${name}: an error by the rule ${rule} at line ${line} is wanted\n${text}\n${done.log}`);
        assert.ok(problem.hint?.length > 10, `${name}: a hint is wanted\n${done.log}`);
      }
    }
  });
}

test('there are enough of them', () => {
  assert.ok(DOCUMENTS.length >= 80, `${DOCUMENTS.length}`);
  assert.equal(new Set(DOCUMENTS.map(({ topic, name }) => `${topic}: ${name}`)).size, DOCUMENTS.length);
});

test('a faulty document does not run either', async () => {
  for (const { text } of DOCUMENTS.filter((document, index) => index % 12 === 0)) {
    const path = join(folder, 'document.yml');
    writeFileSync(path, text);
    assert.equal((await workflow('run', [path, '--server', 'http://127.0.0.1:1'])).code, 2);
  }
});

test('all problems are told at once', async () => {
  const path = join(folder, 'document.yml');
  writeFileSync(path, `${SHORT['%flow'].join('\n')}
      - stepId: s
        operationId: health
        sucessCriteria: []
        onSuccess: [{name: a, type: goto, stepId: t}]
      - {stepId: s, operationId: health}
      - operationId: health
`);
  const done = await workflow('validate', [path]);
  assert.deepEqual(problemsOf(done.log).map(({ line, kind, rule }) => [line, kind, rule]),
    [[9, 'warning', 'unknown-field'], [10, 'error', 'reference'], [11, 'error', 'unique'], [12, 'error', 'step.stepId']]);
  assert.match(done.log, /hint: is "successCriteria" meant\?/);
});

if (process.argv.includes('--table')) {
  for (const { topic, name, wanted } of DOCUMENTS)
    console.log(`${topic.padEnd(12)} ${name.padEnd(66)} ${wanted.map(({ line, rule }) => `${line} ${rule}`).join(', ')}`);
}
