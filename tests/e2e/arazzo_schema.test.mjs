// The specification's own schema of documents, beside `workflow validate`: it takes what we take, and what it refuses we
// refuse, but for what the text of the specification says otherwise.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import Ajv from 'ajv/dist/2020.js';
import { parse } from 'yaml';

import { FAULTY, SOUND, changed, faultyDocuments, places, problemsOf } from './arazzo_documents.mjs';
import { ROOT, workflow } from './runner.mjs';

const SCHEMA = join(ROOT, 'tests/node_modules/@stoplight/spectral-rulesets/dist/arazzo/schemas/arazzo/v1.0/index.json');

// Where the schema refuses what the text of the specification allows, or what we only warn of.
const TAKEN = {
  'the text requires no retryAfter': ($defs) => {
    $defs['failure-action-object'].allOf = $defs['failure-action-object'].allOf.filter(({ then }) => !then.required);
  },
  'the text allows any value of a replacement': ($defs) => { $defs['payload-replacement-object'].properties.value = true; },
  // The schema has the version beside the type, and knows no later ones.
  'the text has the version of a criterion in an object with its type': ($defs) => {
    const { anyOf, ...criterion } = $defs['criterion-object'];
    const { allOf, ...language } = $defs['criterion-expression-type-object'];
    criterion.properties.type = { anyOf: [anyOf[0].properties.type, language] };
    $defs['criterion-object'] = criterion;
  },
};

function compile(schema) {
  return new Ajv.default({ allErrors: true, strict: false, formats: { 'uri-reference': true } }).compile(schema);
}

const schema = JSON.parse(readFileSync(SCHEMA, 'utf8'));
const literal = compile(structuredClone(schema));
for (const change of Object.values(TAKEN)) change(schema.$defs);
const accepts = compile(schema);

// The errors that count: those about a choice between shapes say no more than the ones inside of them.
function errorsOf(document) {
  if (accepts(document)) return [];
  return accepts.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-schema-'));
  cpSync(join(FAULTY, 'shop.yml'), join(folder, 'shop.yml'));
});
after(() => rmSync(folder, { recursive: true }));

test('sound documents', (context) => {
  let held = 0, taken = 0;
  for (const path of ['tests/arazzo', 'tests/workflows', 'examples']) {
    for (const name of readdirSync(join(ROOT, path)).filter((file) => file.endsWith('.yml'))) {
      const document = parse(readFileSync(join(ROOT, path, name), 'utf8'), { logLevel: 'silent' });
      if (!/^1\.0\./.test(document?.arazzo)) continue; // a later one
      const expected = path === 'tests/arazzo' ? JSON.parse(readFileSync(join(ROOT, path, name.replace('.yml', '.json')), 'utf8')) : {};
      if (expected.code === 2) continue; // is meant to be refused
      assert.deepEqual(errorsOf(document), [], name);
      held++;
      taken += !literal(document);
    }
  }
  context.diagnostic(`${held} documents, ${taken} of them refused by the schema as it is written`);
  assert.ok(held > 180, `${held}`);
  assert.ok(taken > 0 && taken < 20, `${taken}`);
});

test('faulty documents', (context) => {
  const documents = faultyDocuments(); // workflow_faulty.test.mjs sees that each is refused
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

const CHANGES = {
  'is taken out': (parent, key) => Array.isArray(parent) ? parent.splice(key, 1) : delete parent[key],
  'is a number': (parent, key) => { parent[key] = 7; },
  'is a negative number': (parent, key) => { parent[key] = -1; },
  'is true': (parent, key) => { parent[key] = true; },
  'is null': (parent, key) => { parent[key] = null; },
  'is an empty array': (parent, key) => { parent[key] = []; },
  'is an object': (parent, key) => { parent[key] = { a: 1 }; },
  'is a word': (parent, key) => { parent[key] = 'something else'; },
  'has a stranger beside it': (parent) => { Array.isArray(parent) ? parent.push(7) : parent.unknown = 7; },
};
test('a sound document made faulty in every place', async (context) => {
  const files = new Map(), missed = [];
  assert.deepEqual(errorsOf(SOUND), []);
  for (const path of places(SOUND)) {
    for (const [how, change] of Object.entries(CHANGES)) {
      const document = changed(SOUND, path, change);
      const errors = errorsOf(document);
      if (errors.length === 0) continue;
      const file = `${files.size}.json`;
      files.set(file, `${path.join('.')} ${how}: ${errors.join(', ')}`);
      writeFileSync(join(folder, file), JSON.stringify(document, null, 2));
    }
  }
  const queue = [...files.keys()];
  const worker = async () => {
    for (let file = queue.pop(); file; file = queue.pop()) {
      const what = files.get(file);
      const done = await workflow('validate', [file], { cwd: folder });
      assert.ok(done.code === 0 || done.code === 2, `${what}: ${done.code} ${done.log}`);
      // Members that nobody knows are told, and no more.
      const warned = / must NOT have unevaluated properties/.test(what) && problemsOf(done.log).some(({ rule }) => rule === 'unknown-field');
      if (done.code === 0 && !warned) missed.push(what);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  context.diagnostic(`${files.size} documents that the schema refuses`);
  assert.ok(files.size > 900, `${files.size}`);
  assert.deepEqual(missed, []);
});
