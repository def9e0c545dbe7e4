// Custom domains.
const body = (world) => ({ hostname: `${world.name('hooks')}.example.com` });
const fresh = async (world) => ({ ids: [(await world.api('POST', '/teams/current/custom_domains', body(world))).id] });

export const calls = {
  listCustomDomains: async (world) => {
    await fresh(world);
    return {};
  },
  addCustomDomain: (world) => ({ body: body(world) }),
  deleteCustomDomain: fresh,
};
