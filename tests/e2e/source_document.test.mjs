// docs/sources.md is what the table of source types says, and every checked type in it has a test.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROGRAM } from './gateway.mjs';
import { signers } from './verify/signers.mjs';

const document = readFileSync('docs/sources.md', 'utf8');
const rows = [...document.matchAll(/^\| `([A-Z0-9_-]+)` \| ([^|]*) \| ([^|]*) \|/gm)].map(([, type, , check]) => ({ type, check }));

test('it is up to date: make source-table brings it there', () => {
  const printed = execFileSync(join(dirname(PROGRAM), 'tests/document/source-table'), { encoding: 'utf8' });
  assert.equal(printed, document);
});

test('it has every type once', () => {
  assert.equal(rows.length, 154 + 4);
  assert.equal(new Set(rows.map(({ type }) => type)).size, rows.length);
});

test('what it says is checked is tested with genuine and false signatures', () => {
  const tested = new Set(Object.entries(signers).flatMap(([title, { type, auth_type }]) => [auth_type ?? type ?? title]));
  const untested = rows.filter(({ type, check }) => !/not checked\*\*( |:)|auth_type|publish call/.test(check) && !tested.has(type));
  assert.deepEqual(untested.map(({ type }) => type), []);
  const unchecked = rows.filter(({ type, check }) => /not checked\*\*( |:)/.test(check) && Object.values(signers).some((row) => row.type === type && !row.auth_type));
  assert.deepEqual(unchecked, []);
});
