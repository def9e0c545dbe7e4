// The measurements of `make bench`. Each takes the settings, starts what it needs, and returns
// plain figures.

import { dirname, join } from 'node:path';

import { Gateway } from './gateway.mjs';
import { Sink, benchTool, freePort, sleep } from './child.mjs';

const POLL_MS = 100;
const STALL_MS = 60_000; // a drain without progress for this long has failed

// Settings: gateway and tool (paths), directory, connections, and the sizes of the measurements.
function trial(settings, gateway, connection, port, run, load) {
    return benchTool(settings.tool, [
        'run', '--url', connection.ingestUrl, '--listen', `127.0.0.1:${port}`,
        '--pid', gateway.pid, '--connections', settings.connections, '--run', run, '--drain', 30,
        ...load,
    ]);
}

export async function withGateway(settings, measure) {
    const gateway = await Gateway.start(settings.gateway, settings.directory);
    try {
        return await measure(gateway);
    } finally {
        await gateway.stop();
    }
}

async function withPair(settings, measure) {
    return withGateway(settings, async (gateway) => {
        const port = await freePort();
        const connection = await gateway.connect({
            source: 'bench', destination: 'sink', url: `http://127.0.0.1:${port}/hook`,
        });
        return measure(gateway, connection, port);
    });
}

export function ceiling(settings) {
    return benchTool(settings.tool, [
        'ceiling', '--dir', settings.directory, '--connections', settings.connections,
        '--forward', settings.connections, '--count', settings.count,
    ]);
}

// As fast as it goes, then at a fixed rate, on the same gateway.
export function throughput(settings) {
    return withPair(settings, async (gateway, connection, port) => {
        const load = (run, args) => trial(settings, gateway, connection, port, run, args);
        await load('warm', ['--count', settings.warmCount]);
        const closed = await load('closed', ['--count', settings.count]);
        const memory = gateway.memory();
        const fixed = await load('fixed', [
            '--rate', settings.rate, '--duration', settings.rateSeconds,
        ]);
        return { closed, fixed, memory };
    });
}

// What the rules of a connection take of a webhook's time, without the gateway around them.
export function ruleCost(settings) {
    return benchTool(join(dirname(settings.tool), 'bench-rules'), []);
}

// What the verification of a signature takes, likewise.
export function verifyCost(settings) {
    return benchTool(join(dirname(settings.tool), 'bench-verify'), []);
}

// Calls of a small transformation: one and eight at a time, of one connection and of four; and at 300 a second, alone and
// beside four that never end.
export async function transformCalls(settings) {
    const program = join(dirname(settings.gateway), 'fairlead-transform');
    const tool = join(dirname(settings.tool), 'bench-transform');
    const measure = (...numbers) => benchTool(tool, [program, ...numbers.map(String)]);
    const results = { one: await measure(20_000, 1, 1, 0, 0), eight: await measure(40_000, 8, 1, 0, 0) };
    results.four_lines = await measure(40_000, 8, 4, 0, 0);
    results.alone = await measure(2_000, 1, 1, 3_000, 0);
    results.beside_loops = await measure(2_000, 1, 1, 3_000, 4);
    results.ratio = results.beside_loops.p99_us / results.alone.p99_us;
    return results;
}

async function isolationRound(settings, crowd) {
    return withPair(settings, async (gateway, connection, port) => {
        const silent = crowd ? await Sink.start(settings.tool, ['--never']) : null;
        try {
            if (crowd) await addTrouble(gateway, connection.sourceId, silent.url);
            const load = (run, seconds) =>
                trial(settings, gateway, connection, port, run, [
                    '--rate', settings.isolationRate, '--duration', seconds,
                ]);
            await load('warm', 2);
            return await load('healthy', settings.isolationSeconds);
        } finally {
            await silent?.stop();
        }
    });
}

async function addTrouble(gateway, sourceId, silentUrl) {
    const rules = [{ type: 'retry', strategy: 'linear', interval: 5000, count: 5 }];
    await gateway.connect({ sourceId, destination: 'silent', url: `${silentUrl}/hook`, rules });
    const closedPort = await freePort();
    await gateway.connect({
        sourceId, destination: 'refusing', url: `http://127.0.0.1:${closedPort}/hook`, rules,
    });
}

// The healthy destination alone and in bad company, by turns, each time on a fresh gateway.
export async function isolation(settings) {
    const alone = [];
    const crowd = [];
    for (let round = 0; round < settings.isolationRounds; round++) {
        alone.push(await isolationRound(settings, false));
        crowd.push(await isolationRound(settings, true));
    }
    const p99 = (results) => median(results.map((result) => result.sink.delivery_ms.p99));
    return {
        alone,
        crowd,
        alone_p99_ms: p99(alone),
        crowd_p99_ms: p99(crowd),
        ratio: p99(crowd) / p99(alone),
        lost: [...alone, ...crowd].reduce((sum, result) => sum + result.lost, 0),
    };
}

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Waits until the sink has `expected` webhooks; false when it stopped short of them.
async function drained(sink, expected) {
    let last = -1;
    let progress = Date.now();
    for (;;) {
        const { unique } = await sink.get('/stats');
        if (unique >= expected) return true;
        if (unique !== last) progress = Date.now();
        else if (Date.now() - progress > STALL_MS) return false;
        last = unique;
        await sleep(POLL_MS);
    }
}

async function sendBacklog(settings, connection, count) {
    return benchTool(settings.tool, [
        'send', '--url', connection.ingestUrl, '--connections', settings.connections,
        '--run', 'backlog', '--count', count,
    ]);
}

async function drainBacklog(settings, gateway, sent, port, release) {
    const waiting = gateway.memory();
    const sink = await Sink.start(settings.tool, ['--listen', `127.0.0.1:${port}`]);
    try {
        const released = Date.now();
        await release();
        const complete = await drained(sink, sent.acked);
        const seconds = (Date.now() - released) / 1000;
        const stats = await sink.get('/stats');
        return {
            waiting_events: sent.acked,
            send: sent,
            waiting_memory: waiting,
            memory: gateway.memory(),
            drained: complete,
            lost: sent.acked - Math.min(stats.unique, sent.acked),
            duplicates: stats.duplicates,
            drain_seconds: seconds,
            drain_per_s: stats.unique / seconds,
        };
    } finally {
        await sink.stop();
    }
}

// Webhooks pile up behind a paused connection, which is then let go.
export function pausedBacklog(settings) {
    return withPair(settings, async (gateway, connection, port) => {
        await gateway.api('PUT', `/connections/${connection.id}/pause`);
        const sent = await sendBacklog(settings, connection, settings.pausedCount);
        return drainBacklog(settings, gateway, sent, port, () =>
            gateway.api('PUT', `/connections/${connection.id}/unpause`));
    });
}

// Webhooks pile up for a destination that refuses connections and then comes back.
export function refusedBacklog(settings) {
    return withGateway(settings, async (gateway) => {
        const port = await freePort();
        const connection = await gateway.connect({
            source: 'bench',
            destination: 'sink',
            url: `http://127.0.0.1:${port}/hook`,
            rules: [{ type: 'retry', strategy: 'linear', interval: 10_000, count: 50 }],
        });
        const sent = await sendBacklog(settings, connection, settings.refusedCount);
        return drainBacklog(settings, gateway, sent, port, async () => {});
    });
}

// One million after another, and then the rate with all of them stored, by turns with that of a fresh gateway, so
// that what else goes on in the machine meets both.
export function endurance(settings, note) {
    return withPair(settings, async (gateway, connection, port) => {
        const load = (run, count) =>
            trial(settings, gateway, connection, port, run, ['--count', count]);
        await load('warm', settings.warmCount);
        const millions = [];
        for (let million = 1; million <= settings.millions; million++) {
            millions.push(await load(`m${million}`, 1_000_000));
            const { deliveries_per_s: rate, process: usage } = millions.at(-1);
            const cpu = `${usage.cpu_us_per_webhook.toFixed(1)} us CPU each`;
            const memory = `${usage.resident_mib.toFixed(1)} MiB`;
            note(`million ${million}: ${Math.round(rate)} webhooks/s, ${cpu}, ${memory}`);
        }
        const empty = [];
        const full = [];
        for (let round = 0; round < settings.enduranceRounds; round++) {
            empty.push(await freshRate(settings));
            full.push(await load(`full${round}`, settings.count));
        }
        const rate = (results) => median(results.map((result) => result.deliveries_per_s));
        const cpu = (results) => median(results.map((result) => result.process.cpu_us_per_webhook));
        return {
            empty,
            millions,
            full,
            stored: 1_000_000 * millions.length + settings.enduranceRounds * settings.count + settings.warmCount,
            after_first_million: millions[0].process,
            memory: gateway.memory(),
            empty_per_s: rate(empty),
            full_per_s: rate(full),
            ratio: rate(full) / rate(empty),
            empty_cpu_us: cpu(empty),
            full_cpu_us: cpu(full),
            lost: [...empty, ...millions, ...full].reduce((sum, result) => sum + result.lost, 0),
        };
    });
}

function freshRate(settings) {
    return withPair(settings, async (gateway, connection, port) => {
        const load = (run, count) =>
            trial(settings, gateway, connection, port, run, ['--count', count]);
        await load('warm', settings.warmCount);
        return load('empty', settings.count);
    });
}
