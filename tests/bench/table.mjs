// The table of `make bench`: which figure stands in which row, how it reads, and its target.

const mib = (value) => `${value.toFixed(1)} MiB`;
const ms = (value) => `${value.toFixed(2)} ms`;
const us = (value) => `${value.toFixed(1)} us`;
const bytes = (value) => `${Math.round(value)} B`;
const perSecond = (value) => `${Math.round(value)}/s`;
const times = (value) => value.toFixed(2);
const yes = (value) => (value ? 'yes' : 'no');

const atMost = (limit) => ({ word: 'at most', limit, met: (value) => value <= limit });
const atLeast = (limit) => ({ word: 'at least', limit, met: (value) => value >= limit });
const must = { word: '', limit: true, met: (value) => value === true };

// A machine's speed drifts, so its ceiling is taken on both sides of the gateway's own measurement.
const ceilingRate = (results) =>
    (results.ceiling.deliveries_per_s + results.ceiling_after.deliveries_per_s) / 2;

// A group is shown when all it needs was measured; a row is title, figure, unit, perhaps a target.
const groups = [
    {
        needs: ['ceiling', 'ceiling_after'],
        rows: [
            ['ceiling: bare receiver and sender', ceilingRate, perSecond],
            ['ceiling: ack p99', (r) => r.ceiling.send.ack_ms.p99, ms],
            ['ceiling: CPU per webhook', (r) => r.ceiling.process.cpu_us_per_webhook, us],
        ],
    },
    {
        needs: ['throughput', 'ceiling', 'ceiling_after'],
        rows: [
            ['as fast as it goes: share of the ceiling',
                (r) => r.throughput.closed.deliveries_per_s / ceilingRate(r), times, atLeast(0.5)],
            ['as fast as it goes: times the CPU of the ceiling', (r) => r.throughput.closed.process.cpu_us_per_webhook /
                r.ceiling.process.cpu_us_per_webhook, times],
        ],
    },
    {
        needs: ['throughput'],
        of: (r) => r.throughput.closed,
        rows: [
            ['as fast as it goes: delivered', (t) => t.deliveries_per_s, perSecond],
            ['as fast as it goes: ack p50', (t) => t.send.ack_ms.p50, ms],
            ['as fast as it goes: ack p99', (t) => t.send.ack_ms.p99, ms, atMost(10)],
            ['as fast as it goes: delivery p50', (t) => t.sink.delivery_ms.p50, ms],
            ['as fast as it goes: delivery p99', (t) => t.sink.delivery_ms.p99, ms],
            ['as fast as it goes: CPU per webhook', (t) => t.process.cpu_us_per_webhook, us, atMost(25)],
            ['as fast as it goes: written per webhook',
                (t) => t.process.written_bytes_per_webhook, bytes],
            ['as fast as it goes: peak memory', (t) => t.process.peak_resident_mib, mib],
        ],
    },
    {
        needs: ['throughput'],
        of: (r) => r.throughput.fixed,
        rows: [
            ['1,000 a second: ack p50', (t) => t.send.ack_ms.p50, ms],
            ['1,000 a second: ack p99', (t) => t.send.ack_ms.p99, ms, atMost(10)],
            ['1,000 a second: delivery p50', (t) => t.sink.delivery_ms.p50, ms],
            ['1,000 a second: delivery p99', (t) => t.sink.delivery_ms.p99, ms, atMost(10)],
            ['1,000 a second: CPU per webhook', (t) => t.process.cpu_us_per_webhook, us],
        ],
    },
    {
        needs: ['rule_cost'],
        of: (r) => r.rule_cost,
        rows: [
            ['rules: a filter of ten conditions', (c) => c.filter_ns / 1000, us, atMost(2)],
            ['rules: the same with headers and path', (c) => c.filter_headers_ns / 1000, us],
            ['rules: deduplicate, the whole payload', (c) => c.deduplicate_ns / 1000, us],
            ['rules: deduplicate, one field', (c) => c.deduplicate_field_ns / 1000, us],
            ['rules: both, some fields excluded', (c) => c.filter_deduplicate_ns / 1000, us],
        ],
    },
    {
        needs: ['verify_cost'],
        of: (r) => r.verify_cost,
        rows: [
            ['signature of 1 KiB: GITHUB', (c) => c.GITHUB / 1000, us, atMost(3)],
            ['signature of 1 KiB: SHOPIFY', (c) => c.SHOPIFY / 1000, us, atMost(3)],
            ['signature of 1 KiB: STRIPE', (c) => c.STRIPE / 1000, us, atMost(3)],
            ['signature of 1 KiB: SVIX', (c) => c.SVIX / 1000, us, atMost(3)],
            ['signature of 1 KiB: HMAC', (c) => c.HMAC / 1000, us, atMost(3)],
        ],
    },
    {
        needs: ['transform_calls'],
        of: (r) => r.transform_calls,
        rows: [
            ...[['one', 'one at a time'], ['eight', 'eight at a time'], ['four_lines', 'eight of four connections']].flatMap(
                ([name, title]) => [
                    [`transformations, ${title}`, (c) => c[name].per_second, perSecond],
                    ['CPU of a call: the gateway’s part', (c) => c[name].gateway_us, us],
                    ['CPU of a call: the process that runs it', (c) => c[name].worker_us, us],
                ]),
            ['transformations at 300 a second, p99', (c) => c.alone.p99_us / 1000, ms],
            ['the same beside four endless ones', (c) => c.beside_loops.p99_us / 1000, ms],
            ['ratio of the two', (c) => c.ratio, times, atMost(1.5)],
        ],
    },
    {
        needs: ['rules'],
        of: (r) => r.rules,
        rows: [
            ...['filter', 'transform'].flatMap((name) => [
                [`through a ${name}: delivered`, (t) => t[name].closed.deliveries_per_s, perSecond],
                [`through a ${name}: CPU per webhook`, (t) => t[name].closed.process.cpu_us_per_webhook, us],
                [`through a ${name}, 1,000 a second: ack p99`, (t) => t[name].fixed.send.ack_ms.p99, ms],
                [`through a ${name}, 1,000 a second: delivery p99`, (t) => t[name].fixed.sink.delivery_ms.p99, ms],
            ]),
            ...['plain', 'filtered', 'transformed'].flatMap((name) => [
                [`bad transformations beside a ${name} connection: delivery p99`, (t) => t.others[name].crowd_ms, ms],
                ['the same beside harmless ones', (t) => t.others[name].alone_ms, ms],
                ['ratio of the two', (t) => t.others[name].ratio, times, atMost(1.5)],
            ]),
        ],
    },
    {
        needs: ['lists'],
        of: (r) => r.lists,
        rows: [
            ['lists: events stored', (l) => l.stored, String],
            ['lists: page by one filter, worst', (l) => l.quiet.worst.single.ms, ms, atMost(50)],
            ['lists: page by two filters, worst', (l) => l.quiet.worst.pairs.ms, ms, atMost(50)],
            ['lists: page, median', (l) => l.quiet.median_ms, ms],
            ['lists: share of partial pages', (l) => l.quiet.partial / l.quiet.pages, times],
            ['lists: search in bodies, worst', (l) => l.quiet.worst.search.ms, ms, atMost(300)],
            ['lists beside 1,000 a second: page, p99', (l) => l.busy_p99_ms, ms],
            ['lists beside 1,000 a second: ack p99, median of rounds', (l) => l.crowd, ms],
            ['the same without lists', (l) => l.alone, ms],
            ['ratio of the two', (l) => l.ratio, times, atMost(1.5)],
        ],
    },
    {
        needs: ['metrics'],
        of: (r) => r.metrics,
        rows: [
            ['metrics: events stored in a week', (m) => m.stored, String],
            ['metrics: a week, from counts, worst', (m) => m.worst_ms, ms, atMost(500)],
            ['metrics: a week, from records, worst', (m) => m.records_ms, ms],
        ],
    },
    {
        needs: ['pace'],
        of: (r) => r.pace,
        rows: [
            ...[50, 200].flatMap((limit) => [
                [`${limit} a second with a backlog: reached`, (p) => p[`rate_${limit}`].share, times, atLeast(0.98)],
                ['the most in any second, of the limit', (p) => p[`rate_${limit}`].most, times, atMost(1)],
            ]),
            ...[['limited', 'at 50 a second'], ['slow', 'answered after 200 ms']].flatMap(([name, how]) => [
                [`99 groups beside one with a backlog, ${how}: latency`, (p) => p[name].busy_ms, ms],
                ['the same when it is idle', (p) => p[name].idle_ms, ms],
                ['ratio of the two', (p) => p[name].ratio, times, atMost(1.2)],
                ['events of that backlog that still waited', (p) => p[name].waiting, String],
                ['p99 beside it', (p) => p[name].busy_p99_ms, ms],
                ['p99 when it is idle', (p) => p[name].idle_p99_ms, ms],
            ]),
        ],
    },
    {
        needs: ['isolation'],
        of: (r) => r.isolation,
        rows: [
            ['healthy destination alone: delivery p99', (t) => t.alone_p99_ms, ms],
            ['beside a silent and a refusing one: delivery p99', (t) => t.crowd_p99_ms, ms],
            ['ratio of the two', (t) => t.ratio, times, atMost(1.5)],
        ],
    },
    {
        needs: ['tls'],
        of: (r) => r.tls,
        rows: [
            ...[['plain', 'through nginx'], ['tls', 'through nginx with TLS'], ['http2', 'through nginx with HTTP/2']].flatMap(
                ([name, title]) => [
                    [`${title}: delivered`, (t) => t[name].deliveries_per_s, perSecond],
                    [`${title}: CPU per webhook`, (t) => t[name].cpu_us, us],
                ]),
            ['TLS: ratio of the CPU', (t) => t.ratio, times],
            ['HTTP/2: ratio of the CPU', (t) => t.http2_ratio, times],
        ],
    },
    {
        needs: ['many_destinations'],
        of: (r) => r.many_destinations,
        rows: [
            ['many destinations: how many', (t) => t.destinations, String],
            ['many destinations, the quick ones alone: delivery p99', (t) => t.alone_p99_ms, ms],
            ['the same beside a slow tenth', (t) => t.beside_p99_ms, ms],
            ['ratio of the two', (t) => t.ratio, times, atMost(1.5)],
            ['many destinations: peak memory', (t) => t.memory.peak_resident_mib, mib, atMost(200)],
        ],
    },
    { needs: ['paused_backlog'], of: (r) => r.paused_backlog, rows: backlogRows('paused') },
    { needs: ['refused_backlog'], of: (r) => r.refused_backlog, rows: backlogRows('refused') },
    {
        needs: ['endurance'],
        of: (r) => r.endurance,
        rows: [
            ['memory after a million webhooks, peak',
                (t) => t.after_first_million.peak_resident_mib, mib, atMost(64)],
            ['webhooks stored in the end', (t) => t.stored, String],
            ['rate when empty', (t) => t.empty_per_s, perSecond],
            ['rate with them stored', (t) => t.full_per_s, perSecond],
            ['ratio of the two', (t) => t.ratio, times, atLeast(0.8)],
        ],
    },
];

function backlogRows(word) {
    return [
        [`${word} backlog: waiting events`, (t) => t.waiting_events, String],
        [`${word} backlog: peak memory`, (t) => t.memory.peak_resident_mib, mib, atMost(200)],
        [`${word} backlog: drains`, (t) => t.drained, yes, must],
        [`${word} backlog: drain rate`, (t) => t.drain_per_s, perSecond],
    ];
}

function tableRow([title, figure, unit, target], measured) {
    const value = figure(measured);
    return {
        title,
        value,
        shown: unit(value),
        target: target ? `${target.word} ${unit(target.limit)}`.trim() : '',
        met: target?.met(value),
    };
}

export function makeTable(results) {
    return groups
        .filter((group) => group.needs.every((name) => results[name]))
        .flatMap((group) => {
            const measured = group.of ? group.of(results) : results;
            return group.rows.map((row) => tableRow(row, measured));
        });
}

export function printTable(table) {
    const columns = ['title', 'shown', 'target'];
    const widths = columns.map((key) => Math.max(0, ...table.map((row) => row[key].length)));
    for (const row of table) {
        const verdict = row.met === undefined ? '' : row.met ? 'met' : 'MISSED';
        const cells = [
            row.title.padEnd(widths[0]),
            row.shown.padStart(widths[1]),
            row.target.padEnd(widths[2]),
        ];
        console.log([...cells, verdict].join('  ').trimEnd());
    }
}
