// The published hookdeck-cli (npm), set up as the README says, against a gateway of ours.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../node_modules/hookdeck-cli/bin/hookdeck.js', import.meta.url));

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

  // { code, out, err } of `hookdeck ...words`.
  const run = (...words) => new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...words], { env, cwd: home, timeout: 30000 }, (error, out, err) =>
      resolve({ code: error ? error.code ?? error.signal : 0, out, err }));
  });
  return {
    run,
    // `hookdeck gateway ...words`, which must succeed: what it printed.
    async text(...words) {
      const { code, out, err } = await run('gateway', ...words);
      if (code !== 0) throw new Error(`hookdeck gateway ${words.join(' ')}: ${code}\n${out}${err}`);
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
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
