// Transformations as people write them. Each does under the gateway what it does under Node: [name, request, handler's
// code], where the code is the body of (request, context) => { ... }; a fourth member holds env.
import { form, github, numbers, shopify, stripe, text, xml } from './payloads.mjs';

const r = String.raw;

export const SCRIPTS = [
  // ---- Stripe ----
  ['flatten an invoice', stripe, r`
    const { data: { object: { id, amount_paid, currency, metadata: { plan, ...rest } } }, type } = request.body;
    request.body = { id, type, plan, rest, amount: amount_paid / 100, currency: currency.toUpperCase() };
    return request;`],
  ['sum lines', stripe, r`
    const lines = request.body.data.object.lines.data;
    request.body = { total: lines.reduce((sum, { amount, quantity = 1 }) => sum + amount * quantity, 0),
      text: lines.map(({ description }) => description ?? 'none').join('; ') };
    return request;`],
  ['dates of periods', stripe, r`
    const iso = (seconds) => new Date(seconds * 1000).toISOString();
    request.body = request.body.data.object.lines.data.map(({ period }) => ({ from: iso(period.start), days: (period.end - period.start) / 86400, day: new Date(period.end * 1000).getUTCDay() }));
    return request;`],
  ['parts of a signature header', stripe, r`
    const parts = Object.fromEntries(request.headers['stripe-signature'].split(',').map((part) => part.split('=')));
    request.headers['x-signed-at'] = parts.t;
    delete request.headers['stripe-signature'];
    request.body = parts;
    return request;`],
  ['route by type', stripe, r`
    const routes = new Map([['invoice.payment_succeeded', '/billing/paid'], ['invoice.payment_failed', '/billing/failed']]);
    request.path = routes.get(request.body.type) ?? '/other';
    request.query = new URLSearchParams({ id: request.body.id, live: request.body.livemode }).toString();
    return request;`],
  ['sign again', stripe, r`
    const body = JSON.stringify(request.body);
    request.headers['x-signature'] = crypto.createHmac('sha256', process.env.SECRET).update('1700000000.' + body).digest('hex');
    return request;`, { SECRET: 'whsec_ünï' }],
  ['rename keys to camel case', stripe, r`
    const camel = (value) => Array.isArray(value) ? value.map(camel) : value && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key.replace(/_([a-z])/g, (_, c) => c.toUpperCase()), camel(item)])) : value;
    request.body = camel(request.body);
    return request;`],
  ['mask an address', stripe, r`
    const { customer_email } = request.body.data.object;
    request.body = { masked: customer_email.toLowerCase().replace(/(?<=^.).*(?=@)/, (m) => '*'.repeat(m.length)) };
    return request;`],
  ['env as numbers and defaults', stripe, r`
    const rate = Number(process.env.RATE ?? '1'), off = process.env.OFF === 'true';
    request.body = { eur: Math.round(request.body.data.object.amount_paid * rate), off, none: process.env.NOTHING === undefined };
    return request;`, { RATE: '0.92', OFF: 'true' }],
  ['a class with private fields', stripe, r`
    class Money { #cents; static of(cents) { return new Money(cents); } constructor(cents) { this.#cents = cents; }
      get text() { return (this.#cents / 100).toFixed(2); } toJSON() { return { money: this.text }; } }
    request.body = { a: Money.of(2599), b: Money.of(5), c: Money.of(100000) };
    return request;`],
  // ---- GitHub ----
  ['a chat message of a push', github, r`
    const { ref, commits, pusher, repository } = request.body;
    const branch = ref.split('/').slice(2).join('/');
    request.body = { text: ` + '`${pusher.name} pushed ${commits.length} commit${commits.length === 1 ? "" : "s"} to ${repository.full_name}@${branch}`' + r`,
      attachments: commits.map((commit) => ({ title: commit.message.split('\n')[0], id: commit.id })) };
    return request;`],
  ['files that changed, once each', github, r`
    const files = new Set(request.body.commits.flatMap(({ added, removed, modified }) => [...added, ...removed, ...modified]));
    request.body = [...files].sort();
    return request;`],
  ['numbers of issues', github, r`
    request.body = request.body.commits.flatMap(({ message }) => [...message.matchAll(/closes #(?<issue>\d+)/gi)].map((match) => Number(match.groups.issue)));
    return request;`],
  ['group by extension', github, r`
    const files = request.body.commits.flatMap((commit) => commit.modified);
    request.body = files.reduce((groups, file) => { (groups[file.split('.').pop()] ??= []).push(file); return groups; }, {});
    return request;`],
  ['times in order', github, r`
    request.body = request.body.commits.map(({ timestamp }) => Date.parse(timestamp)).sort((a, b) => b - a).map((ms) => new Date(ms).toJSON());
    return request;`],
  ['headers by prefix', github, r`
    request.headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name.startsWith('x-github-') || name === 'content-type'));
    return request;`],
  ['optional chaining', github, r`
    request.body = { owner: request.body.repository?.owner?.login, none: request.body.sender?.login ?? null, call: request.body.nothing?.(), at: request.body.commits.at(-1)?.id };
    return request;`],
  ['emoji and accents', github, r`
    const text = request.body.commits.map((commit) => commit.message).join(' ');
    request.body = { points: [...text].length, units: text.length, plain: text.normalize('NFD').replace(/\p{M}/gu, ''), found: text.match(/\p{Emoji_Presentation}/u)?.[0] };
    return request;`],
  ['labels of a commit', github, r`
    const kinds = { fix: /^fix\b/i, docs: /^docs:/ };
    request.body = request.body.commits.map(({ message }) => Object.keys(kinds).find((kind) => kinds[kind].test(message)) ?? 'other');
    return request;`],
  ['a digest of ids', github, r`
    request.body = { sha1: crypto.createHash('sha1').update('blob').update(request.body.after).digest('hex'), md5: crypto.createHash('md5').update('ü').digest('base64') };
    return request;`],
  // ---- Shopify ----
  ['an order for the warehouse', shopify, r`
    const { line_items, id, customer: { first_name, last_name }, ...rest } = request.body;
    request.body = { order: String(id), name: [first_name, last_name].filter(Boolean).join(' '),
      lines: line_items.map(({ sku, quantity, price }) => ({ sku, quantity, cents: Math.round(parseFloat(price) * 100 * quantity) })), currency: rest.currency };
    return request;`],
  ['tags as a list', shopify, r`
    request.body.tags = request.body.tags.split(',').map((tag) => tag.trim()).filter(Boolean);
    return request;`],
  ['weights', shopify, r`
    const grams = request.body.line_items.map(({ grams, quantity }) => grams * quantity);
    request.body = { kg: (grams.reduce((a, b) => a + b) / 1000).toFixed(3), heavy: grams.some((g) => g > 500), all: grams.every((g) => g > 0), most: Math.max(...grams) };
    return request;`],
  ['properties to an object', shopify, r`
    request.body = request.body.line_items.map((item) => item.properties.reduce((all, { name, value }) => ({ ...all, [name]: value }), {}));
    return request;`],
  ['a line of CSV', shopify, r`
    const quote = (value) => /[",\n]/.test(value) ? '"' + value.replaceAll('"', '""') + '"' : value;
    request.body = [['sku', 'price', 'note'], ...request.body.line_items.map(({ sku, price }) => [sku, price, 'say "hi", you'])].map((row) => row.map(quote).join(',')).join('\r\n');
    request.headers['content-type'] = 'text/csv';
    return request;`],
  ['the topic becomes the path', shopify, r`
    request.path = '/' + request.headers['x-shopify-topic'].replaceAll('/', '-');
    request.headers['X-Shop'] = request.headers['x-shopify-shop-domain'].split('.')[0].padStart(8, '_');
    return request;`],
  ['large numbers stay doubles', shopify, r`
    request.body = { id: request.body.id, safe: Number.isSafeInteger(request.body.id), text: BigInt(request.body.id).toString(), product: (12345678901234567890n * 10n).toString() };
    return request;`],
  ['defaults and spread', shopify, r`
    const defaults = { currency: 'USD', gift: false, email: 'none' };
    const { email, currency } = request.body;
    request.body = { ...defaults, ...{ email, currency }, gift: request.body.note_attributes.some(({ name, value }) => name === 'gift' && value === 'yes') };
    return request;`],
  ['a copy that is deep', shopify, r`
    const copy = structuredClone(request.body);
    copy.customer.addresses[0].zip = 'changed';
    request.body = { was: request.body.customer.addresses[0].zip, is: copy.customer.addresses[0].zip, same: copy.line_items.length === request.body.line_items.length };
    return request;`],
  ['totals by generator', shopify, r`
    function* prices(items) { for (const { price, quantity } of items) for (let i = 0; i < quantity; i++) yield Number(price); }
    let sum = 0;
    for (const price of prices(request.body.line_items)) sum += price;
    request.body = { sum, matches: sum === Number(request.body.total_price) };
    return request;`],
  // ---- forms, XML, text ----
  ['a form to JSON', form, r`
    const fields = new URLSearchParams(request.body);
    request.body = { ...Object.fromEntries(fields), tags: fields.getAll('tag') };
    request.headers['content-type'] = 'application/json';
    return request;`],
  ['JSON to a form', shopify, r`
    request.body = new URLSearchParams({ email: request.body.email, name: request.body.customer.last_name, total: request.body.total_price, amp: 'a&b=c +~*' }).toString();
    request.headers['content-type'] = 'application/x-www-form-urlencoded';
    return request;`],
  ['a form by hand', form, r`
    request.body = request.body.split('&').map((pair) => pair.split('=').map((part) => decodeURIComponent(part.replace(/\+/g, ' '))));
    return request;`],
  ['query parameters', form, r`
    const query = new URLSearchParams(request.query);
    query.set('v', '3'); query.append('new', 'ä b'); query.delete('token');
    request.query = query.toString();
    request.headers['x-parsed'] = JSON.stringify(request.parsed_query);
    return request;`],
  ['attributes of XML', xml, r`
    const [, id, state] = /<order id="(\d+)" state="(\w+)"/.exec(request.body);
    const items = [...request.body.matchAll(/<item sku="([^"]*)" qty="(\d+)">([^<]*)<\/item>/g)].map(([, sku, qty, name]) => ({ sku, qty: +qty, name: name.replace(/&amp;/g, '&') }));
    request.body = { id: Number(id), state, items };
    request.headers['content-type'] = 'application/json';
    return request;`],
  ['XML that changes', xml, r`
    request.body = request.body.replace(/(<total[^>]*>)([\d.]+)/, (_, tag, total) => tag + (Number(total) * 1.19).toFixed(2)).trim();
    return request;`],
  ['JSON to XML', stripe, r`
    const escape = (text) => String(text).replace(/[&<>"']/g, (c) => '&#' + c.charCodeAt(0) + ';');
    const write = (name, value) => value === null ? '<' + name + '/>' : typeof value === 'object' ? '<' + name + '>' + Object.entries(value).map(([key, item]) => write(isNaN(key) ? key : 'item', item)).join('') + '</' + name + '>' : '<' + name + '>' + escape(value) + '</' + name + '>';
    request.body = write('event', request.body);
    request.headers['content-type'] = 'application/xml';
    return request;`],
  ['lines of a text', text, r`
    request.body = request.body.split(/\r?\n/).filter((line) => line.trim() !== '').map((line, i) => i + 1 + ': ' + line).join('\n');
    return request;`],
  ['text to JSON', text, r`
    request.body = { text: request.body, words: request.body.match(/\w+/g), upper: request.body.toUpperCase() };
    request.headers['content-type'] = 'application/json; charset=utf-8';
    return request;`],
  ['base64 both ways', text, r`
    const coded = btoa(request.body);
    request.body = { coded, back: atob(coded) === request.body, url: coded.replace(/\+/g, '-').replace(/=+$/, '') };
    return request;`],
  ['UTF-8 bytes', form, r`
    const bytes = new TextEncoder().encode('aé漢😀');
    request.body = { bytes: [...bytes], back: new TextDecoder().decode(bytes), part: new TextDecoder().decode(bytes.subarray(1, 3)), bad: new TextDecoder().decode(new Uint8Array([104, 0xff, 0xe2, 0x82, 105])) };
    return request;`],
  // ---- more of what gateways are used for ----
  ['a token in a header', text, r`
    const segment = (value) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const token = [segment({ alg: 'none' }), segment({ sub: 'user-7', scope: ['a', 'b'], exp: 1700000000 }), ''].join('.');
    const { sub, scope } = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    request.headers['x-user'] = sub;
    request.headers['content-type'] = 'application/json';
    request.body = { scope, text: request.body };
    return request;`],
  ['a signature of GitHub is checked', github, r`
    const body = JSON.stringify(request.body), wanted = 'sha256=' + crypto.createHmac('sha256', process.env.SECRET).update(body, 'utf8').digest('hex');
    request.headers['x-valid'] = wanted === request.headers['x-hub-signature-256'];
    request.headers['x-wanted'] = wanted;
    return request;`, { SECRET: 'it’s a secret' }],
  ['secrets are masked wherever they are', shopify, r`
    const secret = /^(email|phone|zip|.*_name)$/;
    const mask = (value, key = '') => Array.isArray(value) ? value.map((item) => mask(item)) : value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mask(item, name)])) : secret.test(key) && value !== null ? '***' : value;
    request.body = mask(request.body);
    return request;`],
  ['CSV to JSON', text, r`
    const csv = 'sku,name,price\r\na1,"Tea, green",3.50\r\nb2,"say ""hi""",12\r\n';
    const rows = [[]]; let field = '', quoted = false;
    for (let i = 0; i < csv.length; i++) {
      const c = csv[i];
      if (quoted) { if (c === '"' && csv[i + 1] === '"') { field += c; i++; } else if (c === '"') quoted = false; else field += c; }
      else if (c === '"') quoted = true;
      else if (c === ',' || c === '\n') { rows.at(-1).push(field); field = ''; if (c === '\n') rows.push([]); }
      else if (c !== '\r') field += c;
    }
    const [names, ...items] = rows.filter((row) => row.length > 0);
    request.body = items.map((row) => Object.fromEntries(row.map((value, i) => [names[i], isNaN(value) ? value : Number(value)])));
    request.headers['content-type'] = 'application/json';
    return request;`],
  ['a form in parts', text, r`
    const body = ['--b', 'Content-Disposition: form-data; name="from"', '', 'ann@example.com', '--b', 'Content-Disposition: form-data; name="text"', '', 'two', 'lines', '--b--', ''].join('\r\n');
    request.body = Object.fromEntries(body.split('--b').slice(1, -1).map((part) => {
      const [, head, value] = /^\r\n([^]*?)\r\n\r\n([^]*)\r\n$/.exec(part);
      return [/name="([^"]+)"/.exec(head)[1], value];
    }));
    request.headers['content-type'] = 'application/json';
    return request;`],
  ['a SOAP envelope', stripe, r`
    const { id, data: { object: { amount_paid, currency } } } = request.body;
    request.body = '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>' + [['Id', id], ['Amount', (amount_paid / 100).toFixed(2)], ['Currency', currency]].map(([name, value]) => '<' + name + '>' + value + '</' + name + '>').join('') + '</soap:Body></soap:Envelope>';
    request.headers = { ...request.headers, 'content-type': 'text/xml; charset=utf-8', soapaction: '"paid"' };
    return request;`],
  ['two payloads become one, deeply', shopify, r`
    const merge = (a, b) => { for (const [key, value] of Object.entries(b)) a[key] = value && typeof value === 'object' && !Array.isArray(value) ? merge(a[key] ?? {}, value) : value; return a; };
    request.body = merge({ customer: { tier: 'gold', last_name: 'x' }, currency: 'USD' }, { customer: request.body.customer, currency: request.body.currency });
    return request;`],
  ['JSON inside of JSON', github, r`
    const wrapped = { Type: 'Notification', Message: JSON.stringify(request.body) };
    const { commits } = JSON.parse(wrapped.Message);
    request.body = { type: wrapped.Type, ids: commits.map(({ id }) => id), size: new TextEncoder().encode(wrapped.Message).length };
    return request;`],
  ['dates written by hand', stripe, r`
    const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '), pad = (n) => String(n).padStart(2, '0');
    const date = new Date(request.body.created * 1000);
    request.body = { text: [date.getUTCDate(), months[date.getUTCMonth()], date.getUTCFullYear()].join(' ') + ', ' + [date.getUTCHours(), date.getUTCMinutes()].map(pad).join(':'), week: Math.ceil((((date - Date.UTC(date.getUTCFullYear(), 0, 1)) / 864e5) + 1) / 7) };
    return request;`],
  ['prices by their currency', shopify, r`
    const digits = { JPY: 0, EUR: 2, KWD: 3 };
    request.body = Object.entries(digits).map(([currency, count]) => [currency, BigInt(Math.round(Number(request.body.total_price) * 10 ** count)).toString()]);
    return request;`],
  // ---- headers, path, method of returning ----
  ['a request made anew', stripe, r`return { headers: { 'content-type': 'text/plain', 'x-new': 'yes' }, body: 'ok', path: '/new', query: 'q=1' };`],
  ['numbers and booleans in headers', stripe, r`request.headers['x-count'] = 3; request.headers['x-flag'] = true; return request;`],
  ['no body', stripe, r`delete request.body; return request;`],
  ['null as the body', stripe, r`request.body = null; return request;`],
  ['an empty text', text, r`request.body = ''; return request;`],
  ['a number as the body', numbers, r`request.body = 42.5; return request;`],
  ['a boolean as the body', numbers, r`request.body = false; return request;`],
  ['an array as the body', numbers, r`request.body = [undefined, null, () => 1, NaN, Infinity, new Date(0), { toJSON: () => 'own' }]; return request;`],
  ['what JSON leaves out', numbers, r`request.body = { a: undefined, b: () => 1, c: Symbol('x'), d: [undefined], e: -0, f: new Map([[1, 2]]), g: new Set([1]), h: /x/g, i: Object('boxed') }; return request;`],
  ['numbers as they are', numbers, r`return request;`],
  ['frozen objects', numbers, r`Object.freeze(request.headers); 'use strict'; request.headers.more = 'x'; request.body = Object.isFrozen(request.headers); return request;`],
  ['lone surrogates', text, r`request.body = { a: 'x\ud800y', b: '\udc00', 'k\ud801': 1, c: '\\ud800' }; request.headers['content-type'] = 'application/json'; return request;`],
  // ---- the language ----
  ['async and await', stripe, r`
    const later = async (value) => { await null; return value * 2; };
    const values = await Promise.all([1, 2, 3].map(later));
    const settled = await Promise.allSettled([Promise.reject(new Error('no')), later(5)]);
    request.body = { values, states: settled.map(({ status, value, reason }) => [status, value ?? reason.message]), first: await Promise.race([later(1), later(2)]) };
    return request;`],
  ['async generators', stripe, r`
    async function* count(n) { for (let i = 0; i < n; i++) yield i; }
    const out = [];
    for await (const i of count(4)) out.push(i);
    request.body = out;
    return request;`],
  ['try, catch, finally', stripe, r`
    const steps = [];
    const f = () => { try { steps.push('try'); JSON.parse('{'); } catch ({ name }) { steps.push(name); return 'caught'; } finally { steps.push('finally'); } };
    request.body = [f(), ...steps];
    return request;`],
  ['labels and switch', stripe, r`
    const out = [];
    outer: for (let i = 0; i < 4; i++) { for (let j = 0; j < 4; j++) { if (j === 2) continue outer; if (i === 3) break outer; switch (i + j) { case 0: out.push('zero'); break; case 1: out.push('one'); default: out.push(i + j); } } }
    request.body = out;
    return request;`],
  ['tagged templates', stripe, r`
    const tag = (parts, ...values) => parts.raw.join('|') + values.join(',');
    request.body = tag` + '`a${1}\\n${2}c`' + r`;
    return request;`],
  ['proxies and reflection', stripe, r`
    const log = [];
    const proxy = new Proxy({ a: 1 }, { get: (target, name) => { log.push(String(name)); return Reflect.get(target, name) ?? 'none'; }, has: () => true });
    request.body = [proxy.a, proxy.b, 'x' in proxy, log, Reflect.ownKeys({ b: 1, a: 2, 1: 3 })];
    return request;`],
  ['maps, sets and weak ones', stripe, r`
    const map = new Map([['a', 1], ['b', 2]]), weak = new WeakMap(), key = {};
    weak.set(key, 'kept');
    request.body = [[...map].map(([k, v]) => k + v), weak.get(key), [...new Set('hello')].join(''), Object.fromEntries(map)];
    return request;`],
  ['regular expressions', text, r`
    request.body = [/(?<year>\d{4})-(?<month>\d\d)/u.exec('on 2026-11-25')?.groups.year, 'aBc'.replace(/b/i, '[$&]'), 'a1b22'.split(/(\d+)/), /^(?!x)\w+$/m.test('y'), 'x'.replace(/(x)/, '$1$1$$'), /\u{1F600}/u.test('😀'), [...'a,b;c'.matchAll(/[,;]/g)].map((m) => m.index), /a.c/s.test('a\nc')];
    request.headers['content-type'] = 'application/json';
    return request;`],
  ['dates', text, r`
    const date = new Date(Date.UTC(2026, 1, 28, 23, 59, 59, 999));
    date.setUTCDate(date.getUTCDate() + 1);
    request.body = [date.toISOString(), date.getTime(), new Date('2026-11-25').toISOString(), new Date('2026-11-25T10:00:00-05:00').valueOf(), isNaN(new Date('nonsense')), JSON.stringify({ date }), date.toUTCString()];
    request.headers['content-type'] = 'application/json';
    return request;`],
  ['numbers as texts', numbers, r`
    request.body = [(0.1 + 0.2).toString(), (1234.5678).toFixed(2), (255).toString(16), (1e21).toString(), parseInt('12px'), Number(''), +'0x1f', (25).toString(36), (0.000001234).toExponential(2), (1234.5678).toPrecision(6), Number.MAX_SAFE_INTEGER, Math.hypot(3, 4), Math.trunc(-4.7), Math.sign(-3), 7 % -3, -7 % 3, 2 ** 10, 5 / 2 | 0, -1 >>> 28];
    return request;`],
  ['sorting is stable', numbers, r`
    const items = ['b1', 'a1', 'b2', 'a2', 'c1'].map((name) => ({ name }));
    request.body = [items.sort((x, y) => x.name.charCodeAt(0) - y.name.charCodeAt(0)).map(({ name }) => name), [10, 9, 1].sort(), [3, 1, 2].slice().sort(), ['b', undefined, 'a'].sort(), [1, 2, 3].findLast((n) => n < 3), [1, [2, [3, [4]]]].flat(Infinity)];
    return request;`],
  ['getters, symbols and computed names', numbers, r`
    const name = 'dyn', symbol = Symbol.for('s');
    const object = { get full() { return this[name] + '!'; }, [name + 'x']: 1, dyn: 'd', [symbol]: 2, *[Symbol.iterator]() { yield* [1, 2]; } };
    request.body = [object.full, Object.keys(object), object[Symbol.for('s')], [...object], Object.getOwnPropertyNames(object).length];
    return request;`],
  ['text functions', text, r`
    request.body = ['abc'.at(-1), 'a-b'.replaceAll('-', '+'), 'x'.padEnd(3, 'ab'), ' t '.trimStart(), 'abc'.substring(2, 0), 'abc'.slice(-2), 'ß'.toUpperCase(), 'İ'.toLowerCase().length, 'a\u0301'.normalize().length, encodeURIComponent('ä &/?'), decodeURIComponent('%F0%9F%98%80'), escape('ä'), 'abcabc'.lastIndexOf('b'), 'x'.codePointAt(0), String.raw` + '`\\n`' + r`, 'a,b'.split(',', 1), 'z'.localeCompare('a')];
    request.headers['content-type'] = 'application/json';
    return request;`],
  ['typed arrays', numbers, r`
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat32(0, 1.5); view.setInt16(4, -2, true);
    request.body = [[...new Uint8Array(view.buffer)], Uint8ClampedArray.of(300, -5), Array.from(new Float64Array([0.1]).map((x) => x * 3)), new Uint8Array([3, 1, 2]).sort().join()];
    return request;`],
  ['URLs', stripe, r`
    const url = new URL('../v2/items?limit=10#top', 'https://api.example.com:8443/v1/users/');
    url.searchParams.set('cursor', 'a b/c'); url.hash = '';
    request.body = { href: url.href, host: url.host, path: url.pathname, search: url.search, origin: url.origin, json: JSON.stringify({ url }), bad: URL.canParse('nonsense') };
    request.path = url.pathname;
    request.query = url.search.slice(1);
    return request;`],
  ['hashes as the web has them', stripe, r`
    const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const encoder = new TextEncoder();
    const key = await crypto.subtle.importKey('raw', encoder.encode('secret'), { name: 'HMAC', hash: 'SHA-512' }, false, ['sign']);
    request.body = { digest: hex(await crypto.subtle.digest('SHA-384', encoder.encode('abc'))), mac: hex(await crypto.subtle.sign('HMAC', key, encoder.encode('data'))) };
    return request;`],
  ['random values have their forms', stripe, r`
    const uuid = crypto.randomUUID(), bytes = crypto.getRandomValues(new Uint32Array(4)), chance = Math.random();
    request.body = [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid), bytes.length, chance >= 0 && chance < 1, uuid !== crypto.randomUUID()];
    return request;`],
  ['bundled code with a wrapper', stripe, r`
    const exported = (function (root) { var modules = { a: function (m) { m.exports = { twice: function (x) { return x + x; } }; } }; var m = { exports: {} }; modules.a(m); return m.exports; })(this);
    request.body = exported.twice('ab');
    return request;`],
  ['var, hoisting and closures', stripe, r`
    var fs = []; for (let i = 0; i < 3; i++) fs.push(() => i);
    request.body = [typeof hoisted, typeof undeclared, hoisted(), fs.map((f) => f()), (function () { return arguments.length; })(1, 2)];
    function hoisted() { return 'up'; }
    return request;`],
  ['the context of a trial', stripe, r`request.body = { connection: context.connection, keys: Object.keys(context) }; return request;`],
];
