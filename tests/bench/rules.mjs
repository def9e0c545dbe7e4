// `--only rules`: webhooks through a filter and through a transformation, and what bad transformations on other
// connections do to them.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { benchTool, children, endChild, freePort } from './child.mjs';
import { median, withGateway } from './measure.mjs';

const TEN_CONDITIONS = {
    type: 'filter',
    body: {
        type: { $startsWith: 'invoice.' }, created: { $gt: 1754000000, $lte: 1755000000 }, livemode: false,
        data: {
            object: {
                amount_paid: { $gte: 4200 }, currency: { $in: ['eur', 'usd'] }, paid: true, customer: { email: { $endsWith: '@example.com' } },
                lines: { sku: 'rope-12mm', quantity: { $lt: 10 } },
            },
        },
    },
};
const QUICK = `addHandler('transform', (request) => {
    const { object } = request.body.data;
    request.headers['x-customer'] = object.customer.id;
    request.body = { ...request.body, total: object.lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0) };
    return request;
});`;
const BAD = {
    endless: `addHandler('transform', () => { for (;;); });`,
    throwing: `addHandler('transform', () => { throw new Error('always'); });`,
    slow: `addHandler('transform', (request) => { const end = Date.now() + 300; while (Date.now() < end); return request; });`,
};
// The same webhooks beside those that are measured, with code that does no harm.
const HARMLESS = Object.fromEntries(Object.keys(BAD).map((name) => [name, `addHandler('transform', (request) => request);`]));
const transformation = (name, code) => ({ type: 'transform', transformation: { name, code } });
const TROUBLE_PAUSE_MS = 50; // each bad connection gets a webhook this often

async function pair(settings, gateway, name, rules) {
    const port = await freePort();
    const connection = await gateway.connect({ source: name, destination: name, url: `http://127.0.0.1:${port}/hook`, rules });
    return (run, load) => benchTool(settings.tool, [
        'run', '--url', connection.ingestUrl, '--listen', `127.0.0.1:${port}`, '--pid', gateway.pid,
        '--connections', settings.connections, '--run', run, '--drain', 60, ...load,
    ]);
}

const atRate = (settings) => ['--rate', settings.rate, '--duration', settings.rateSeconds];

async function through(settings, rules, count) {
    return withGateway(settings, async (gateway) => {
        const load = await pair(settings, gateway, 'bench', rules);
        await load('warm', ['--count', settings.warmCount]);
        return { closed: await load('closed', ['--count', count]), fixed: await load('fixed', atRate(settings)) };
    });
}

// Makes connections with that code and sends to them until told to stop. Whoever sends is on another machine in life.
async function sendBeside(gateway, codes) {
    const urls = [];
    for (const [name, code] of Object.entries(codes)) {
        const { ingestUrl } = await gateway.connect({
            source: name, destination: name, url: 'http://127.0.0.1:9/', rules: [transformation(name, code)],
        });
        urls.push(ingestUrl);
    }
    const script = fileURLToPath(new URL('trouble.mjs', import.meta.url));
    const child = spawn('chrt', ['--idle', '0', process.execPath, script, TROUBLE_PAUSE_MS, ...urls], { stdio: 'ignore' });
    children.add(child);
    return () => endChild(child);
}

const OTHERS = { plain: [], filtered: [TEN_CONDITIONS], transformed: [transformation('quick', QUICK)] };

async function round(settings, crowd) {
    return withGateway(settings, async (gateway) => {
        const loads = {};
        for (const [name, rules] of Object.entries(OTHERS)) loads[name] = await pair(settings, gateway, name, rules);
        const stop = await sendBeside(gateway, crowd ? BAD : HARMLESS);
        const results = {};
        for (const [name, load] of Object.entries(loads)) {
            const fixed = ['--rate', settings.isolationRate, '--duration'];
            await load('warm', [...fixed, 2]);
            results[name] = await load('measured', [...fixed, settings.isolationSeconds]);
        }
        await stop();
        return results;
    });
}

export async function rules(settings, note) {
    const filter = await through(settings, [TEN_CONDITIONS], settings.count);
    note(`a filter: ${Math.round(filter.closed.deliveries_per_s)}/s`);
    const transform = await through(settings, OTHERS.transformed, settings.count / 4);
    note(`a transformation: ${Math.round(transform.closed.deliveries_per_s)}/s`);
    const alone = [];
    const crowd = [];
    for (let i = 0; i < settings.isolationRounds; i++) {
        alone.push(await round(settings, false));
        crowd.push(await round(settings, true));
    }
    const p99 = (results, name) => median(results.map((result) => result[name].sink.delivery_ms.p99));
    const others = Object.fromEntries(Object.keys(OTHERS).map((name) => [name, {
        alone_ms: p99(alone, name), crowd_ms: p99(crowd, name), ratio: p99(crowd, name) / p99(alone, name),
    }]));
    const lost = [...alone, ...crowd].flatMap(Object.values).reduce((sum, result) => sum + result.lost, 0) +
        [filter, transform].reduce((sum, { closed, fixed }) => sum + closed.lost + fixed.lost, 0);
    return { filter, transform, others, lost };
}
