// The server of the workflow documents in tests/arazzo: it keeps what it was asked, answers by script or with an echo.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const ITEMS = [{ id: 1, name: 'One', tags: ['a'] }, { id: 2, name: 'Two', tags: [] }];

function echo(call) {
  return { ...call, items: ITEMS, nothing: null, yes: true, no: false, number: 42, big: 12345678901, price: 1.5,
    text: 'Some Text', 'with.dot': 'dotted', 'a/b': 'slash', 'm~n': 'tilde' };
}

// `folder` is served below /files; { url, calls, begin(replies), stop }.
export async function startEcho(folder) {
  const state = { calls: [], replies: [] };
  const server = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks).toString(), reply));
  });

  function send(reply, { status = 200, headers = {}, body, text, type = 'application/json', size, wait = 0 }) {
    const content = size ? Buffer.alloc(size, 'x') : text ?? (body === undefined ? '' : JSON.stringify(body));
    setTimeout(() => {
      reply.writeHead(status, { ...(content.length ? { 'content-type': type } : {}), ...headers });
      reply.end(content);
    }, wait);
  }

  function answer(request, body, reply) {
    const mark = request.url.indexOf('?');
    const path = mark < 0 ? request.url : request.url.slice(0, mark), query = mark < 0 ? '' : request.url.slice(mark + 1);
    if (path === '/openapi.json') return send(reply, { status: 404 });
    if (path.startsWith('/files/')) {
      const file = join(folder, path.slice(7));
      if (!existsSync(file)) return send(reply, { status: 404 });
      return send(reply, { text: readFileSync(file, 'utf8'), type: 'text/plain' });
    }
    let json;
    try { json = JSON.parse(body); } catch { json = undefined; }
    const call = { method: request.method, path, query, headers: request.headers, body, json };
    state.calls.push(call);
    if (state.replies.length > 0) {
      const scripted = state.replies.shift();
      if (scripted !== null) return send(reply, scripted);
    }
    if (path.startsWith('/v1/say/')) return send(reply, { status: Number(path.slice(8)), body: echo(call) });
    send(reply, { body: echo(call) });
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    begin: (replies = []) => { state.calls = []; state.replies = [...replies]; },
    calls: () => state.calls,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
