// The bench's tools against themselves: what cannot see a fault would call every gateway perfect.
//
// FAIRLEAD_BENCH names the program when it is not build/tests/bench/fairlead-bench.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Sink, benchTool, freePort } from './child.mjs';

const tool = process.env.FAIRLEAD_BENCH ?? 'build/tests/bench/fairlead-bench';

let directory;
before(() => {
    directory = mkdtempSync(join(tmpdir(), 'bench-selftest-'));
});
after(() => rmSync(directory, { recursive: true, force: true }));

// A gateway to be found faulty: `handle(number, body, response)` for every webhook that it gets.
async function withServer(handle, use) {
    let number = 0;
    const server = createServer((request, response) => {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => handle(number++, Buffer.concat(parts), response));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
        return await use(`http://127.0.0.1:${server.address().port}/e/token`);
    } finally {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
    }
}

async function withSink(args, use) {
    const sink = await Sink.start(tool, args);
    try {
        return await use(sink);
    } finally {
        await sink.stop();
    }
}

function send(url, args) {
    return benchTool(tool, ['send', '--url', url, '--connections', 4, ...args]);
}

const post = (url, body) => fetch(url, { method: 'POST', body });
const token = (run, sequence) =>
    `flb:${run}:${String(sequence).padStart(10, '0')}:${'1'.padStart(20, '0')}`;

describe('the sink', () => {
    it('counts every webhook of a load once and measures its way', () =>
        withSink([], async (sink) => {
            const sent = await send(`${sink.url}/hook`, ['--count', 500, '--run', 'a']);
            assert.equal(sent.acked, 500);
            const stats = await sink.get('/stats');
            assert.equal(stats.received, 500);
            assert.equal(stats.unique, 500);
            assert.equal(stats.duplicates, 0);
            assert.equal(stats.delivery_ms.count, 500);
            assert.ok(stats.delivery_ms.p50 > 0 && stats.delivery_ms.p50 <= stats.delivery_ms.p99);
            assert.equal((await sink.get('/missing?run=a&total=500')).count, 0);
        }));

    it('sees what is missing, what came twice and what it does not know', () =>
        withSink([], async (sink) => {
            for (const sequence of [0, 1, 1, 3])
                await post(`${sink.url}/hook`, token('a', sequence));
            await post(`${sink.url}/hook`, 'no token');
            await post(`${sink.url}/hook`, 'flb:a:12:34');
            const stats = await sink.get('/stats');
            assert.deepEqual(
                [stats.received, stats.unique, stats.duplicates, stats.unknown], [6, 3, 1, 2]);
            assert.deepEqual(
                await sink.get('/missing?run=a&total=6'), { missing: [2, 4, 5], count: 3 });
            assert.deepEqual(
                await sink.get('/missing?run=a&total=6&limit=1'), { missing: [2], count: 3 });
            assert.equal((await sink.get('/missing?run=b&total=2')).count, 2);
        }));

    it('keeps runs apart and forgets on reset', () =>
        withSink([], async (sink) => {
            await post(`${sink.url}/hook`, `{"wrapped":"\\"${token('a', 0)}\\""}`);
            await post(`${sink.url}/hook`, token('b', 0));
            assert.equal((await sink.get('/stats')).unique, 2);
            assert.equal((await sink.get('/stats?run=b')).unique, 1);
            await sink.reset();
            assert.equal((await sink.get('/stats')).received, 0);
        }));

    it('reads chunked bodies', () =>
        withSink([], async (sink) => {
            const text = token('a', 7);
            const body = new ReadableStream({
                start(controller) {
                    for (const part of [text.slice(0, 9), text.slice(9)])
                        controller.enqueue(new TextEncoder().encode(part));
                    controller.close();
                },
            });
            await fetch(`${sink.url}/hook`, { method: 'POST', body, duplex: 'half' });
            assert.equal((await sink.get('/stats')).unique, 1);
        }));

    it('does not take an arrival that it refuses for a delivery', () =>
        withSink(['--status', 503], async (sink) => {
            const response = await post(`${sink.url}/hook`, token('a', 0));
            assert.equal(response.status, 503);
            const stats = await sink.get('/stats');
            assert.deepEqual([stats.unique, stats.rejected], [0, 1]);
            assert.equal((await sink.get('/missing?run=a&total=1')).count, 1);
        }));

    it('delays every answer', () =>
        withSink(['--delay-ms', 60], async (sink) => {
            const sent = await send(`${sink.url}/hook`, ['--count', 12]);
            assert.equal(sent.acked, 12);
            assert.ok(sent.ack_ms.min >= 59);
        }));

    it('never answers when told so', () =>
        withSink(['--never'], async (sink) => {
            const sent = await send(`${sink.url}/hook`, ['--count', 4, '--timeout', 0.3]);
            assert.deepEqual([sent.acked, sent.errors_timeout], [0, 4]);
            assert.equal((await sink.get('/stats')).received, 4);
        }));
});

describe('the load', () => {
    it('sends bodies of exactly the size, valid JSON, numbered from 0', async () => {
        const bodies = [];
        const handle = (number, body, response) => {
            bodies.push(body);
            response.end('ok');
        };
        await withServer(handle, (url) => send(url, ['--count', 20, '--size', 1024, '--run', 'x']));
        assert.equal(bodies.length, 20);
        const ids = bodies.map((body) => JSON.parse(body).id);
        assert.deepEqual(new Set(bodies.map((body) => body.length)), new Set([1024]));
        assert.deepEqual(
            ids.map((id) => Number(id.split(':')[2])).sort((a, b) => a - b),
            Array.from({ length: 20 }, (_, i) => i));
    });

    it('reports dropped connections as errors and does not send again', async () => {
        let handled = 0;
        const handle = (number, body, response) => {
            handled++;
            if (number % 10 === 3) response.destroy();
            else response.end('ok');
        };
        const sent = await withServer(handle, (url) => send(url, ['--count', 100]));
        assert.equal(handled, 100);
        assert.deepEqual([sent.sent, sent.acked, sent.errors_lost], [100, 90, 10]);
    });

    it('counts refusals and writes down what was acked', async () => {
        const file = join(directory, 'acked');
        const handle = (number, body, response) => {
            const sequence = Number(JSON.parse(body).id.split(':')[2]);
            response.writeHead(sequence % 2 ? 429 : 200).end();
        };
        const args = ['--count', 10, '--acked-file', file];
        const sent = await withServer(handle, (url) => send(url, args));
        assert.deepEqual([sent.acked, sent.non_2xx, sent.last_non_2xx], [5, 5, 429]);
        const acked = readFileSync(file, 'utf8').trim().split('\n').map(Number);
        assert.deepEqual(acked, [0, 2, 4, 6, 8]);
    });

    it('gives up when nothing listens', async () => {
        const port = await freePort();
        await assert.rejects(
            send(`http://127.0.0.1:${port}/`, ['--count', 1, '--give-up', 0.2]), /ended with 3/);
    });

    it('counts latency from the moment a webhook was due', () =>
        withSink(['--delay-ms', 100], async (sink) => {
            // One connection, 100 ms an answer: the tenth is due at 90 ms and leaves at 900.
            const sent = await benchTool(tool, [
                'send', '--url', `${sink.url}/hook`, '--connections', 1,
                '--rate', 100, '--count', 10,
            ]);
            assert.equal(sent.acked, 10);
            assert.ok(sent.ack_ms.max > 700);
            assert.ok(sent.lag_ms.max > 600);
        }));

    it('refuses what makes no sense', async () => {
        await assert.rejects(send('ftp://x/', ['--count', 1]), /http:\/\//);
        await assert.rejects(send('http://127.0.0.1:1/', []), /--count or --duration/);
        await assert.rejects(send('http://127.0.0.1:1/', ['--rate', 'fast']), /--rate/);
        await assert.rejects(send('http://127.0.0.1:1/', ['--size', 10, '--count', 1]), /size/);
    });
});

describe('a trial', () => {
    it('finds what was acked and never delivered', async () => {
        const port = await freePort();
        const handle = (number, body, response) => {
            response.end('ok');
            if (number % 10 !== 0) post(`http://127.0.0.1:${port}/hook`, body).catch(() => {});
        };
        const result = await withServer(handle, (url) =>
            benchTool(tool, [
                'run', '--url', url, '--listen', `127.0.0.1:${port}`, '--count', 50,
                '--connections', 2, '--drain', 0.5, '--pid', process.pid,
            ]));
        assert.equal(result.lost, 5);
        assert.equal(result.lost_first.length, 5);
        assert.equal(result.sink.unique, 45);
        assert.ok(result.process.resident_mib > 1);
    });

    it('runs the ceiling without a loss', async () => {
        const result = await benchTool(tool, [
            'ceiling', '--dir', directory, '--count', 2000, '--connections', 16, '--forward', 8,
        ]);
        assert.equal(result.send.acked, 2000);
        assert.equal(result.sink.unique, 2000);
        assert.equal(result.sink.duplicates, 0);
        assert.equal(result.lost, 0);
    });
});
