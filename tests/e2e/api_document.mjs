// The table of operations in docs/api.md, made from what the gateway describes. Run by itself (make api-table) it brings the
// table up to date; notes stay as they were written there, each with its operation.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { operationsIn } from './conformance/shapes.mjs';
import { descriptionOf, operationsOf } from './description.mjs';
import { startGateway } from './gateway.mjs';

const BEGIN = '<!-- operations: made by make api-table, but for the notes -->', END = '<!-- operations: end -->';
const MISSING = 'not in this version';
export const DOCUMENT = fileURLToPath(new URL('../../docs/api.md', import.meta.url));
export const read = () => readFileSync(DOCUMENT, 'utf8');

// The notes of a document's table, by operationId.
function notesIn(text) {
  const rows = text.slice(text.indexOf(BEGIN), text.indexOf(END)).matchAll(/^\| \w+ \| `[^`]*` \| `(\w+)` \| (.*?) ?\|$/gm);
  return new Map([...rows].map(([, id, note]) => [id, note]));
}

export function withTable(text, description) {
  const notes = notesIn(text), offered = new Map([...operationsOf(description)].map((row) => [row.operation.operationId, row]));
  const known = operationsIn('operations.txt'), ids = new Set(known.map(({ id }) => id));
  const row = ({ method, path, id, note }) => `| ${method} | \`${path}\` | \`${id}\` | ${note} |`.replace(/ {2}\|$/, ' |');
  const noteOf = (id) => (notes.get(id) === MISSING ? '' : notes.get(id) ?? '');
  const head = ['| method | path | operation | notes |', '| --- | --- | --- | --- |'];
  const ours = [...offered.values()].filter(({ operation }) => !ids.has(operation.operationId))
    .map(({ method, path, operation: { operationId: id } }) => row({ method, path, id, note: noteOf(id) }));
  const theirs = known.map((operation) => row({ ...operation, note: offered.has(operation.id) ? noteOf(operation.id) : MISSING }));
  const count = known.filter(({ id }) => offered.has(id)).length;
  const lines = [BEGIN, `${count} of the ${known.length} operations of the Hookdeck Event Gateway API (2025-07-01):`, '', ...head, ...theirs, '',
    'What clients call besides, and what is fairlead’s own:', '', ...head, ...ours, END];
  const begin = text.indexOf(BEGIN), end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/api.md has no place for the table: ${BEGIN}`);
  return text.slice(0, begin) + lines.join('\n') + text.slice(end + END.length);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const gateway = await startGateway();
  writeFileSync(DOCUMENT, withTable(read(), await descriptionOf(gateway)));
  await gateway.stop();
}
