// Projects, their keys, and signing in.
const fresh = async (world) => ({ ids: [(await world.api('POST', '/projects', { name: world.name('project') })).id] });
const key = async (world) => {
  const { ids: [id] } = await fresh(world);
  return { ids: [id, (await world.api('POST', `/projects/${id}/keys`, { name: 'n' })).id] };
};

export const calls = {
  getProjects: () => ({}),
  getTeams: () => ({}),
  createProject: (world) => ({ body: { name: world.name('project') } }),
  getProject: fresh,
  updateProject: async (world) => ({ ...await fresh(world), body: { name: world.name('project') } }),
  rotateStorageKey: () => ({}),
  rotateProjectSecret: async (world) => ({ ...await fresh(world), body: {} }),
  deleteProject: fresh,
  getApiKeys: async (world) => ({ ids: [(await key(world)).ids[0]] }),
  createApiKey: async (world) => ({ ...await fresh(world), body: { name: 'n', rate_limit: 100 } }),
  updateApiKey: async (world) => ({ ...await key(world), body: { name: 'other' } }),
  deleteApiKey: key,
  signInCi: () => ({ body: { device_name: 'd' } }),
  validateKey: () => ({}),
  updateClient: async (world) => ({ ids: [(await world.api('GET', '/cli-auth/validate')).client_id], body: { device_name: 'd' } }),
  beginSignIn: () => ({ body: { device_name: 'd' } }),
  beginGuest: () => ({ body: { device_name: 'd', link_context: 'signup' } }),
  pollSignIn: async (world) => ({ query: { key: new URL((await world.api('POST', '/cli-auth', {})).poll_url).searchParams.get('key') } }),
};
