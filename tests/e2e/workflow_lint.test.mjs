// A sound document is made faulty in every place, and what another program's check of the structure refuses, ours
// refuses as well.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { SOUND, changed, places } from './arazzo_documents.mjs';
import { ROOT, redocly, workflow } from './runner.mjs';

// What only that program refuses, and why it is no fault for us.
const TAKEN = [
  [/requestBody\.payload is taken out$/, 'the specification requires no payload'],
  [/sourceDescriptions\.0\.type is taken out$/, 'the specification requires no type, what is read tells it'],
];

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-lint-'));
  cpSync(join(ROOT, 'tests/workflows/faulty/shop.yml'), join(folder, 'shop.yml'));
  writeFileSync(join(folder, 'redocly.yaml'), 'rules:\n  struct: error\n');
});
after(() => rmSync(folder, { recursive: true }));

const CHANGES = {
  'is taken out': (parent, key) => Array.isArray(parent) ? parent.splice(key, 1) : delete parent[key],
  'is a number': (parent, key) => { parent[key] = 7; },
};

// The files whose structure is refused: [{ file: messages }], fields that are not known left aside. That program ends
// at a document that it cannot cope with, and is started anew behind it.
async function refusedByLint(files) {
  const refused = new Map(), output = join(folder, 'lint.out');
  for (let from = 0; from < files.length;) {
    const done = await redocly(['lint', '--format=json', '--max-problems=1000', ...files.slice(from)], folder, output);
    const seen = [...done.log.matchAll(/^validating (\S+)\.\.\.$/gm)].length;
    for (const part of readFileSync(output, 'utf8').split(/(?<=^\})(?=\{)/m).filter(Boolean)) {
      for (const { message, location } of JSON.parse(part).problems) {
        const file = location[0].source.ref;
        if (!/is not expected here/.test(message)) refused.set(file, [...refused.get(file) ?? [], message]);
      }
    }
    assert.ok(seen > 0, done.log);
    from += seen;
  }
  return refused;
}

test('the sound document is sound', async () => {
  writeFileSync(join(folder, 'sound.json'), JSON.stringify(SOUND));
  const done = await workflow('validate', ['sound.json'], { cwd: folder });
  assert.equal(done.code, 0, done.log);
  assert.match(done.out, /2 workflows, 0 warnings/, done.log);
  assert.equal((await refusedByLint(['sound.json'])).size, 0);
});

test('what a check of the structure refuses, is refused', async (context) => {
  const files = new Map();
  for (const path of places(SOUND)) {
    if (path[0] === 'arazzo') continue; /* that program gives up then */
    for (const [how, change] of Object.entries(CHANGES)) {
      const file = `${files.size}.json`;
      files.set(file, `${path.join('.')} ${how}`);
      writeFileSync(join(folder, file), JSON.stringify(changed(SOUND, path, change), null, 2));
    }
  }
  const refused = await refusedByLint([...files.keys()]);
  const missed = [];
  const queue = [...refused.keys()];
  const worker = async () => {
    for (let file = queue.pop(); file; file = queue.pop()) {
      const done = await workflow('validate', [file], { cwd: folder });
      assert.ok(done.code === 0 || done.code === 2, `${files.get(file)}: ${done.code} ${done.log}`);
      if (done.code === 0 && !TAKEN.some(([place]) => place.test(files.get(file))))
        missed.push(`${files.get(file)}: ${refused.get(file).join(' ')}`);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  context.diagnostic(`${files.size} documents, ${refused.size} refused by the check`);
  assert.ok(refused.size > 150, `${refused.size}`);
  assert.deepEqual(missed, []);
});
