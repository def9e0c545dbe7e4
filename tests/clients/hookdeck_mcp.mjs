// A client of `hookdeck gateway mcp`: JSON-RPC, one message a line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PROGRAM } from './hookdeck.mjs';

export async function startMcp(hookdeck) {
  const child = spawn(PROGRAM, ['gateway', 'mcp'], { env: hookdeck.env, cwd: hookdeck.home, stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const waiting = new Map();
  let last = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, result, error } = JSON.parse(line);
    waiting.get(id)?.(result ?? { error });
    waiting.delete(id);
  });
  ended.then(() => waiting.forEach((resolve) => resolve({ error: 'the server ended' })));
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const ask = (method, params) => new Promise((resolve) => {
    waiting.set(++last, resolve);
    send({ id: last, method, params });
  });
  const used = new Set(); // "tool action argument" of what was answered

  const { serverInfo } = await ask('initialize', { protocolVersion: '2025-03-26', clientInfo: { name: 'test', version: '1' }, capabilities: {} });
  send({ method: 'notifications/initialized' });
  const { tools } = await ask('tools/list', {});

  const call = async (tool, args) => {
    const { content, isError = false, error } = await ask('tools/call', { name: `hookdeck_${tool}`, arguments: args });
    assert.equal(error, undefined, `${tool} ${JSON.stringify(args)}`);
    return { isError, text: content.map(({ text }) => text).join('\n') };
  };
  const note = (tool, { action = '', ...args }) => {
    used.add(`${tool} ${action}`.trim());
    for (const name of Object.keys(args)) used.add(`${tool} ${name}`);
  };
  return {
    serverInfo,
    tools: tools.map(({ name }) => name),
    // What a tool answers in words.
    async text(tool, args = {}) {
      const { isError, text } = await call(tool, args);
      assert.equal(isError, false, `${tool} ${JSON.stringify(args)}: ${text}`);
      note(tool, args);
      return text;
    },
    // { data, meta } that a tool answers.
    async json(tool, args = {}) {
      return JSON.parse(await this.text(tool, args));
    },
    async refused(why, tool, args) {
      const { isError, text } = await call(tool, args);
      assert.equal(isError, true, `${tool} ${JSON.stringify(args)}: not refused: ${text}`);
      assert.match(text, why);
    },
    // Each tool with each action and each argument, as tools/list lists them, must have been answered.
    coverage() {
      const all = tools.flatMap(({ name, inputSchema: { properties } }) => {
        const { action, ...rest } = properties, tool = name.replace('hookdeck_', '');
        return [...(action ? action.enum.map((each) => `${tool} ${each}`) : [tool]), ...Object.keys(rest).map((each) => `${tool} ${each}`)];
      });
      assert.deepEqual(all.filter((each) => !used.has(each)), [], 'no test calls these');
      return `${tools.length} tools, ${all.length} actions and arguments: all answered`;
    },
    async stop() {
      child.stdin.end();
      return ended;
    },
  };
}
