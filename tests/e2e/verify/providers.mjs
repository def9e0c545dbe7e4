// The servers of those who publish keys, in one: an https server under their names, by an authority of its own.
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAMES = [
  'sns.us-east-1.amazonaws.com', 'sns.eu-west-1.amazonaws.com', 'sns.cn-north-1.amazonaws.com.cn', 'api.circle.com', 'api.ebay.com', 'api.sandbox.ebay.com',
  'keys.fireblocks.io', 'eu-keys.fireblocks.io', 'eu2-keys.fireblocks.io', 'sandbox-keys.fireblocks.io', 'www.googleapis.com',
  'ep-a-1.neonauth.us-east-1.aws.neon.tech', 'ep-b-2.neonauth.c-2.eu-west-2.aws.neon.tech', 'api.paypal.com', 'api.sandbox.paypal.com',
];

// Authorities and certificates by openssl. certificate({ name, ca, from, until, alternatives, fresh }) gives { key, pem,
// chain }: the private key (the same one, unless it is to be fresh), the certificate, and the certificate followed by the
// one of the authority between it and the root.
function authorities() {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-authorities-'));
  const read = (name) => readFileSync(join(dir, name), 'utf8');
  const openssl = (...words) => execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' });
  writeFileSync(join(dir, 'ca.conf'), [
    '[ca]', 'default_ca=own', '[own]', 'database=index', 'new_certs_dir=.', 'rand_serial=yes', 'default_md=sha256', 'policy=any',
    'unique_subject=no', 'copy_extensions=none', '[any]', 'commonName=supplied', '[req]', 'distinguished_name=name', '[name]',
  ].join('\n'));
  let count = 0;
  const sign = (key, name, ca, extensions, { from = '20200101000000Z', until = '20491231235959Z' } = {}) => {
    const own = `c${++count}`;
    writeFileSync(join(dir, 'index'), '');
    writeFileSync(join(dir, `${own}.ext`), extensions.join('\n'));
    openssl('req', '-config', 'ca.conf', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', `${own}.csr`);
    openssl('ca', '-config', 'ca.conf', '-batch', '-notext', '-cert', `${ca}.pem`, '-keyfile', `${ca}.key`, '-in', `${own}.csr`, '-out', `${own}.pem`,
      '-startdate', from, '-enddate', until, '-extfile', `${own}.ext`);
    return read(`${own}.pem`);
  };
  const newKey = (name) => openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', `${name}.key`);
  for (const [root, between] of [['root', 'between'], ['other', 'between-other']]) {
    newKey(root);
    openssl('req', '-config', 'ca.conf', '-x509', '-new', '-key', `${root}.key`, '-subj', `/CN=${root}`, '-days', '30', '-addext', 'basicConstraints=critical,CA:TRUE', '-out', `${root}.pem`);
    newKey(between);
    writeFileSync(join(dir, `${between}.pem`), sign(`${between}.key`, between, root, ['basicConstraints=critical,CA:TRUE']));
  }
  newKey('key');
  const certificate = ({ name, ca = 'between', alternatives = [name], fresh = false, ...dates }) => {
    const key = fresh ? `k${++count}` : 'key';
    if (fresh) newKey(key);
    const extensions = ['basicConstraints=critical,CA:FALSE', ...(alternatives.length > 0 ? [`subjectAltName=${alternatives.map((own) => `DNS:${own}`)}`] : [])];
    const pem = sign(`${key}.key`, name, ca, extensions, dates);
    return { key: createPrivateKey(read(`${key}.key`)), pem, chain: pem + read(`${ca}.pem`) };
  };
  const selfSigned = (name) => {
    openssl('req', '-config', 'ca.conf', '-x509', '-new', '-key', 'key.key', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-days', '30', '-out', 'self.pem');
    return { key: createPrivateKey(read('key.key')), pem: read('self.pem'), chain: read('self.pem') };
  };
  return { dir, certificate, selfSigned, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/*
 * { args } lets a gateway call it. `answers` are functions by "host/path" (a query is left out), or by host: given the call
 * they tell { status, headers, body, delay }, or what is said as JSON or text. `calls` are those that came: { host, path,
 * method, headers, body }. down() and up() close its port and open it again.
 */
export async function startProviders() {
  const own = authorities();
  const { key, chain } = own.certificate({ name: 'providers', alternatives: NAMES });
  const calls = [], answers = {}, open = new Set();
  const listener = async (request, reply) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const host = request.headers.host, path = request.url.split('?')[0];
    const call = { host, path, url: request.url, method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() };
    calls.push(call);
    const answer = answers[`${host}${path}`] ?? answers[host] ?? { status: 404, body: 'no such thing' };
    const said = typeof answer === 'function' ? await answer(call) : answer;
    const { status = 200, headers = {}, body = '', delay = 0 } = typeof said === 'string' ? { body: said } : said.body === undefined && said.status === undefined ? { body: said } : said;
    setTimeout(() => {
      reply.writeHead(status, headers);
      reply.end(typeof body === 'string' ? body : JSON.stringify(body));
    }, delay);
  };
  let server;
  const listen = (port) => new Promise((resolve) => {
    server = createServer({ key: key.export({ type: 'pkcs8', format: 'pem' }), cert: chain }, listener);
    server.on('connection', (socket) => { open.add(socket); socket.on('close', () => open.delete(socket)); });
    server.listen(port, '127.0.0.1', () => resolve(server.address().port));
  });
  const down = () => new Promise((resolve) => {
    server.close(resolve);
    for (const socket of open) socket.destroy();
  });
  const port = await listen(0);
  return {
    calls, answers, certificate: own.certificate, selfSigned: own.selfSigned, down, up: () => listen(port), port,
    args: ['--set', `provider_ca=${join(own.dir, 'root.pem')}`, '--set', `provider_connect=*=127.0.0.1:${port}`],
    callsTo: (host, path) => calls.filter((call) => call.host === host && (!path || call.path === path)).length,
    async stop() {
      await down();
      own.remove();
    },
  };
}
