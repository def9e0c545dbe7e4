// URL and URLSearchParams of transformations against Node's: each input in all its parts, in one run.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { startGateway } from './gateway.mjs';
import { callsOf } from './resource.mjs';

const INPUTS = {
  urls: [
    'http://a', 'http://a/', 'https://A.b:443/x', 'https://a:8443/x?y#z', 'http://u:p@a/b', 'http://u@a', 'http://:p@a', 'http://a/../../b',
    'http://a/b/./c/../d', 'http://a/b/..', 'http://a/b/.', 'http://a/%2e%2E/b', 'http://a//b//c', 'http:\\\\a\\b', 'http:a', 'http:/a',
    'http:///a/b', 'https://a?q', 'https://a#f', 'https://a?', 'https://a#', 'https://a/?#', 'mailto:x@y.z', 'data:text/plain,hi there',
    'javascript:alert(1)', 'foo://a/b?c#d', 'foo:/a/b', 'foo:a/b', 'foo://', 'foo://A B/', 'file:///etc/passwd', 'file://host/a', 'file:a',
    'http://1.2.3.4', 'http://1', 'http://0x7f.1', 'http://256.1.1.1', 'http://1.2.3', 'http://[::1]:80/', 'http://[2001:DB8:0:0:1:0:0:1]',
    'http://[::ffff:1.2.3.4]', 'http://[1::2::3]', 'http://[', 'http://a b', 'http://a<b', 'http://ä.de/', 'http://münchen.de/ü?ö=ä#ß',
    'http://日本語.jp', 'http://%41', 'http://a%', 'http://a:99999', 'http://a:x', 'http://a:', 'http://a:0', 'http://a:080', '', '/x', '?',
    '//a', 'http://', 'http://?', 'http://@', 'http://a/ b"<>`{}^|\\\'', 'http://a/?a b"<>`{}^|\'', 'http://a/#a b"<>`{}^|\'', ' http://a/ ',
    'ht\ntp://a/\tb', 'wss://a:443/', 'ftp://a:21/x', 'http://a.b.c./', 'http://a..b', 'http://-a', 'http://a_b', 'http://xn--mnchen-3ya.de',
    'HTTP://A/B', 'http://a/%zz%4', 'http://a/b?c=d&e=f%20g+h', 'http://u:p:q@a', 'http://u@v@a', 'blob:http://a/b', 'http://a/b;c=d',
    'http://a\\b', 'http://a/b\\c?d\\e',
  ],
  bases: [
    'http://x/y/z?q#f', 'https://x:8/y/', 'foo://x/y', 'mailto:a@b', 'file:///a/b',
  ],
  relative: [
    '', '?n', '#n', 'a', './a', '../a', '../../../a', '/a', '//h/a', '\\a', 'a?b#c', 'http:a', 'https:a', 'http://n', '..', '.', 'a:b', ':a',
    ';x', 'ä',
  ],
  params: [
    'a=1&b=2', '?a=1', 'a', 'a=', '=b', '&&a', 'a=1&a=2', 'a+b=c+d', '%41=%', 'ä=ö', 'a=%ff', 'a=b=c', "*-._~!'()",
  ],
  sets: [

    ['protocol','http'],['protocol','ftp:'],['protocol','foo'],['username','a b'],['password','ä'],['host','n:81'],['host','n'],['hostname','m'],['hostname','m:9'],['port','99'],['port','443'],['port',''],['port','x'],['port','8x'],['pathname','a/../b c?d#e'],['pathname',''],['search','a b'],['search','?'],['search',''],['hash','#x y'],['hash',''],['href','http://z'],['host',''],['hostname','a b'],
  ],
};
// Where Node follows an older text of the standard, or has an error of its own.
const OTHER_IN_NODE = /\^\||^blob:|^foo:\/\/x\/y \.\.$|^mailto:a@b a\?b#c$/;

function look({ urls, bases, relative, params, sets }) {
  const parts = (make) => {
    try {
      const url = make();
      return [url.href, url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port, url.pathname, url.search, url.hash, String(url.searchParams)];
    } catch (error) {
      return error.name;
    }
  };
  const out = {};
  for (const url of urls) out[url] = parts(() => new URL(url));
  for (const base of bases) for (const url of relative) out[`${base} ${url}`] = parts(() => new URL(url, base));
  for (const text of params) out[`?${text}`] = [[...new URLSearchParams(text)], String(new URLSearchParams(text))];
  for (const [name, value] of sets) {
    const url = new URL('https://u:p@h:8/p/q?r#s');
    url[name] = value;
    out[`${name}=${value}`] = parts(() => url);
  }
  const url = new URL('http://a/?x=1');
  url.searchParams.set('x', '2'); url.searchParams.append('y', 'ä &'); url.searchParams.append('a', '1'); url.searchParams.delete('x'); url.searchParams.sort();
  out.params = [url.href, url.searchParams.size, url.searchParams.has('y'), url.searchParams.has('y', 'z'), url.searchParams.getAll('y'), JSON.stringify({ url })];
  out.made = [{ a: 1, b: 'x y' }, [['a', 'b'], ['c', 'd']], new URLSearchParams('q=1'), new Map([['m', 'n']])].map((from) => String(new URLSearchParams(from)));
  out.can = [URL.canParse('x'), URL.canParse('x', 'http://a'), URL.canParse('http://[')];
  return out;
}

let gateway, ok;
before(async () => {
  gateway = await startGateway();
  ({ ok } = callsOf(gateway));
});
after(() => gateway?.stop());

test('URLs are read, resolved, changed and written as Node does it', async () => {
  const { request, console: lines } = await ok('PUT', '/transformations/run', {
    code: `${look}\naddHandler('transform', (request) => { request.body = look(request.body); return request; });`,
    request: { headers: { 'content-type': 'application/json' }, body: INPUTS },
  });
  assert.deepEqual(lines, []);
  const expected = look(INPUTS);
  assert.ok(Object.keys(expected).length > 200);
  for (const [input, parts] of Object.entries(expected))
    if (!OTHER_IN_NODE.test(input)) assert.deepEqual(request.body[input], JSON.parse(JSON.stringify(parts)), input);
});
