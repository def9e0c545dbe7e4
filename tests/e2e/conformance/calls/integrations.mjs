// Integrations.
const HMAC = {
  label: 'l', provider: 'HMAC', features: ['VERIFICATION'],
  configs: { algorithm: 'sha256', encoding: 'hex', header_key: 'x-signature', webhook_secret_key: 's' },
};
const fresh = async (world) => ({ ids: [(await world.api('POST', '/integrations', HMAC)).id] });
const pair = async (world) => ({ ids: [...(await fresh(world)).ids, (await world.source()).id], body: {} });

export const calls = {
  getIntegrations: async (world) => {
    await fresh(world);
    return {};
  },
  createIntegration: () => ({ body: HMAC }),
  getIntegration: fresh,
  updateIntegration: async (world) => ({ ...await fresh(world), body: { label: 'other' } }),
  deleteIntegration: fresh,
  attachIntegrationToSource: pair,
  detachIntegrationToSource: async (world) => {
    const both = await pair(world);
    await world.api('PUT', `/integrations/${both.ids[0]}/attach/${both.ids[1]}`, {});
    return both;
  },
};
