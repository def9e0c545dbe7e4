// Destinations behind TLS, and very many of them.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { join } from 'node:path';

import { benchTool, children, endChild, freePort, pinned, sleep } from './child.mjs';
import { median, withGateway } from './measure.mjs';

/* ---- TLS ---- */

// A certificate for 127.0.0.1 that signed itself, and is the authority of the destinations too.
function makeCertificate(directory) {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-days', '2', '-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1',
        '-keyout', 'tls.key', '-out', 'tls.pem'], { cwd: directory, stdio: 'pipe' });
    return readFileSync(join(directory, 'tls.pem'), 'utf8');
}

// nginx before the sink: the same server without TLS, with TLS, and with HTTP/2, so that what differs is TLS.
async function startNginx(directory, sinkPort) {
    const ports = { plain: await freePort(), tls: await freePort(), http2: await freePort() };
    const server = (listen) => `server { listen 127.0.0.1:${listen}; ssl_certificate ${directory}/tls.pem;
        ssl_certificate_key ${directory}/tls.key; keepalive_requests 1000000; keepalive_timeout 300s;
        location / { proxy_pass http://sink; proxy_http_version 1.1; proxy_set_header Connection ""; } }`;
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${directory}/${name};`).join(' ');
    writeFileSync(join(directory, 'nginx.conf'), `daemon off; master_process off; pid ${directory}/pid;
        error_log ${directory}/error.log; events { worker_connections 4096; }
        http { access_log off; ${temporary} upstream sink { server 127.0.0.1:${sinkPort}; keepalive 256; }
        ${server(ports.plain)} ${server(`${ports.tls} ssl`)} ${server(`${ports.http2} ssl http2`)} }`);
    const [command, ...rest] = pinned(['/usr/sbin/nginx', '-p', directory, '-c', join(directory, 'nginx.conf')]);
    const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    children.add(child);
    await sleep(500);
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    return { child, ports };
}

// The same load through each, on the same gateway, by turns.
export function tls(settings, note) {
    return withGateway(settings, async (gateway) => {
        const directory = join(settings.directory, 'nginx');
        mkdirSync(directory);
        const sinkPort = await freePort();
        const ca = makeCertificate(directory);
        const nginx = await startNginx(directory, sinkPort);
        const ways = {
            plain: { url: `http://127.0.0.1:${nginx.ports.plain}/hook` },
            tls: { url: `https://127.0.0.1:${nginx.ports.tls}/hook`, tls: { ca }, transport: { http_version: '1.1' } },
            http2: { url: `https://127.0.0.1:${nginx.ports.http2}/hook`, tls: { ca } },
        };
        try {
            const results = {};
            for (const [name, config] of Object.entries(ways)) {
                const connection = await gateway.connect({ source: name, destination: name, config });
                results[name] = { connection, rounds: [] };
            }
            for (let round = 0; round < settings.tlsRounds; round++) {
                for (const [name, { connection, rounds }] of Object.entries(results)) {
                    const measured = await benchTool(settings.tool, ['run', '--url', connection.ingestUrl,
                        '--listen', `127.0.0.1:${sinkPort}`, '--pid', gateway.pid, '--connections', settings.connections,
                        '--run', `${name}${round}`, '--drain', 60, '--count', settings.tlsCount]);
                    rounds.push(measured);
                    note(`${name}: ${Math.round(measured.deliveries_per_s)}/s, ${measured.process.cpu_us_per_webhook.toFixed(1)} us`);
                }
            }
            const figures = Object.fromEntries(Object.entries(results).map(([name, { rounds }]) => [name, {
                deliveries_per_s: median(rounds.map((one) => one.deliveries_per_s)),
                cpu_us: median(rounds.map((one) => one.process.cpu_us_per_webhook)),
                lost: rounds.reduce((sum, one) => sum + one.lost, 0),
            }]));
            return { ...figures, ratio: figures.tls.cpu_us / figures.plain.cpu_us, http2_ratio: figures.http2.cpu_us / figures.plain.cpu_us };
        } finally {
            await endChild(nginx.child);
        }
    });
}

/* ---- very many destinations ---- */

// Takes webhooks, and notes how long each was under way. /slow/ is answered late.
async function startSink(slowMs) {
    const latencies = [];
    let count = 0;
    const server = createServer((incoming, reply) => {
        let body = '';
        incoming.on('data', (bytes) => { body += bytes; });
        incoming.on('end', () => {
            count++;
            if (incoming.url.startsWith('/slow/')) return setTimeout(() => reply.end(), slowMs);
            latencies.push(performance.now() - JSON.parse(body).at);
            return reply.end();
        });
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', 1024, resolve));
    return {
        url: `http://127.0.0.1:${server.address().port}`, latencies, count: () => count,
        stop: () => new Promise((resolve) => { server.closeAllConnections?.(); server.close(resolve); }),
    };
}

async function connectMany(gateway, sink, settings) {
    const urls = [];
    const make = async (i) => {
        const place = i % 10 === 0 ? 'slow' : 'quick';
        const { ingestUrl } = await gateway.connect({ source: `s${i}`, destination: `d${i}`, url: `${sink.url}/${place}/${i}` });
        urls[i] = ingestUrl;
    };
    for (let i = 0; i < settings.manyDestinations; i += 16)
        await Promise.all(Array.from({ length: Math.min(16, settings.manyDestinations - i) }, (_, k) => make(i + k)));
    return urls;
}

// So many a second to destinations in turn; all of them, or those only that are quick.
async function spread(urls, settings, agent, withSlow) {
    const chosen = urls.filter((_, i) => withSlow || i % 10 !== 0);
    const pending = new Set();
    const begun = performance.now();
    let sent = 0, refused = 0, place = 0;
    while (performance.now() - begun < settings.manySeconds * 1000) {
        const due = Math.floor(((performance.now() - begun) / 1000) * settings.manyRate);
        for (; sent < due; sent++) {
            place = (place + 7919) % chosen.length;
            const one = new Promise((resolve) => {
                const call = request(chosen[place], { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (reply) => {
                    reply.resume();
                    refused += reply.statusCode !== 200;
                    reply.on('end', resolve);
                });
                call.on('error', () => { refused++; resolve(); });
                call.end(JSON.stringify({ at: performance.now() }));
            }).then(() => pending.delete(one));
            pending.add(one);
        }
        await sleep(2);
    }
    await Promise.all(pending);
    return sent - refused;
}

const at = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

async function arrived(sink, expected) {
    for (let last = Date.now(), seen = -1; sink.count() < expected; await sleep(50)) {
        if (sink.count() !== seen) [seen, last] = [sink.count(), Date.now()];
        if (Date.now() - last > 30_000) break;
    }
}

// The quick destinations alone, and beside a tenth that takes its time with every webhook, by turns.
export function manyDestinations(settings, note) {
    return withGateway(settings, async (gateway) => {
        const sink = await startSink(settings.manySlowMs);
        const agent = new Agent({ keepAlive: true, maxSockets: 64 });
        try {
            const begun = Date.now();
            const urls = await connectMany(gateway, sink, settings);
            note(`${urls.length} destinations made in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
            const rounds = { alone: [], beside: [] };
            let acked = await spread(urls, { ...settings, manySeconds: 2 }, agent, false); // warm
            await arrived(sink, acked);
            for (let round = 0; round < settings.manyRounds; round++) {
                for (const name of ['alone', 'beside']) {
                    sink.latencies.length = 0;
                    acked += await spread(urls, settings, agent, name === 'beside');
                    await arrived(sink, acked);
                    rounds[name].push({ p50: at(sink.latencies, 0.5), p99: at(sink.latencies, 0.99) });
                }
            }
            const of = (name, figure) => median(rounds[name].map((round) => round[figure]));
            return {
                destinations: urls.length, rounds, lost: Math.max(0, acked - sink.count()),
                alone_p50_ms: of('alone', 'p50'), alone_p99_ms: of('alone', 'p99'),
                beside_p50_ms: of('beside', 'p50'), beside_p99_ms: of('beside', 'p99'),
                ratio: of('beside', 'p99') / of('alone', 'p99'), memory: gateway.memory(),
            };
        } finally {
            agent.destroy();
            await sink.stop();
        }
    });
}
