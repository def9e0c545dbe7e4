// Documents that must not run: each is refused with the line, the rule and a hint. They stand in
// tests/workflows/faulty, a fault a document; "#! RULE" marks the line that is wrong.
// Run by itself, this file prints them as a table.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { FAULTY, SHORT, faultyDocuments, problemsOf } from './arazzo_documents.mjs';
import { workflow } from './runner.mjs';

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-faulty-'));
  cpSync(FAULTY, folder, { recursive: true });
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
