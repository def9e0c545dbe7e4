// The published @hookdeck/sdk (npm) against a gateway of ours, and the count of which of its methods were called.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
export const { Hookdeck, HookdeckClient, HookdeckError } = require('@hookdeck/sdk');
export const { verifyWebhookSignature } = require('@hookdeck/sdk/webhooks');

// Which test file calls the methods of which groups; together they are all there are.
const FILES = {
  'sdk-configuration': ['source', 'destination', 'connection', 'transformation', 'customDomain'],
  'sdk-bulk': ['eventBulkRetry', 'requestBulkRetry', 'ignoredEventBulkRetry'],
  'sdk-traffic': ['event', 'attempt', 'request', 'bookmark'],
  'sdk-issues': ['issue', 'issueTrigger', 'notification'],
};

const membersOf = (object) => Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => name !== 'constructor' && !name.startsWith('_'));

export function setUpSdk(gateway, { token = gateway.key, version = '2024-03-01' } = {}) {
  const client = new HookdeckClient({ token, environment: `${gateway.url}/${version}` });
  const groups = membersOf(client), used = new Set(), warnings = [];
  // It warns, and goes on, when a reply is not what it was made for.
  console.warn = (text) => warnings.push(text);
  const sdk = Object.fromEntries(groups.map((group) => [group, new Proxy(client[group], {
    get: (target, method) => (...args) => {
      used.add(`${group}.${method}`);
      return target[method](...args);
    },
  })]));
  return {
    sdk, warnings,
    // Every method of the groups of a test file must have been called.
    coverage(file) {
      assert.deepEqual(Object.values(FILES).flat().sort(), [...groups].sort(), 'each group has its file');
      const all = FILES[file].flatMap((group) => membersOf(client[group]).map((method) => `${group}.${method}`));
      assert.deepEqual(all.filter((name) => !used.has(name)), [], 'no test calls these');
      return `${FILES[file].length} of ${groups.length} groups, ${all.length} methods: ${all.length} called`;
    },
  };
}

// The promise must fail with that class of the SDK and a body whose text fits.
export async function fails(ErrorClass, status, pattern, promise) {
  const error = await promise.then(() => assert.fail('it did not fail'), (reason) => reason);
  assert.ok(error instanceof ErrorClass, `${error.constructor.name}: ${error.message}`);
  assert.equal(error.statusCode, status);
  assert.equal(error.body.status, status);
  assert.match(`${error.body.message} ${error.body.data ?? ''}`, pattern);
  assert.equal(typeof error.body.code, 'string');
}
