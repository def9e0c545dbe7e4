// The published hookdeck-cli (npm), set up as docs/clients.md says, against a gateway of ours.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// What its npm package starts (bin/hookdeck.js starts it by execFile; the README's test takes that way).
const GO_NAMES = { x64: 'amd64', arm64: 'arm64' };
export const PROGRAM = fileURLToPath(new URL(
  `../node_modules/hookdeck-cli/binaries/${process.platform}-${GO_NAMES[process.arch] ?? process.arch}/hookdeck`, import.meta.url));

const flagsIn = (words) => words.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')[0]);
// "transformation executions list" of its words: what stands before the first flag, without a thing's name or id.
const commandIn = (words) => {
  const depth = words[1] === 'executions' ? 3 : 2;
  return words.slice(0, depth).join(' ');
};

export async function setUpHookdeck(gateway, { key = gateway.key } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'fairlead-hookdeck-'));
  const folder = join(home, '.config/hookdeck');
  const { body: source } = await gateway.api('PUT', '/sources', { name: 'tells-the-project' });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.toml'), [
    'profile = "default"', `api_base = "${gateway.url}"`, 'telemetry_disabled = true', '',
    '[default]', `api_key = "${key}"`, `project_id = "${source.team_id}"`, 'project_type = "Gateway"', '',
  ].join('\n'));
  // It would fetch its vendor's list of source types and check against that, unless it finds one it has fetched.
  writeFileSync(join(home, 'hookdeck_source_types_2026-09-01.json'), '{}');
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, HOOKDECK_CLI_TELEMETRY_DISABLED: '1' };
  const worked = new Map(), refused = new Map(); // command → the flags that a run of it had

  // { code, out, err } of `hookdeck ...words`.
  const run = (...words) => new Promise((resolve) => {
    execFile(PROGRAM, words, { env, cwd: home, timeout: 30000 }, (error, out, err) =>
      resolve({ code: error ? error.code ?? error.signal : 0, out, err }));
  });
  const note = (runs, words) => {
    const command = commandIn(words);
    runs.set(command, new Set([...runs.get(command) ?? [], ...flagsIn(words)]));
  };

  return {
    env, home, run,
    // `hookdeck gateway ...words`, which must succeed: what it printed.
    async text(...words) {
      const { code, out, err } = await run('gateway', ...words);
      assert.equal(code, 0, `hookdeck gateway ${words.join(' ')}: ${code}\n${out}${err}`);
      note(worked, words);
      return out;
    },
    async json(...words) {
      const out = await this.text(...words, '--output', 'json');
      try {
        return JSON.parse(out);
      } catch (error) {
        throw new Error(`hookdeck gateway ${words.join(' ')} printed ${out}`, { cause: error });
      }
    },
    // `hookdeck gateway ...words`, which must fail and say why.
    async refused(why, ...words) {
      const { code, out, err } = await run('gateway', ...words);
      assert.notEqual(code, 0, `hookdeck gateway ${words.join(' ')}: not refused\n${out}`);
      assert.match(out + err, why, `hookdeck gateway ${words.join(' ')}`);
      note(refused, words);
      return out + err;
    },
    file(name, content) {
      writeFileSync(join(home, name), content);
      return join(home, name);
    },
    /*
     * The commands of a noun with their flags, as its own --help lists them, against what was run: each flag must have
     * worked or be in `exceptions`, { flag or command: reason }, and then it must have been refused.
     */
    async coverage(noun, exceptions = {}) {
      const commands = await commandsOf(run, noun);
      const missing = [], idle = new Set(Object.keys(exceptions));
      const count = { commands: commands.length, flags: 0, worked: 0, refused: 0 };
      for (const { command, flags } of commands) {
        const isRefused = (name, flag) => {
          const known = name in exceptions && refused.has(command) && (!flag || refused.get(command).has(flag));
          if (known) idle.delete(name);
          return known;
        };
        if (!worked.has(command) && !isRefused(command)) missing.push(command);
        for (const flag of flags) {
          count.flags++;
          if (worked.get(command)?.has(flag)) count.worked++;
          else if (isRefused(flag, flag) || isRefused(command, flag)) count.refused++;
          else missing.push(`${command} --${flag}`);
        }
      }
      assert.deepEqual(missing, [], 'no test runs these');
      assert.deepEqual([...idle], [], 'no exceptions any more');
      return `${noun}: ${count.commands} commands, ${count.flags} flags: ${count.worked} work, ${count.refused} are refused`;
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

// [{ command, flags }] of a noun, from the help of each of its commands.
async function commandsOf(run, noun) {
  const { out } = await run('gateway', ...noun.split(' '), '--help');
  const names = [...(/^Available Commands:\n((?: .*\n)+)/m.exec(out)?.[1] ?? '').matchAll(/^ +(\S+)/gm)].map(([, name]) => name);
  if (names.length > 0) return (await Promise.all(names.map((name) => commandsOf(run, `${noun} ${name}`)))).flat();
  const flags = /^Flags:\n(.*?)\n\n/ms.exec(out)[1];
  return [{ command: noun, flags: [...flags.matchAll(/^ +(?:-\w, )?--(\S+)/gm)].map(([, name]) => name).filter((name) => name !== 'help') }];
}
