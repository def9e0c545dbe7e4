// node trouble.mjs PAUSE_MS URL...: a webhook to each URL every so often, until it is ended. A process of its own, so that
// it can be given what the gateway and the load leave of the processors.
const [pause, ...urls] = process.argv.slice(2);
const send = (url) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
    .then((reply) => reply.arrayBuffer());
for (;;) {
    await Promise.all(urls.map(send));
    await new Promise((resolve) => setTimeout(resolve, Number(pause)));
}
