// Issues, issue triggers and notifications.
import { until } from '../../gateway.mjs';

const trigger = (world, more = {}) => world.api('POST', '/issue-triggers', {
  name: world.name('trigger'), type: 'delivery', configs: { strategy: 'first_attempt', connections: 'nothing-*' }, channels: { email: {} }, ...more,
});
const freshTrigger = async (world) => ({ ids: [(await trigger(world)).id] });
// One of a delivery and one of a request, so that both forms are looked at.
async function issue(world) {
  await world.refused();
  for (const type of ['delivery', 'request'])
    await until(`an issue of a ${type}`, async () => (await world.api('GET', `/issues?type=${type}`)).models[0]);
  return (await world.api('GET', '/issues?type=delivery')).models[0];
}
const anIssue = async (world) => ({ ids: [(await issue(world)).id] });

export const calls = {
  getIssueTriggers: async (world) => {
    for (const [type, configs] of Object.entries({
      transformation: { log_level: 'error', transformations: '*' }, backpressure: { delay: 60000, destinations: 'nothing' },
      request: { rejection_causes: '*', excluded_rejection_causes: ['UNKNOWN'], sources: 'nothing' },
    })) await trigger(world, { type, configs });
    return {};
  },
  createIssueTrigger: (world) => ({ body: {
    name: world.name('trigger'), type: 'delivery', configs: { strategy: 'final_attempt', connections: 'nothing' },
    channels: { slack: { channel_name: 'c' }, pagerduty: {} },
  } }),
  upsertIssueTrigger: (world) => ({ body: {
    name: world.name('trigger'), type: 'backpressure', configs: { delay: 60000, destinations: 'nothing' }, channels: { email: {} },
  } }),
  getIssueTrigger: freshTrigger,
  updateIssueTrigger: async (world) => ({ ...await freshTrigger(world), body: { name: world.name('trigger'), disabled_at: null } }),
  deleteIssueTrigger: freshTrigger,
  disableIssueTrigger: async (world) => ({ ...await freshTrigger(world), body: {} }),
  enableIssueTrigger: async (world) => ({ ...await freshTrigger(world), body: {} }),
  getIssues: async (world) => {
    await issue(world);
    return {};
  },
  getIssueCount: async () => ({}),
  getIssue: anIssue,
  updateIssue: async (world) => ({ ...await anIssue(world), body: { status: 'ACKNOWLEDGED' } }),
  dismissIssue: anIssue,
  toggleWebhookNotifications: async (world) => ({ body: {
    enabled: false, topics: ['issue.opened'], source_id: (await world.source()).id,
  } }),
};
