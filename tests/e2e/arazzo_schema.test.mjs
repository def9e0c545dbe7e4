// The specification's own schema of documents, beside `workflow validate`: it takes what we take, and what it refuses we
// refuse, but for what the text of the specification says otherwise.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import Ajv from 'ajv/dist/2020.js';
import { parse } from 'yaml';

import { FAULTY, SOUND, changed, faultyDocuments, places } from './arazzo_documents.mjs';
import { ROOT, workflow } from './runner.mjs';

const SCHEMA = join(ROOT, 'tests/node_modules/@stoplight/spectral-rulesets/dist/arazzo/schemas/arazzo/v1.0/index.json');
const refuses = new Ajv.default({ allErrors: true, strict: false, formats: { 'uri-reference': true } })
  .compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));

// What the schema alone refuses, by the path of its error and what it says there, and why it is no fault for us.
const TAKEN = [
  [/\/(onFailure|failureActions)\/\w+ must have required property 'retry(After|Limit)'/, 'the text requires neither, and says what holds without them'],
  [/\/replacements\/\d+\/value must be string/, 'the text says any value'],
  [/\/sourceDescriptions\/\d+ must have required property 'type'/, 'the text requires no type, what is read tells it'],
  [/\/requestBody must have required property 'payload'/, 'the text requires no payload'],
];

// The schema wants the version of a criterion's language beside its type, where the text has both in one object.
const IN_ONE_OBJECT = ['criteria-jsonpath-functions.yml', 'criteria-xpath-version.yml'];

// The errors that count: those about a choice between shapes say no more than the ones inside of them.
function errorsOf(document) {
  if (refuses(document)) return [];
  const errors = refuses.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
  return TAKEN.some(([pattern]) => errors.some((error) => pattern.test(error))) ? [] : errors;
}

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-schema-'));
  cpSync(join(FAULTY, 'shop.yml'), join(folder, 'shop.yml'));
});
after(() => rmSync(folder, { recursive: true }));

test('sound documents', (context) => {
  let held = 0;
  for (const path of ['tests/arazzo', 'tests/workflows', 'examples']) {
    for (const name of readdirSync(join(ROOT, path)).filter((file) => file.endsWith('.yml'))) {
      const document = parse(readFileSync(join(ROOT, path, name), 'utf8'), { logLevel: 'silent' });
      if (!/^1\.0\./.test(document?.arazzo) || IN_ONE_OBJECT.includes(name)) continue; // else a description, or a later document
      const expected = path === 'tests/arazzo' ? JSON.parse(readFileSync(join(ROOT, path, name.replace('.yml', '.json')), 'utf8')) : {};
      if (expected.code === 2) continue; // is meant to be refused
      assert.deepEqual(errorsOf(document), [], name);
      held++;
    }
  }
  context.diagnostic(`${held} documents`);
  assert.ok(held > 180, `${held}`);
});

test('faulty documents', (context) => {
  const documents = faultyDocuments();
  let refused = 0;
  for (const { text } of documents) {
    try {
      refused += errorsOf(parse(text, { logLevel: 'silent' })).length > 0;
    } catch {
      // is no YAML
    }
  }
  context.diagnostic(`${documents.length} that are refused, ${refused} of them by the schema as well`);
  assert.ok(refused > 40, `${refused}`);
});

const BASE = changed(SOUND, ['workflows', 0, 'steps', 0, 'successCriteria', 2, 'type'], (parent, key) => { parent[key] = 'jsonpath'; });
const CHANGES = {
  'is taken out': (parent, key) => Array.isArray(parent) ? parent.splice(key, 1) : delete parent[key],
  'is a number': (parent, key) => { parent[key] = 7; },
  'is an empty array': (parent, key) => { parent[key] = []; },
  'is an object': (parent, key) => { parent[key] = { a: 1 }; },
  'is a word': (parent, key) => { parent[key] = 'something else'; },
  'has another beside it': (parent) => { Array.isArray(parent) ? parent.push(7) : parent.unknown = 7; },
};

test('a sound document made faulty in every place', async (context) => {
  const files = new Map();
  assert.deepEqual(errorsOf(BASE), []);
  for (const path of places(BASE)) {
    for (const [how, change] of Object.entries(CHANGES)) {
      const document = changed(BASE, path, change);
      const errors = errorsOf(document);
      if (errors.length === 0) continue;
      const file = `${files.size}.json`;
      files.set(file, `${path.join('.')} ${how}: ${errors[0]}`);
      writeFileSync(join(folder, file), JSON.stringify(document, null, 2));
    }
  }
  const missed = [];
  const queue = [...files.keys()];
  const worker = async () => {
    for (let file = queue.pop(); file; file = queue.pop()) {
      const done = await workflow('validate', [file], { cwd: folder });
      assert.ok(done.code === 0 || done.code === 2, `${files.get(file)}: ${done.code} ${done.log}`);
      // Members that nobody knows are told, and no more.
      const told = /must NOT have unevaluated properties$/.test(files.get(file)) && /\[unknown-field\]/.test(done.log);
      if (done.code === 0 && !told) missed.push(files.get(file));
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  context.diagnostic(`${files.size} documents that the schema refuses`);
  assert.ok(files.size > 400, `${files.size}`);
  assert.deepEqual(missed, []);
});
