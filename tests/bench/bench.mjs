// `make bench`: what the gateway does on this machine, beside what the machine could do at all.
//
//     node tests/bench/bench.mjs [--quick] [--long] [--millions 5] [--only NAME,...]
//         [--json FILE] [--dir DIR] [--strict]
//         [--gateway build/fairlead] [--tool build/tests/bench/fairlead-bench]
//
// 1 KiB JSON webhooks, one source to one destination, load, gateway and sink on the same two
// processors. --quick takes half a minute and is for trying a change. --long adds the endurance
// measurement (--millions of webhooks, one by one), lists and metrics of five million events, and backlogs of two million. --only
// takes names from the list of measurements below.
//
// The data lies under --dir, which must be on a disk (default: `bench` beside the gateway), and is
// removed at the end. The exit status is 1 when an acknowledged webhook was lost or a measurement
// failed, with --strict also when a target was missed.

import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { usedProcessors } from './child.mjs';
import { lists } from './lists.mjs';
import * as measure from './measure.mjs';
import { metrics } from './metrics.mjs';
import { pace } from './pace.mjs';
import { rules } from './rules.mjs';
import { makeTable, printTable } from './table.mjs';
import { manyDestinations, tls } from './wire.mjs';

const TMPFS_MAGIC = 0x01021994;
const LONG_FREE_BYTES = 40e9;

const { values: options } = parseArgs({
    options: {
        quick: { type: 'boolean', default: false },
        long: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        millions: { type: 'string', default: '5' },
        only: { type: 'string' },
        json: { type: 'string' },
        dir: { type: 'string' },
        gateway: { type: 'string', default: 'build/fairlead' },
        tool: { type: 'string', default: 'build/tests/bench/fairlead-bench' },
    },
});

const measurements = [
    { name: 'ceiling', run: measure.ceiling },
    { name: 'throughput', run: measure.throughput },
    { name: 'ceiling_after', together: 'ceiling', run: measure.ceiling },
    { name: 'rule_cost', run: measure.ruleCost },
    { name: 'verify_cost', run: measure.verifyCost },
    { name: 'transform_calls', run: measure.transformCalls },
    { name: 'rules', run: rules },
    { name: 'pace', run: pace },
    { name: 'isolation', run: measure.isolation },
    { name: 'tls', run: tls },
    { name: 'many_destinations', run: manyDestinations },
    { name: 'paused_backlog', run: measure.pausedBacklog },
    { name: 'refused_backlog', run: measure.refusedBacklog },
    { name: 'endurance', run: measure.endurance, long: true },
    { name: 'lists', run: lists, long: true },
    { name: 'metrics', run: metrics, long: true },
];

// How much of everything.
const sizes = {
    connections: 64,
    count: 200_000,
    warmCount: 2_000,
    rate: 1_000,
    rateSeconds: 20,
    isolationRate: 300,
    isolationSeconds: 10,
    isolationRounds: 3,
    tlsCount: 50_000,
    tlsRounds: 3,
    manyDestinations: 10_000,
    manyRate: 400,
    manySeconds: 15,
    manySlowMs: 10_000,
    manyRounds: 3,
    pausedCount: 50_000,
    refusedCount: 10_000,
    paceSeconds: 20,
    paceRounds: 3,
    groupBacklog: 100_000,
    groupWebhooks: 300,
    millions: Number(options.millions),
    enduranceRounds: 3,
    listEvents: 5_000_000,
    listRounds: 5,
    metricEvents: 5_000_000,
    ...(options.quick && {
        count: 30_000,
        rateSeconds: 5,
        isolationSeconds: 5,
        isolationRounds: 1,
        tlsCount: 5_000,
        tlsRounds: 1,
        manyDestinations: 500,
        manySeconds: 5,
        manyRounds: 1,
        pausedCount: 10_000,
        refusedCount: 2_000,
        paceSeconds: 8,
        paceRounds: 1,
        groupBacklog: 10_000,
        listEvents: 200_000,
        listRounds: 1,
        metricEvents: 200_000,
    }),
    ...(options.long && { pausedCount: 2_000_000, refusedCount: 2_000_000 }),
};

function isWanted(measurement) {
    const only = options.only?.split(',');
    if (only) return only.includes(measurement.together ?? measurement.name);
    return !measurement.long || options.long;
}

// A directory that is gone again when this program ends, however it ends.
function prepareDirectory() {
    const parent = resolve(options.dir ?? join(dirname(options.gateway), 'bench'));
    mkdirSync(parent, { recursive: true });
    const directory = mkdtempSync(join(parent, 'run-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
    const { type, bavail, bsize } = statfsSync(directory);
    if (type === TMPFS_MAGIC) console.log(`WARNING: ${parent} is in memory, where a sync is free`);
    if (options.long && bavail * bsize < LONG_FREE_BYTES)
        console.log(`WARNING: --long may need ${LONG_FREE_BYTES / 1e9} GB, there is less free`);
    return directory;
}

// The sum of `pick` over every part of the results that it has a number for.
function sumOver(value, pick) {
    if (value === null || typeof value !== 'object') return 0;
    const own = pick(value);
    if (typeof own === 'number') return own;
    return Object.values(value).reduce((sum, part) => sum + sumOver(part, pick), 0);
}

async function measureAll(settings) {
    const results = {};
    const failures = [];
    for (const measurement of measurements.filter(isWanted)) {
        console.log(`measuring ${measurement.name}`);
        try {
            const note = (line) => console.log(`    ${line}`);
            results[measurement.name] = await measurement.run(settings, note);
        } catch (error) {
            failures.push(`${measurement.name}: ${error.message}`);
        }
    }
    return { results, failures };
}

async function main() {
    const machine = {
        processor: cpus()[0]?.model,
        processors: cpus().length,
        used: usedProcessors,
        kernel: release(),
    };
    console.log(`${machine.processor}, ${machine.processors} processors, Linux ${machine.kernel}`);
    const places = {
        gateway: resolve(options.gateway),
        tool: resolve(options.tool),
        directory: prepareDirectory(),
    };
    const { results, failures } = await measureAll({ ...sizes, ...places });
    const table = makeTable(results);
    const lost = sumOver(results, (part) => part.lost);
    const refused = sumOver(results, (part) => part.send && part.send.errors + part.send.non_2xx);
    console.log('');
    printTable(table);
    console.log(`\nacknowledged and lost: ${lost}; not acknowledged: ${refused}`);
    for (const failure of failures) console.log(`FAILED ${failure}`);
    if (options.json) {
        const document = { machine, sizes, table, lost, refused, failures, results };
        writeFileSync(options.json, `${JSON.stringify(document, null, 2)}\n`);
    }
    const missed = options.strict && table.some((row) => row.met === false);
    process.exitCode = lost || failures.length || missed ? 1 : 0;
}

await main();
