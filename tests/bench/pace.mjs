// `--only pace`: how much of a rate is reached with a backlog, and how much of it any window has; and what one delivery group
// with a great backlog takes from the others.

import { createServer } from 'node:http';

import { benchTool, sleep } from './child.mjs';
import { median, withGateway } from './measure.mjs';

const WARM_MS = 1_000;
const PACE_STEP_MS = 12; // between two webhooks to small groups
const SLOW_MS = 200;
const SMALL_GROUPS = 99;
const WARM_WEBHOOKS = 100; // one to each group
const SETTLE_MS = 5_000; // a backlog is cancelled

// Notes when each delivery arrives, and by which path. `delay(path)`: ms until it answers.
async function startSink(delay = () => 0) {
    const arrivals = [];
    const waiting = new Map();
    const counts = new Map();
    const server = createServer((request, response) => {
        const at = performance.now();
        arrivals.push(at);
        counts.set(request.url, (counts.get(request.url) ?? 0) + 1);
        waiting.get(request.url)?.(at);
        request.resume();
        const wait = delay(request.url);
        if (wait > 0) setTimeout(() => response.end(), wait);
        else response.end();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        arrivals,
        arrivedAt: (path) => counts.get(path) ?? 0,
        arrival: (path) => new Promise((resolve) => waiting.set(path, resolve)),
        stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
    };
}

async function connect(gateway, name, config) {
    const connection = await gateway.api('POST', '/connections', {
        name, source: { name, type: 'WEBHOOK' }, destination: { name, type: 'HTTP', config },
    });
    return { id: connection.id, ingestUrl: gateway.origin + new URL(connection.source.url).pathname };
}

const fill = (settings, url, count) =>
    benchTool(settings.tool, ['send', '--url', url, '--connections', 16, '--run', 'backlog', '--count', count]);

function mostWithin(moments, ms) {
    let most = 0;
    for (let first = 0, last = 0; last < moments.length; last++) {
        while (moments[last] - moments[first] >= ms) first++;
        most = Math.max(most, last - first + 1);
    }
    return most;
}

async function reached(settings, gateway, limit, seconds) {
    const sink = await startSink();
    const connection = await connect(gateway, `rate-${limit}`, { url: sink.url, rate_limit: limit, rate_limit_period: 'second' });
    await gateway.api('PUT', `/connections/${connection.id}/pause`);
    await fill(settings, connection.ingestUrl, limit * (seconds + 3));
    await gateway.api('PUT', `/connections/${connection.id}/unpause`);
    while (sink.arrivals.length < limit * (seconds + 2)) await sleep(100);
    const from = sink.arrivals[0] + WARM_MS;
    const within = sink.arrivals.filter((at) => at >= from && at < from + seconds * 1000).length;
    await gateway.api('PUT', `/connections/${connection.id}/disable`);
    await sink.stop();
    return { limit, share: within / (limit * seconds), most: mostWithin(sink.arrivals, 1000) / limit };
}

// Webhooks to the small groups in turn, at an even pace: ms from the call to the arrival.
async function latencies(connection, sink, count) {
    const all = [];
    for (let i = 0; i < count; i++) {
        const path = `/small-${i % SMALL_GROUPS}`;
        const arrived = sink.arrival(path);
        const began = performance.now();
        const reply = await fetch(connection.ingestUrl + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
        await reply.arrayBuffer();
        all.push(await arrived - began);
        await sleep(PACE_STEP_MS);
    }
    return all.sort((a, b) => a - b);
}

const quantile = (sorted, part) => sorted[Math.floor(sorted.length * part)];

// Without the backlog of the big group, with it, and without it once more, in one run.
async function besideBacklog(settings, gateway, name, rates) {
    const sink = await startSink((path) => (path === '/big' && name === 'slow' ? SLOW_MS : 0));
    const idle = await connect(gateway, `${name}-idle`, { url: sink.url, delivery_policy: { groups: { key: 'path', ...rates } } });
    const busy = await connect(gateway, `${name}-busy`, { url: sink.url, delivery_policy: { groups: { key: 'path', ...rates } } });
    const rounds = { idle: [], busy: [] };
    const measure = async (which, connection, count) => {
        for (let round = 0; round < count; round++)
            rounds[which].push(await latencies(connection, sink, settings.groupWebhooks));
    };
    await latencies(idle, sink, WARM_WEBHOOKS);
    await measure('idle', idle, settings.paceRounds);
    await fill(settings, `${busy.ingestUrl}/big`, settings.groupBacklog);
    await latencies(busy, sink, WARM_WEBHOOKS);
    await measure('busy', busy, 2 * settings.paceRounds);
    const waiting = settings.groupBacklog - sink.arrivedAt('/big');
    await gateway.api('PUT', `/connections/${busy.id}/disable`);
    await sleep(SETTLE_MS);
    await measure('idle', idle, settings.paceRounds);
    await sink.stop();
    const of = (which, part) => median(rounds[which].map((sorted) => quantile(sorted, part)));
    return {
        waiting, idle_ms: of('idle', 0.5), busy_ms: of('busy', 0.5), ratio: of('busy', 0.5) / of('idle', 0.5),
        idle_p99_ms: of('idle', 0.99), busy_p99_ms: of('busy', 0.99),
    };
}

export async function pace(settings, note) {
    return withGateway(settings, async (gateway) => {
        const results = {};
        for (const limit of [50, 200]) {
            results[`rate_${limit}`] = await reached(settings, gateway, limit, settings.paceSeconds);
            note(`${limit} a second: ${(results[`rate_${limit}`].share * 100).toFixed(1)}%`);
        }
        results.limited = await besideBacklog(settings, gateway, 'limited', { rate: 50, rate_period: 'second' });
        note(`groups of 50 a second: ${results.limited.ratio.toFixed(2)}`);
        results.slow = await besideBacklog(settings, gateway, 'slow', {});
        note(`a slow group: ${results.slow.ratio.toFixed(2)}`);
        return results;
    });
}
