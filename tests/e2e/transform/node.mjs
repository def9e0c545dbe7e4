// What Node makes of a transformation: the same code in a context of node:vm, its result as the gateway's reply has it.
import * as nodeCrypto from 'node:crypto';
import vm from 'node:vm';

const web = nodeCrypto.webcrypto;
const crypto = {
  createHash: nodeCrypto.createHash, createHmac: nodeCrypto.createHmac, subtle: web.subtle,
  randomUUID: () => web.randomUUID(), getRandomValues: (array) => { array.fill(7); return array; },
};

function parsedQuery(query) {
  const object = {};
  for (const [name, value] of new URLSearchParams(query))
    object[name] = name in object ? [object[name], value].flat() : value;
  return object;
}

export async function runUnderNode(code, request, env = {}) {
  let handler;
  const context = vm.createContext({
    addHandler: (name, handle) => { handler = handle; }, process: { env }, crypto, console,
    URL, URLSearchParams, TextEncoder, TextDecoder, structuredClone, atob, btoa,
  });
  vm.runInContext(code, context);
  const input = vm.runInContext('JSON.parse', context)(JSON.stringify({ path: '/', query: '', parsed_query: parsedQuery(request.query), ...request }));
  const result = await handler(input, { connection: null });
  const headers = Object.fromEntries(Object.entries(result.headers).map(([name, value]) => [name, String(value)]));
  const text = result.body === undefined ? 'null' : JSON.stringify(result.body).replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (part) => (part.length > 2 ? '\ufffd' : part));
  return { headers, path: result.path, query: result.query, parsed_query: parsedQuery(result.query), body: JSON.parse(text) };
}
