// Sources.
const AUTH = { auth_type: 'BASIC_AUTH', auth: { username: 'u', password: 'p' } };
const RESPONSE = { allowed_http_methods: ['POST', 'PUT'], custom_response: { content_type: 'json', body: '{}' } };
const fresh = async (world) => ({ ids: [(await world.source({ description: 'd', config: { ...RESPONSE, ...AUTH } })).id] });
const change = async (world) => ({ ...await fresh(world), body: {} });

export const calls = {
  getSources: async (world) => ({ query: { name: (await world.source()).name } }),
  countSources: () => ({}),
  createSource: (world) => ({ body: { name: world.name('in'), type: 'WEBHOOK', description: 'd', config: { ...RESPONSE, ...AUTH } } }),
  upsertSource: (world) => ({ body: { name: world.name('in') } }),
  getSource: fresh,
  updateSource: async (world) => ({ ...await fresh(world), body: { description: null, config: { custom_response: null } } }),
  deleteSource: fresh,
  disableSource: change,
  disableSource_archive: change,
  enableSource: change,
  enableSource_unarchive: change,
};
