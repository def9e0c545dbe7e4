// Metrics.
const MINUTE = 60_000;
// Of the last minutes, in which the other calls did something.
const of = (...measures) => ({
  granularity: '5m', 'date_range[start]': new Date(Date.now() - 10 * MINUTE).toISOString(), 'date_range[end]': new Date().toISOString(), 'measures[]': measures,
});
const query = (...measures) => async (world) => {
  await world.delivered();
  return { query: of(...measures) };
};

export const calls = {
  queryRequestMetrics: query('count', 'accepted_count', 'avg_events_per_request'),
  queryEventMetrics: async (world) => {
    await world.delivered();
    return { query: { ...of('count', 'error_rate'), 'dimensions[]': ['webhook_id', 'status'] } };
  },
  queryAttemptMetrics: query('count', 'response_latency_p95'),
  queryQueueDepthMetrics: query('max_depth', 'max_age'),
  queryTransformationMetrics: query('count', 'error_rate'),
  queryEventsPendingTimeseriesMetrics: query('count'),
  queryEventsByIssueMetrics: () => ({ query: { ...of('count'), 'filters[issue_id]': 'iss_00000000001', 'dimensions[]': ['issue_id'] } }),
};
