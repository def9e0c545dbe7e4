// Destinations.
const HTTP = {
  type: 'HTTP', description: 'd',
  config: { url: 'http://127.0.0.1:1/', http_method: 'PUT', path_forwarding_disabled: true, auth_type: 'BEARER_TOKEN', auth: { token: 't' } },
};
const fresh = async (world) => ({ ids: [(await world.destination(HTTP)).id] });
const change = async (world) => ({ ...await fresh(world), body: {} });

export const calls = {
  getDestinations: async (world) => {
    await world.destination({ type: 'CLI', config: { path: '/' } });
    await world.destination(HTTP);
    return { query: { limit: '3' } };
  },
  countDestinations: () => ({}),
  createDestination: (world) => ({ body: { name: world.name('out'), ...HTTP } }),
  upsertDestination: (world) => ({ body: { name: world.name('out'), type: 'CLI', config: { path: '/' } } }),
  getDestination: fresh,
  updateDestination: async (world) => ({ ...await fresh(world), body: { config: { url: 'https://example.com/' } } }),
  deleteDestination: fresh,
  disableDestination: change,
  disableDestination_archive: change,
  enableDestination: change,
  enableDestination_unarchive: change,
};
