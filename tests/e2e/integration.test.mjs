// Integrations, and the sources that they are attached to.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { startGateway } from './gateway.mjs';
import { callsOf, refusesEach, refusesStrangers } from './resource.mjs';

const HMAC = { webhook_secret_key: 'secret', algorithm: 'sha256', header_key: 'x-signature', encoding: 'hex' };
let gateway, ok, refused;

before(async () => {
  gateway = await startGateway();
  ({ ok, refused } = callsOf(gateway));
});
after(() => gateway?.stop());

describe('integrations', () => {
  test('are created, read, changed and deleted', async () => {
    const made = await ok('POST', '/integrations', {
      label: 'Signed, sealed', provider: 'HMAC', features: ['VERIFICATION'], configs: HMAC,
    });
    assert.match(made.id, /^int_/);
    assert.deepEqual([made.provider, made.features, made.configs, made.sources], ['HMAC', ['VERIFICATION'], {}, []]);
    assert.deepEqual(await ok('GET', `/integrations/${made.id}`), made);
    assert.deepEqual(await ok('GET', `/integrations/${made.id}?include=config.auth`), { ...made, configs: HMAC });
    const changed = await ok('PUT', `/integrations/${made.id}`, { features: ['HANDSHAKE'] });
    assert.deepEqual([changed.features, changed.label], [['HANDSHAKE'], made.label]);
    assert.deepEqual((await ok('GET', `/integrations/${made.id}?include=config.auth`)).configs, HMAC);
    assert.deepEqual((await ok('GET', `/integrations?label=${encodeURIComponent(made.label)}`)).models, [changed]);
    assert.deepEqual((await ok('GET', '/integrations?provider=STRIPE')).models, []);
    assert.deepEqual(await ok('DELETE', `/integrations/${made.id}`), { id: made.id });
    await refused(404, 'GET', `/integrations/${made.id}`);
  });

  test('need no more than a provider', async () => {
    const made = await ok('POST', '/integrations', { provider: 'GITHUB' });
    assert.deepEqual([made.label, made.features, made.configs], ['GITHUB', [], {}]);
  });

  test('refuse what does not fit', async () => {
    await refusesStrangers(refused, 'POST', '/integrations', { provider: 'GITHUB' });
    await refusesEach(refused, 'POST', '/integrations', [
      [{}, /^provider: is required/],
      [{ provider: 'NOBODY' }, /^provider: /],
      [{ provider: 'GITHUB', label: '' }, /^label: /],
      [{ provider: 'GITHUB', features: ['MAGIC'] }, /^features\[0\]: /],
      [{ provider: 'GITHUB', configs: [] }, /^configs: must be an object/],
      [{ provider: 'GITHUB', configs: { token: 'x' } }, /^configs\.token: /],
      [{ provider: 'GITHUB', configs: { webhook_secret_key: 'x', api_key: 'y' } }, /not both/],
      [{ provider: 'HMAC', configs: { ...HMAC, algorithm: 'rot13' } }, /^configs\.algorithm: /],
      [{ provider: 'API_KEY', configs: { api_key: 'x' } }, /^configs\.header_key: is required/],
      [{ provider: 'BASIC_AUTH' }, /^configs\.username: is required/],
      [{ provider: 'GITHUB', more: 1 }, /^more: /],
    ]);
    await refused(404, 'GET', '/integrations/int_00000000000');
    await refused(422, 'GET', '/integrations?provider=NOBODY');
    const { id } = await ok('POST', '/integrations', { provider: 'GITHUB', configs: { webhook_secret_key: 'x' } });
    await refusesEach(refused, 'PUT', `/integrations/${id}`, [[{ provider: 'HMAC' }, /^configs\.algorithm: is required/]]);
  });
});

describe('what it knows checks its sources', () => {
  const sent = async (source, key, body = '{}') => {
    const signature = createHmac('sha256', key).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` };
    await fetch(source.url, { method: 'POST', headers, body });
    const { models } = await ok('GET', `/requests?source_id=${source.id}&limit=1`);
    return [models[0].verified, models[0].rejection_cause];
  };
  const PASSED = [true, 'NO_CONNECTION'], FAILED = [false, 'VERIFICATION_FAILED'], UNCHECKED = [false, 'NO_CONNECTION'];
  const made = (features, configs, provider = 'GITHUB') => ok('POST', '/integrations', { provider, features, configs });

  test('while it is attached, as it is now', async () => {
    const source = await ok('POST', '/sources', { name: 'by-integration' });
    const { id } = await made(['VERIFICATION'], { webhook_secret_key: 'one' });
    assert.deepEqual(await sent(source, 'one'), UNCHECKED);
    await ok('PUT', `/integrations/${id}/attach/${source.id}`);
    assert.deepEqual([await sent(source, 'one'), await sent(source, 'two')], [PASSED, FAILED]);
    await ok('PUT', `/integrations/${id}`, { configs: { webhook_secret_key: 'two', previous_webhook_secret_key: 'one' } });
    assert.deepEqual([await sent(source, 'one'), await sent(source, 'two'), await sent(source, 'three')], [PASSED, PASSED, FAILED]);
    await ok('PUT', `/integrations/${id}`, { features: ['HANDSHAKE'] });
    assert.deepEqual(await sent(source, 'three'), UNCHECKED);
    await ok('PUT', `/integrations/${id}`, { features: ['VERIFICATION', 'HANDSHAKE'] });
    await ok('PUT', `/integrations/${id}/detach/${source.id}`);
    assert.deepEqual(await sent(source, 'three'), UNCHECKED);
    await ok('PUT', `/integrations/${id}/attach/${source.id}`);
    assert.deepEqual(await sent(source, 'three'), FAILED);
    await ok('DELETE', `/integrations/${id}`);
    assert.deepEqual(await sent(source, 'three'), UNCHECKED);
  });

  test('unless the source has its own', async () => {
    const config = { auth_type: 'GITHUB', auth: { webhook_secret_key: 'own' } };
    const source = await ok('POST', '/sources', { name: 'by-itself', config });
    const { id } = await made(['VERIFICATION'], { webhook_secret_key: 'one' });
    await ok('PUT', `/integrations/${id}/attach/${source.id}`);
    assert.deepEqual([await sent(source, 'one'), await sent(source, 'own')], [FAILED, PASSED]);
    await ok('PUT', `/sources/${source.id}`, { config: { auth: null, auth_type: null } });
    assert.deepEqual([await sent(source, 'one'), await sent(source, 'own')], [PASSED, FAILED]);
  });

  test('the older form has one secret, whatever the provider calls it', async () => {
    const source = await ok('POST', '/sources', { name: 'older' });
    const { id } = await made(['VERIFICATION', 'HANDSHAKE'], { webhook_secret_key: 'consumer' }, 'TWITTER');
    await ok('PUT', `/integrations/${id}/attach/${source.id}`);
    const crc = async () => (await fetch(`${source.url}?crc_token=abc`)).json();
    const response = (key) => `sha256=${createHmac('sha256', key).update('abc').digest('base64')}`;
    assert.equal((await crc()).response_token, response('consumer'));
    await ok('PUT', `/integrations/${id}`, { configs: { api_key: 'other' } });
    assert.equal((await crc()).response_token, response('other'));
    await ok('PUT', `/integrations/${id}`, { features: ['VERIFICATION'] });
    assert.equal((await crc()).response_token, undefined);
  });

  test('keys that are none are refused', async () => {
    await refusesEach(refused, 'POST', '/integrations', [
      [{ provider: 'SVIX', configs: { webhook_secret_key: '?' } }, /^configs\.webhook_secret_key: must be "whsec_"/],
      [{ provider: 'DISCORD', configs: { public_key: '00' } }, /^configs\.public_key: must be an Ed25519/],
      [{ provider: 'TIKTOK_SHOP', configs: { webhook_secret_key: 'x', app_key: 1 } }, /^configs\.app_key: must be a string/],
    ]);
  });
});

describe('attaching', () => {
  test('binds a source to one integration', async () => {
    const source = await ok('POST', '/sources', { name: 'bound' });
    const one = await ok('POST', '/integrations', { provider: 'GITHUB' });
    const other = await ok('POST', '/integrations', { provider: 'STRIPE' });
    const sourcesOf = async ({ id }) => (await ok('GET', `/integrations/${id}`)).sources;
    assert.deepEqual(await ok('PUT', `/integrations/${one.id}/attach/${source.id}`), { success: true });
    assert.deepEqual(await sourcesOf(one), [source.id]);
    assert.deepEqual(await ok('PUT', `/integrations/${other.id}/attach/${source.id}`), { success: true });
    assert.deepEqual([await sourcesOf(one), await sourcesOf(other)], [[], [source.id]]);
    await refused(404, 'PUT', `/integrations/${one.id}/detach/${source.id}`);
    assert.deepEqual(await ok('PUT', `/integrations/${other.id}/detach/${source.id}`), { success: true });
    assert.deepEqual(await sourcesOf(other), []);
  });

  test('ends with the integration, and with the source', async () => {
    const source = await ok('POST', '/sources', { name: 'left' });
    const gone = await ok('POST', '/integrations', { provider: 'GITHUB' });
    const kept = await ok('POST', '/integrations', { provider: 'GITHUB' });
    await ok('PUT', `/integrations/${gone.id}/attach/${source.id}`);
    await ok('DELETE', `/integrations/${gone.id}`);
    await refused(404, 'PUT', `/integrations/${gone.id}/attach/${source.id}`);
    await refused(404, 'PUT', `/integrations/${kept.id}/detach/${source.id}`);
    await ok('PUT', `/integrations/${kept.id}/attach/${source.id}`);
    await ok('DELETE', `/sources/${source.id}`);
    assert.deepEqual((await ok('GET', `/integrations/${kept.id}`)).sources, []);
    await refused(410, 'PUT', `/integrations/${kept.id}/attach/${source.id}`);
    await refused(404, 'PUT', `/integrations/${kept.id}/attach/src_00000000000`);
  });
});
