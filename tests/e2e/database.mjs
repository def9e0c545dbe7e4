// The store's own tables, for what the API cannot make or no longer shows. By the Node.js of the tests' packages, which
// knows SQLite.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE = fileURLToPath(new URL(`../node_modules/node-linux-${process.arch}/bin/node`, import.meta.url));
const SCRIPT = 'console.log(JSON.stringify(new (require("node:sqlite").DatabaseSync)(process.argv[1]).prepare(process.argv[2]).all()))';

// The rows of a statement on the store of a gateway's directory.
export function runSql(dir, sql) {
  return JSON.parse(execFileSync(NODE, ['--no-warnings', '-e', SCRIPT, join(dir, 'fairlead.db'), sql], { encoding: 'utf8' }));
}
