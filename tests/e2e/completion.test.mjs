// Shell completion, by the shells themselves where they are installed: it knows what --help tells, no more and no less.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { PROGRAM } from './runner.mjs';

const SHELLS = ['bash', 'zsh', 'fish'];
const ask = (...args) => spawnSync(PROGRAM, args, { encoding: 'utf8' });
const without = (shell) => spawnSync(shell, ['-c', 'true']).status === 0 ? false : `there is no ${shell}`;

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-completion-'));
  for (const shell of SHELLS) writeFileSync(join(folder, shell), ask('completion', shell).stdout);
  writeFileSync(join(folder, 'document.yml'), '');
});
after(() => rmSync(folder, { recursive: true }));

function shell(name, script) {
  const done = spawnSync(name, ['-c', script], { encoding: 'utf8', cwd: folder });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.split(/\s+/).filter(Boolean);
}

// What bash proposes for the last word.
function bash(...words) {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  return shell('bash', `source ./bash; COMP_WORDS=(fairlead ${quoted}); COMP_CWORD=${words.length}; _fairlead; echo "\${COMPREPLY[@]}"`);
}

const COMMANDS = [...ask('--help').stdout.matchAll(/^ {2}(\w+) {2}/gm)].map((match) => match[1]);

test('commands, verbs, options and files in bash', { skip: without('bash') }, () => {
  assert.ok(COMMANDS.includes('serve') && COMMANDS.includes('workflow'));
  assert.deepEqual(bash(''), COMMANDS);
  assert.deepEqual(bash('wo'), ['workflow']);
  assert.deepEqual(bash('workflow', ''), ['run', 'list', 'describe', 'validate']);
  assert.deepEqual(bash('completion', ''), SHELLS);
  assert.deepEqual(bash('workflow', 'run', 'doc'), ['document.yml']);
  assert.deepEqual(bash('workflow', 'run', 'document.yml', '--dr'), ['--dry-run']);
  assert.deepEqual(bash('workflow', 'run', 'document.yml', '--inputs', 'doc'), ['document.yml']);
  assert.deepEqual(bash('workflow', 'run', 'document.yml', '--input', ''), []);
  for (const command of COMMANDS.filter((name) => name !== 'version')) {
    const told = [...ask(command, '--help').stdout.matchAll(/^ {2}(--[a-z-]+) /gm)].map((match) => match[1]);
    assert.deepEqual(bash(command, 'verb', '--'), [...told, '--help'], command);
  }
});

test('the script for zsh is one', { skip: without('zsh') }, () => {
  shell('zsh', 'zsh -n ./zsh && autoload -Uz compinit && compinit -u -d ./dump && source ./zsh && [[ $_comps[fairlead] = _fairlead ]]');
});

test('fish proposes them too', { skip: without('fish') }, () => {
  const propose = (line) => spawnSync('fish', ['--no-config', '-c', `source ./fish; complete -C '${line}'`],
    { encoding: 'utf8', cwd: folder }).stdout.split('\n').filter(Boolean).map((proposal) => proposal.split('\t')[0]);
  assert.deepEqual(propose('fairlead ').sort(), [...COMMANDS].sort());
  assert.deepEqual(propose('fairlead workflow de'), ['describe']);
  assert.deepEqual(propose('fairlead workflow run --dry'), ['--dry-run']);
  assert.deepEqual(propose('fairlead workflow run doc'), ['document.yml']);
});

test('an unknown shell is refused', () => {
  assert.equal(ask('completion', 'tcsh').status, 2);
  assert.equal(ask('completion').status, 2);
  assert.match(ask('completion', '--help').stdout, /fairlead completion bash\|zsh\|fish/);
});
