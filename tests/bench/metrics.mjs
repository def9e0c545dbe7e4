// `--only metrics`: a week of every endpoint of the metrics, as dashboards ask for it, on a store that took millions of
// events in that week.

import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { Gateway } from './gateway.mjs';

const WEEK_MS = 7 * 86_400_000;
const ROUNDS = 3;
const BUCKETS = [null, '1d', '1h', '15m', '5m'];

// Measures and dimensions that the counts hold.
const counted = {
    requests: {
        measures: ['count', 'accepted_count', 'rejected_count', 'discarded_count', 'avg_events_per_request'],
        dimensions: [[], ['source_id'], ['source_id', 'rejection_cause', 'status']],
    },
    events: {
        measures: ['count', 'successful_count', 'failed_count', 'scheduled_count', 'paused_count', 'error_rate', 'avg_attempts'],
        dimensions: [[], ['status'], ['webhook_id'], ['destination_id', 'error_code', 'response_status']],
    },
    attempts: {
        measures: ['count', 'failed_count', 'error_rate', 'response_latency_avg', 'response_latency_p95',
            'response_latency_p99', 'delivery_latency_avg'],
        dimensions: [[], ['destination_id'], ['destination_id', 'status', 'error_code', 'trigger']],
    },
    'queue-depth': { measures: ['max_depth', 'max_age'], dimensions: [[], ['destination_id']] },
    'events-pending-timeseries': { measures: ['count'], dimensions: [[], ['destination_id']] },
    transformations: { measures: ['count', 'failed_count', 'error_rate'], dimensions: [[], ['transformation_id', 'log_level']] },
    'events-by-issue': { measures: ['count'], dimensions: [[], ['issue_id']], more: 'filters[issue_id]=iss_00000000001' },
};
// What the records have to tell, as far as the limits of one call go.
const recorded = [
    ['events', 'measures[]=max_count_per_second'],
    ['events', 'measures[]=count&dimensions[]=attempts'],
    ['requests', 'measures[]=count&dimensions[]=events_count'],
];

function* queries(range) {
    for (const [endpoint, { measures, dimensions, more }] of Object.entries(counted))
        for (const bucket of BUCKETS)
            for (const names of dimensions)
                yield {
                    endpoint, group: endpoint,
                    query: [range, ...measures.map((name) => `measures[]=${name}`), ...names.map((name) => `dimensions[]=${name}`),
                        ...(bucket ? [`granularity=${bucket}`] : []), ...(more ? [more] : [])].join('&'),
                };
    for (const [endpoint, query] of recorded) yield { endpoint, group: 'records', query: `${range}&${query}` };
}

export async function metrics(settings, note) {
    const directory = mkdtempSync(join(settings.directory, 'filled-'));
    await promisify(execFile)(join(dirname(settings.tool), 'fill'),
        [directory, '--events', String(settings.metricEvents)]);
    const gateway = await Gateway.start(settings.gateway, settings.directory, directory);
    try {
        const now = Date.now();
        const range = `date_range[start]=${new Date(now - WEEK_MS).toISOString()}&date_range[end]=${new Date(now).toISOString()}`;
        const worst = {};
        let calls = 0;
        for (let round = 0; round < ROUNDS; round++)
            for (const { endpoint, group, query } of queries(range)) {
                const began = performance.now();
                const reply = await gateway.api('GET', `/metrics/${endpoint}?${query}`);
                const ms = performance.now() - began;
                calls++;
                if (!(worst[group]?.ms >= ms))
                    worst[group] = { ms, rows: reply.metadata.row_count, query: query.slice(range.length + 1) };
            }
        for (const [group, { ms, rows, query }] of Object.entries(worst))
            note(`${group}: at most ${ms.toFixed(0)} ms, ${rows} rows: ${query}`);
        const { records, ...byEndpoint } = worst;
        const endpoints = Object.values(byEndpoint).map(({ ms }) => ms);
        return { stored: settings.metricEvents, calls, worst, worst_ms: Math.max(...endpoints), records_ms: records.ms };
    } finally {
        await gateway.stop();
    }
}
