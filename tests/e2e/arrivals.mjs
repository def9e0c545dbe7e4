// A destination that notes to the microsecond when deliveries arrive, and how many are open.
import { createServer } from 'node:http';

// `delay(body)`: ms until it answers. `status(body, count)`.
export async function startArrivals({ delay = () => 0, status = () => 200 } = {}) {
  const arrivals = [];
  let open = 0, most = 0;
  const server = createServer((request, reply) => {
    const at = performance.now(), chunks = [];
    open++;
    most = Math.max(most, open);
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks));
      arrivals.push({ at, body, id: request.headers['x-hookdeck-eventid'] });
      const code = status(body, arrivals.length), wait = delay(body);
      const answer = () => { open--; reply.writeHead(code); reply.end('ok'); };
      if (wait > 0) setTimeout(answer, wait);
      else answer();
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    arrivals,
    mostOpen: () => most,
    stop: () => new Promise((resolve) => { server.closeAllConnections?.(); server.close(resolve); }),
  };
}

// The most that arrived within any span of `ms`.
export function mostWithin(arrivals, ms) {
  const moments = arrivals.map(({ at }) => at).sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < moments.length; last++) {
    while (moments[last] - moments[first] >= ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
