// `--only lists`: pages of events with every filter and every two filters, and searches in bodies, on a store with
// millions of events; alone, and while webhooks come in at a fixed rate.

import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { Gateway } from './gateway.mjs';
import { benchTool, freePort } from './child.mjs';
import { median } from './measure.mjs';

const PAGE = 100;
const DAY_MS = 86_400_000;

async function filledGateway(settings) {
    const directory = mkdtempSync(join(settings.directory, 'filled-'));
    const fill = join(dirname(settings.tool), 'fill');
    await promisify(execFile)(fill, [directory, '--events', String(settings.listEvents)]);
    return Gateway.start(settings.gateway, settings.directory, directory);
}

// Every documented filter with a common value, a rare one, and one that nothing has.
async function filtersOf(gateway) {
    const [event] = (await gateway.api('GET', '/events?limit=1')).models;
    const connection = await gateway.api('GET', `/connections/${event.webhook_id}`);
    const day = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
    return {
        status: ['SUCCESSFUL', 'FAILED', 'CANCELLED', 'QUEUED', 'HOLD'].map((status) => `status=${status}`),
        webhook_id: [`webhook_id=${connection.id}`, 'webhook_id=web_00000000001'],
        source_id: [`source_id=${connection.source.id}`],
        destination_id: [`destination_id=${connection.destination.id}`],
        response_status: ['response_status=200', 'response_status=500', 'response_status=503', 'response_status[gte]=400'],
        error_code: ['error_code=TIMEOUT', 'error_code=DNS_LOOKUP_FAILED'],
        attempts: ['attempts=1', 'attempts=2', 'attempts=0', 'attempts[gte]=9'],
        created_at: [`created_at[gte]=${day(1)}`, `created_at[lte]=${day(5)}`, `created_at[gte]=${day(4)}&created_at[lte]=${day(3.9)}`],
        last_attempt_at: [`last_attempt_at[gte]=${day(1)}`, `last_attempt_at[lte]=${day(5)}`, `last_attempt_at[gte]=${day(-1)}`],
        id: [`id=${event.id}`],
    };
}

function queriesOf(filters) {
    const names = Object.keys(filters);
    const single = names.flatMap((name) => filters[name]);
    const pairs = names.flatMap((name, i) => names.slice(i + 1).flatMap((other) =>
        filters[name].flatMap((one) => filters[other].map((two) => `${one}&${two}`))));
    return { single, pairs };
}

const searches = [
    'search_term=nothing-that-is-there', 'search_term=c-77',
    `body=${encodeURIComponent('{"amount":{"$gt":900}}')}`,
    `body=${encodeURIComponent('{"amount":-1}')}`,
    `headers=${encodeURIComponent('{"user-agent":{"$startsWith":"none"}}')}`,
];

async function timed(gateway, query) {
    const began = performance.now();
    const page = await gateway.api('GET', `/events?limit=${PAGE}&${query}`);
    return { query, ms: performance.now() - began, partial: page.pagination.partial === true };
}

// `rounds` times through all of them, or until `done` says so; the worst of each kind.
async function ask(groups, pageOf, done) {
    const worst = {};
    let pages = 0;
    let partial = 0;
    const took = [];
    do {
        for (const [group, queries] of Object.entries(groups)) {
            for (const query of queries) {
                const page = await pageOf(query);
                if (group !== 'search') took.push(page.ms);
                pages++;
                partial += page.partial ?? 0;
                if (!(worst[group]?.ms >= page.ms)) worst[group] = page;
                if (done?.()) break;
            }
        }
    } while (done && !done());
    took.sort((a, b) => a - b);
    return { worst, pages, partial, median_ms: took[took.length >> 1], p99_ms: took[Math.floor(took.length * 0.99)] };
}

// Whoever asks is on another machine in life: here it takes as little as it can, and of what the others leave. One call at a
// time on one connection; of a reply only its length is read.
class QuietAsker {
    constructor(gateway) {
        const { hostname, port, host } = new URL(gateway.origin);
        this.head = `HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${gateway.key}\r\n\r\n`;
        this.socket = connect(Number(port), hostname);
        this.socket.on('data', (bytes) => this.#take(bytes));
        this.socket.on('close', () => this.reject?.(new Error('the gateway closed the connection')));
        this.socket.on('error', () => {}); // 'close' comes after it
    }

    ask(query) {
        const began = performance.now();
        this.left = undefined;
        return new Promise((resolve, reject) => {
            this.resolve = () => resolve({ query, ms: performance.now() - began });
            this.reject = reject;
            this.socket.write(`GET /2025-07-01/events?limit=${PAGE}&${query} ${this.head}`);
        });
    }

    #take(bytes) {
        if (this.left === undefined) { // the head comes in one piece
            const head = bytes.toString('latin1');
            const [, status, size] = /^HTTP\/1.1 (\d+)[^]*\r\ncontent-length: (\d+)\r\n/i.exec(head) ?? [];
            if (status !== '200') return this.reject(new Error(head.slice(0, 300)));
            this.left = Number(size) + head.indexOf('\r\n\r\n') + 4;
        }
        this.left -= bytes.length;
        if (this.left === 0) this.resolve();
    }

    end() {
        this.reject = undefined;
        this.socket.destroy();
    }
}

// This process, from here on, gets what the gateway, the load and the sink leave.
async function stepBack() {
    await promisify(execFile)('chrt', ['--idle', '--all-tasks', '--pid', '0', String(process.pid)]);
}

export async function lists(settings, note) {
    const gateway = await filledGateway(settings);
    try {
        const port = await freePort();
        const connection = await gateway.connect({
            source: 'bench', destination: 'sink', url: `http://127.0.0.1:${port}/hook`,
        });
        const load = (run) => benchTool(settings.tool, [
            'run', '--url', connection.ingestUrl, '--listen', `127.0.0.1:${port}`, '--pid', gateway.pid,
            '--connections', settings.connections, '--run', run, '--drain', 30,
            '--rate', settings.rate, '--duration', settings.rateSeconds,
        ]);
        const groups = { ...queriesOf(await filtersOf(gateway)), search: searches };
        await load('warm');
        const quiet = await ask(groups, (query) => timed(gateway, query));
        note(`${quiet.pages} pages without load, ${quiet.partial} partial`);
        note(`worst: ${JSON.stringify(quiet.worst)}`);
        await stepBack();
        const asker = new QuietAsker(gateway);
        const rounds = [];
        for (let i = 0; i < settings.listRounds; i++) {
            const alone = await load(`alone-${i}`);
            let ended = false;
            const running = load(`crowd-${i}`).finally(() => { ended = true; });
            const busy = await ask(groups, (query) => asker.ask(query), () => ended);
            const crowd = await running;
            rounds.push({ alone: alone.send.ack_ms.p99, crowd: crowd.send.ack_ms.p99, pages: busy.pages, page_p99: busy.p99_ms });
            note(`ack p99 ${alone.send.ack_ms.p99} alone, ${crowd.send.ack_ms.p99} beside ${busy.pages} pages`);
        }
        asker.end();
        const alone = median(rounds.map((round) => round.alone));
        const crowd = median(rounds.map((round) => round.crowd));
        const busy_p99_ms = median(rounds.map((round) => round.page_p99));
        return { stored: settings.listEvents, quiet, rounds, busy_p99_ms, alone, crowd, ratio: crowd / alone };
    } finally {
        await gateway.stop();
    }
}
