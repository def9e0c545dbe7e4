// The other side of destinations' auth, as others wrote it: an authorization server, certificates of openssl, nginx.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import { until } from './gateway.mjs';

const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
const close = (server) => new Promise((resolve) => { server.closeAllConnections?.(); server.close(resolve); });

// Clients of the authorization server: both ways to tell who one is, with a secret that has to be encoded.
export const CLIENTS = {
  basic: { client_id: 'by:header', client_secret: 'p%:+/&=', authentication_type: 'basic' },
  form: { client_id: 'by-form', client_secret: 'p%:+/&=', authentication_type: 'x-www-form-urlencoded' },
};

// oidc-provider on a free port. `calls` are the bodies of calls for tokens; `lifetime` is that of tokens, in seconds.
export async function startAuthorizationServer() {
  const calls = [];
  const settings = { lifetime: 3600 };
  const server = createServer();
  const port = await listen(server);
  const url = `http://127.0.0.1:${port}`;
  const provider = new Provider(url, {
    clients: Object.values(CLIENTS).map(({ client_id, client_secret, authentication_type }) => ({
      client_id, client_secret, redirect_uris: ['https://client.example/back'], response_types: ['code'],
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'], scope: 'openid offline_access read write',
      token_endpoint_auth_method: authentication_type === 'basic' ? 'client_secret_basic' : 'client_secret_post',
    })),
    scopes: ['openid', 'offline_access', 'read', 'write'],
    features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true } },
    findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: true,
    ttl: { ClientCredentials: () => settings.lifetime, AccessToken: () => settings.lifetime, RefreshToken: 3600, Grant: 3600 },
    cookies: { keys: ['k'] },
  });
  const answer = provider.callback();
  server.on('request', (request, reply) => {
    if (request.url === '/token') calls.push({ at: Date.now() });
    answer(request, reply);
  });
  const authorization = `Basic ${Buffer.from([CLIENTS.basic.client_id, CLIENTS.basic.client_secret].map(encodeURIComponent).join(':')).toString('base64')}`;
  return {
    url: `${url}/token`, calls, settings,
    // What the server knows of a token that a destination got.
    async look(token) {
      const reply = await fetch(`${url}/token/introspection`, { method: 'POST',
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ token }) });
      return reply.json();
    },
    // As after a user's consent.
    async refreshToken() {
      const client = await provider.Client.find(CLIENTS.basic.client_id);
      const grant = new provider.Grant({ accountId: 'someone', clientId: client.clientId });
      grant.addOIDCScope('openid offline_access');
      const token = new provider.RefreshToken({ accountId: 'someone', client, grantId: await grant.save(), gty: 'authorization_code',
        scope: 'openid offline_access', rotations: 0, iiat: Math.floor(Date.now() / 1000), claims: {} });
      return token.save();
    },
    revokeAll: async (token) => (await provider.ClientCredentials.find(token))?.destroy(),
    stop: () => close(server),
  };
}

// An authorization server of few words. `answer({ headers, body })` gives what it says: a string, or { status, headers, body }.
export async function startTokenServer(answer) {
  const calls = [];
  const server = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const call = { headers: request.headers, body: new URLSearchParams(Buffer.concat(chunks).toString()), reply };
      calls.push(call);
      const said = await answer(call, calls.length);
      if (said === undefined) return; // it never answers, or did so by itself
      const { status = 200, headers = { 'content-type': 'application/json' }, body = said } = typeof said === 'string' ? {} : said;
      reply.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}/token`, calls, stop: () => close(server) };
}

// An authority of its own, a server's certificate for 127.0.0.1, and a client's, in a directory.
export function makeCertificates() {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-tls-'));
  const openssl = (...words) => execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' });
  const make = (name, subject, ca, extensions) => {
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', subject,
      '-keyout', `${name}.key`, '-out', `${name}.pem`, ...(ca ? ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`] : []),
      ...extensions.flatMap((extension) => ['-addext', extension]));
  };
  make('ca', '/CN=private authority', null, []);
  make('other', '/CN=another authority', null, []);
  make('server', '/CN=server', 'ca', ['subjectAltName=IP:127.0.0.1', 'basicConstraints=critical,CA:FALSE']);
  make('client', '/CN=gateway/O=fairlead', 'ca', ['basicConstraints=critical,CA:FALSE']);
  make('stranger', '/CN=stranger', 'other', ['basicConstraints=critical,CA:FALSE']);
  openssl('rsa', '-aes128', '-passout', 'pass:secret', '-in', rsa(dir, openssl), '-out', 'locked.key');
  const read = (name) => readFileSync(join(dir, name), 'utf8');
  return { dir, read, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function rsa(dir, openssl) {
  openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'rsa.key');
  return 'rsa.key';
}

async function freePort() {
  const server = createTcpServer();
  const port = await listen(server);
  await close(server);
  return port;
}

// nginx, which lets in who has a certificate of the authority, and says whose it was.
export const startNginx = (certificates) => runNginx(certificates.dir, (port) => `
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificates.dir}/server.pem; ssl_certificate_key ${certificates.dir}/server.key;
    ssl_client_certificate ${certificates.dir}/ca.pem; ssl_verify_client on;
    location / { return 200 "$ssl_client_verify $ssl_client_s_dn"; }`);

// nginx with one server, which is set up by what settings(port) says, and `nginx` below `parent` for its files.
export async function runNginx(parent, settings) {
  const dir = join(parent, 'nginx');
  const port = await freePort();
  mkdirSync(join(dir, 'logs'), { recursive: true });
  writeFileSync(join(dir, 'nginx.conf'), `
daemon off; master_process off; pid ${dir}/pid; error_log ${dir}/logs/error.log;
events {}
http {
  access_log ${dir}/logs/access.log;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')}
  server {${settings(port)}
  }
}
`);
  const child = spawn('/usr/sbin/nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let failed = null;
  child.stderr.on('data', (bytes) => { said += bytes; });
  child.on('error', (error) => { failed = error; });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until('nginx listens', async () => {
    if (failed ?? child.exitCode !== null) throw new Error(`nginx ended: ${failed ?? said}`);
    return new Promise((resolve) => {
      fetch(`http://127.0.0.1:${port}/`).then(() => resolve(true), () => resolve(false));
    });
  });
  return { url: `https://127.0.0.1:${port}`, log: () => readFileSync(join(dir, 'logs/access.log'), 'utf8'), stop: async () => { child.kill(); await ended; } };
}
