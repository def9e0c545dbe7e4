// Numbered webhooks, and the books about them: which were acknowledged, which the destination has seen.
import { Agent, request as httpRequest } from 'node:http';
import { startSink } from '../e2e/gateway.mjs';

export function openLedger() {
  const acknowledged = new Set();
  const answers = new Map(); // status -> how many senders saw it; 0 is a broken connection
  const arrivals = new Map(); // number -> how often the destination took it
  let next = 0;
  let agent = new Agent({ keepAlive: true, maxSockets: 32 });

  // One webhook. Gives { number, status, body, headers }; status 0 when there was no answer.
  function send(url) {
    const number = next++;
    return new Promise((resolve) => {
      const end = (status, body = '', headers = {}) => {
        answers.set(status, (answers.get(status) ?? 0) + 1);
        if (status >= 200 && status <= 299) acknowledged.add(number);
        resolve({ number, status, body, headers });
      };
      const call = httpRequest(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (reply) => {
        const chunks = [];
        reply.on('data', (chunk) => chunks.push(chunk));
        reply.on('end', () => end(reply.statusCode, Buffer.concat(chunks).toString(), reply.headers));
        reply.on('error', () => end(0));
      });
      call.on('error', () => end(0));
      call.end(JSON.stringify({ number }));
    });
  }

  return {
    acknowledged, answers, arrivals, send,
    // `perSecond` webhooks for so long, whatever becomes of them. Gives the promises of their answers.
    async sendFor(milliseconds, url, perSecond) {
      const calls = [];
      const start = Date.now();
      for (let now = start; now < start + milliseconds; now = Date.now()) {
        for (const due = ((now - start) * perSecond) / 1000; calls.length <= due;) calls.push(send(url));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return calls;
    },
    // A destination that writes down what it takes. `answer(count)` as for startSink; only a 2xx counts as taken.
    async startDestination(answer = () => ({})) {
      let calls = 0;
      const sink = await startSink((entry) => {
        const reply = answer(++calls) ?? {};
        const { number } = JSON.parse(entry.body);
        if ((reply.status ?? 200) < 300) arrivals.set(number, (arrivals.get(number) ?? 0) + 1);
        sink.received.length = 0; // the books are enough
        return reply;
      });
      return sink;
    },
    missing: () => [...acknowledged].filter((number) => !arrivals.has(number)),
    repeated: () => [...arrivals].filter(([, count]) => count > 1).map(([number]) => number),
    hangUp() {
      agent.destroy();
      agent = new Agent({ keepAlive: true, maxSockets: 32 });
    },
    close: () => agent.destroy(),
    summary() {
      const times = [...arrivals.values()];
      const deliveries = times.reduce((sum, count) => sum + count, 0);
      return `${next} sent, ${acknowledged.size} acknowledged, ${arrivals.size} delivered (${deliveries} deliveries)`;
    },
  };
}

// A connection from a new source to `url`, with 50 retries. Gives the path of the source's url.
export async function connect(gateway, url, { name = 'crash', interval = 500 } = {}) {
  const made = await gateway.api('PUT', '/connections', {
    name, source: { name }, destination: { name, type: 'HTTP', config: { url } },
    rules: [{ type: 'retry', strategy: 'linear', interval, count: 50 }],
  });
  if (made.status !== 200) throw new Error(`the connection was answered ${made.status}: ${JSON.stringify(made.body)}`);
  return new URL(made.body.source.url).pathname;
}
