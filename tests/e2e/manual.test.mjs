// The manual page names every command and every option that the program's own help has.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PROGRAM = process.env.FAIRLEAD_BIN ?? 'build/fairlead';
const page = readFileSync(new URL('../../packaging/man/fairlead.1', import.meta.url), 'utf8');
const help = (...args) => {
  const { status, stdout } = spawnSync(PROGRAM, [...args, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout;
};

test('commands', () => {
  const commands = [...help().matchAll(/^ {2}(\w+) {2,}/gm)].map((found) => found[1]);
  assert.ok(commands.includes('serve') && commands.includes('version'));
  for (const command of commands) assert.match(page, new RegExp(`^\\.Cm ${command}\\b`, 'm'));
});

test('options', () => {
  for (const command of ['serve', 'workflow', 'projects', 'keys']) {
    const options = [...new Set([...help(command).matchAll(/--([a-z][a-z-]+)/g)].map((found) => found[1]))];
    assert.ok(options.length > 2);
    for (const option of options) assert.match(page, new RegExp(`^\\.It Fl -${option}\\b`, 'm'), `${command} --${option}`);
  }
  for (const [, option] of page.matchAll(/^\.It Fl -([a-z-]+)/gm)) {
    const known = help('serve') + help('workflow') + help('projects') + help('keys');
    assert.ok(known.includes(`--${option}`), `--${option} is no option`);
  }
});

test('exit statuses', () => {
  const status = (...args) => spawnSync(PROGRAM, args, { encoding: 'utf8' }).status;
  assert.equal(status('version'), 0);
  assert.equal(status('nonsense'), 2);
  assert.equal(status('serve', '--nonsense'), 2);
  assert.equal(status('serve', '--set', 'connections=0'), 2);
  assert.equal(status('serve', '--listen', '192.0.2.1:1', '--data', '/proc/nowhere'), 1);
  assert.equal(status('workflow', 'run', '/no/such/document.yml'), 2);
});
