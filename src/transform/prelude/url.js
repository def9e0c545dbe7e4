// URL and URLSearchParams after the URL standard of WHATWG (https://url.spec.whatwg.org), read as a table of parts
// rather than as its state machine. Names of hosts beyond ASCII become Punycode without the tables of IDNA.
(function () {
    'use strict';
    const PORTS = {
        __proto__: null, 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '',
    };
    const fail = (input) => {
        const error = new TypeError('Invalid URL');
        error.code = 'ERR_INVALID_URL';
        error.input = input;
        throw error;
    };

    // ---- percent-encoding ----

    const QUERY = ' "#<>', SPECIAL_QUERY = QUERY + "'", FRAGMENT = ' "<>`';
    const PATH = QUERY + '?^`{}', USER = PATH + '/:;=@[\\]|';

    function encode(text, set) {
        let out = '';
        for (const character of text.toWellFormed()) {
            const code = character.codePointAt(0);
            if (code > 0x7e)
                out += code === 0x7f ? '%7F' : encodeURIComponent(character);
            else if (code < 0x20 || set.includes(character))
                out += '%' + (code < 16 ? '0' : '') + code.toString(16).toUpperCase();
            else
                out += character;
        }
        return out;
    }

    // Bytes that are no UTF-8 become U+FFFD.
    function decode(text) {
        if (!text.includes('%'))
            return text;
        return new TextDecoder().decode(Uint8Array.from(function* () {
            const bytes = new TextEncoder().encode(text);
            for (let i = 0; i < bytes.length; i++) {
                const hex = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1], bytes[i + 2]) : '';
                if (/^[0-9a-f]{2}$/i.test(hex)) {
                    yield parseInt(hex, 16);
                    i += 2;
                } else {
                    yield bytes[i];
                }
            }
        }()));
    }

    // ---- hosts ----

    // RFC 3492
    function punycode(label) {
        const points = Array.from(label, (character) => character.codePointAt(0));
        const basic = points.filter((point) => point < 0x80);
        let out = String.fromCodePoint(...basic) + (basic.length > 0 ? '-' : '');
        let n = 128, delta = 0, bias = 72, done = basic.length;
        const digit = (value) => String.fromCharCode(value < 26 ? value + 97 : value + 22);
        const adapt = (value, first) => {
            let k = 0, rest = first ? Math.floor(value / 700) : value >> 1;
            for (rest += Math.floor(rest / (done + 1)); rest > 455; k += 36)
                rest = Math.floor(rest / 35);
            return k + Math.floor(36 * rest / (rest + 38));
        };
        while (done < points.length) {
            const next = Math.min(...points.filter((point) => point >= n));
            delta += (next - n) * (done + 1);
            n = next;
            for (const point of points) {
                if (point < n)
                    delta++;
                if (point !== n)
                    continue;
                let q = delta;
                for (let k = 36; ; k += 36) {
                    const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
                    if (q < t)
                        break;
                    out += digit(t + (q - t) % (36 - t));
                    q = Math.floor((q - t) / (36 - t));
                }
                out += digit(q);
                bias = adapt(delta, done === basic.length);
                delta = 0;
                done++;
            }
            delta++;
            n++;
        }
        return 'xn--' + out;
    }

    function ipv4Number(part) {
        const match = /^(?:0x([0-9a-f]*)|0([0-7]+)|(0|[1-9][0-9]*))$/i.exec(part);
        if (match === null)
            return NaN;
        const [, hexadecimal, octal, decimal] = match;
        return hexadecimal !== undefined ? parseInt(hexadecimal || '0', 16)
            : octal !== undefined ? parseInt(octal, 8) : Number(decimal);
    }

    // undefined when the name is none
    function ipv4(host) {
        const parts = host.split('.');
        if (parts.at(-1) === '' && parts.length > 1)
            parts.pop();
        if (!/^(?:[0-9]+|0x[0-9a-f]*)$/i.test(parts.at(-1)))
            return undefined;
        const numbers = parts.map(ipv4Number), last = numbers.pop();
        if (parts.length > 4 || numbers.some((number) => !(number <= 255)) || !(last < 256 ** (5 - parts.length)))
            return null;
        const value = numbers.reduce((sum, number, i) => sum + number * 256 ** (3 - i), last);
        return [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.');
    }

    function ipv6(text) {
        const dotted = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
        if (dotted !== null) {
            const bytes = dotted.slice(2).map(Number);
            if (bytes.some((byte, i) => byte > 255 || String(byte) !== dotted[i + 2]))
                return null;
            const [high, low] = [bytes[0] * 256 + bytes[1], bytes[2] * 256 + bytes[3]];
            text = `${dotted[1]}${high.toString(16)}:${low.toString(16)}`;
        }
        const halves = text.split('::');
        const read = (half) => (half === '' ? [] : half.split(':'));
        const [head, tail] = [read(halves[0]), read(halves[1] ?? '')];
        const missing = 8 - head.length - tail.length;
        if (halves.length > 2 || (halves.length === 1 ? missing !== 0 : missing < 1) ||
            ![...head, ...tail].every((piece) => /^[0-9a-f]{1,4}$/i.test(piece)))
            return null;
        const pieces = [...head, ...Array(missing).fill('0'), ...tail].map((piece) => parseInt(piece, 16).toString(16));
        let best = { at: -1, size: 1 };
        for (let at = 0; at < 8; at++) {
            let size = 0;
            while (pieces[at + size] === '0')
                size++;
            if (size > best.size)
                best = { at, size };
        }
        if (best.at < 0)
            return `[${pieces.join(':')}]`;
        return `[${pieces.slice(0, best.at).join(':')}::${pieces.slice(best.at + best.size).join(':')}]`;
    }

    // null when it is no host
    function parseHost(text, special) {
        if (text.startsWith('['))
            return text.endsWith(']') ? ipv6(text.slice(1, -1)) : null;
        if (!special)
            return /[\0\t\n\r #/:<>?@[\\\]^|]/.test(text) ? null : encode(text, '');
        const plain = decode(text).toLowerCase().normalize('NFKC').toLowerCase().replace(/\u00ad/g, '');
        const labels = plain.split(/[.\u3002\uff0e\uff61]/);
        const host = labels.map((label) => (/[^\0-\x7f]/.test(label) ? punycode(label) : label)).join('.');
        if (host === '' || /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/.test(host))
            return null;
        const address = ipv4(host);
        return address === undefined ? host : address;
    }

    // ---- the parts of a URL ----

    const isSpecial = (url) => PORTS[url.protocol] !== undefined;

    function setAuthority(url, text) {
        const at = text.lastIndexOf('@');
        if (at >= 0) {
            const [, user, password = ''] = /^([^:]*)(?::([^]*))?$/.exec(text.slice(0, at));
            url.username = encode(user, USER);
            url.password = encode(password, USER);
        }
        const [, host, port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(text.slice(at + 1)) ?? fail(text);
        if ((host === '' && (isSpecial(url) || at >= 0 || port !== '')) || Number(port) > 65535)
            fail(text);
        url.host = host === '' ? '' : parseHost(host, isSpecial(url)) ?? fail(text);
        url.port = port === '' || String(Number(port)) === PORTS[url.protocol] ? '' : String(Number(port));
    }

    function setPath(url, text, before = []) {
        const path = [...before];
        const pieces = (isSpecial(url) ? text.replaceAll('\\', '/') : text).split('/');
        pieces.forEach((piece, i) => {
            const last = i === pieces.length - 1, dots = piece.replace(/%2e/gi, '.');
            if (dots === '..')
                path.pop();
            if (dots === '.' || dots === '..') {
                if (last)
                    path.push('');
            } else {
                path.push(encode(piece, PATH));
            }
        });
        url.path = path;
    }

    // What follows the scheme, up to "?" and "#".
    function readHierarchy(url, text, base) {
        const slash = isSpecial(url) ? /^[/\\]/ : /^\//, slashes = isSpecial(url) ? /^[/\\]{2}/ : /^\/\//;
        const relative = base !== null && base.protocol === url.protocol && !slashes.test(text);
        if (!relative && (slashes.test(text) || (isSpecial(url) && url.protocol !== 'file:'))) {
            const [, authority, path] = (isSpecial(url) ? /^[/\\]*([^/\\]*)([^]*)$/ : /^\/\/([^/]*)([^]*)$/).exec(text);
            if (url.protocol === 'file:') {
                const file = /^[/\\]{2}([^/\\]*)([^]*)$/.exec(text);
                url.host = file[1] === '' || file[1] === 'localhost' ? '' : parseHost(file[1], true) ?? fail(text);
                return setPath(url, file[2].replace(/^[/\\]/, ''));
            }
            setAuthority(url, authority);
            return path === '' && !isSpecial(url) ? undefined : setPath(url, path.replace(slash, ''));
        }
        if (!relative)
            return slash.test(text) || url.protocol === 'file:'
                ? setPath(url, text.replace(slash, '')) : void (url.opaque = encode(text, ''));
        url.host = base.host;
        url.port = base.port;
        url.username = base.username;
        url.password = base.password;
        if (text === '') {
            url.path = [...base.path];
            return undefined;
        }
        return setPath(url, text.replace(slash, ''), slash.test(text) ? [] : base.path.slice(0, -1));
    }

    const newParts = (protocol) => ({
        protocol, username: '', password: '', host: null, port: '', path: [], opaque: null, query: null, fragment: null,
    });

    function parse(input, base) {
        const text = input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '').replace(/[\t\n\r]/g, '');
        const [, scheme, rest] = /^(?:([a-z][a-z0-9+.-]*):)?([^]*)$/i.exec(text);
        const [, hierarchy, query, fragment] = /^([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/.exec(rest);
        if (scheme === undefined && base === null)
            fail(input);
        const url = newParts(scheme === undefined ? base.protocol : scheme.toLowerCase() + ':');
        if (scheme === undefined && base.opaque !== null) {
            if (hierarchy !== '' || query !== undefined || fragment === undefined)
                fail(input);
            Object.assign(url, { opaque: base.opaque, query: base.query });
        } else {
            const related = scheme === undefined || (isSpecial(url) && base?.protocol === url.protocol);
            readHierarchy(url, hierarchy, related ? base : null);
            if (query !== undefined)
                url.query = encode(query, isSpecial(url) ? SPECIAL_QUERY : QUERY);
            else if (hierarchy === '' && scheme === undefined)
                url.query = base.query;
        }
        url.fragment = fragment === undefined ? null : encode(fragment, FRAGMENT);
        return url;
    }

    const hostOf = (url) => (url.host ?? '') + (url.port === '' ? '' : ':' + url.port);
    const pathOf = (url) => url.opaque ?? url.path.map((piece) => '/' + piece).join('');

    function write(url) {
        const secret = url.password === '' ? '' : ':' + url.password;
        const user = url.username + secret === '' ? '' : url.username + secret + '@';
        const authority = url.host === null ? (url.protocol === 'file:' ? '//' : '') : '//' + user + hostOf(url);
        const looksLikeHost = url.opaque === null && url.path.length > 1 && url.path[0] === '';
        const guard = authority === '' && looksLikeHost ? '/.' : '';
        return url.protocol + authority + guard + pathOf(url) + (url.query === null ? '' : '?' + url.query) +
            (url.fragment === null ? '' : '#' + url.fragment);
    }

    // ---- URLSearchParams ----

    const formEncode = (text) => encode(text, "!\"#$%&'()+,/:;<=>?@[\\]^`{|}~").replaceAll(' ', '+');
    const formDecode = (text) => decode(text.replaceAll('+', ' '));

    function readPairs(source) {
        if (source === undefined || source === null)
            return [];
        if (typeof source !== 'object')
            return String(source).replace(/^\?/, '').split('&').filter((pair) => pair !== '').map((pair) => {
                const equals = pair.indexOf('=');
                const parts = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
                return parts.map(formDecode);
            });
        const pairs = typeof source[Symbol.iterator] === 'function' ? [...source] : Object.entries(source);
        return pairs.map((pair) => {
            if ([...pair].length !== 2)
                throw new TypeError('Each query pair must be an iterable [name, value] tuple');
            return [String(pair[0]).toWellFormed(), String(pair[1]).toWellFormed()];
        });
    }

    class URLSearchParams {
        #pairs;
        #changed = () => {};
        constructor(source) {
            this.#pairs = readPairs(source);
        }
        static attach(params, changed) {
            params.#changed = changed;
        }
        static reload(params, query) {
            params.#pairs = readPairs(query ?? '');
        }
        get size() {
            return this.#pairs.length;
        }
        append(name, value) {
            this.#pairs.push([String(name), String(value)]);
            this.#changed(this.toString());
        }
        delete(name, value) {
            this.#pairs = this.#pairs.filter((pair) => pair[0] !== String(name) ||
                (value !== undefined && pair[1] !== String(value)));
            this.#changed(this.toString());
        }
        get(name) {
            return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null;
        }
        getAll(name) {
            return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]);
        }
        has(name, value) {
            return this.getAll(name).some((one) => value === undefined || one === String(value));
        }
        set(name, value) {
            const at = this.#pairs.findIndex((pair) => pair[0] === String(name));
            if (at < 0)
                return this.append(name, value);
            this.#pairs[at][1] = String(value);
            this.#pairs = this.#pairs.filter((pair, i) => i <= at || pair[0] !== String(name));
            return this.#changed(this.toString());
        }
        sort() {
            this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
            this.#changed(this.toString());
        }
        forEach(visit, self) {
            for (const [name, value] of this.#pairs)
                visit.call(self, value, name, this);
        }
        * entries() {
            for (const [name, value] of this.#pairs)
                yield [name, value];
        }
        * keys() {
            for (const [name] of this.#pairs)
                yield name;
        }
        * values() {
            for (const [, value] of this.#pairs)
                yield value;
        }
        [Symbol.iterator]() {
            return this.entries();
        }
        toString() {
            return this.#pairs.map(([name, value]) => formEncode(name) + '=' + formEncode(value)).join('&');
        }
    }
    const { attach, reload } = URLSearchParams;
    delete URLSearchParams.attach;
    delete URLSearchParams.reload;

    // ---- URL ----

    class URL {
        #url;
        #params;
        constructor(input, base) {
            this.#url = parse(String(input), base === undefined ? null : parse(String(base), null));
            this.#params = new URLSearchParams(this.#url.query ?? '');
            attach(this.#params, (query) => { this.#url.query = query === '' ? null : query; });
        }
        static canParse(input, base) {
            return URL.parse(input, base) !== null;
        }
        static parse(input, base) {
            try {
                return new URL(input, base);
            } catch {
                return null;
            }
        }
        // A setter that is given nonsense changes nothing.
        #change(change) {
            const copy = { ...this.#url, path: [...this.#url.path] };
            try {
                change(copy);
                this.#url = copy;
            } catch {
                return;
            }
        }
        get href() {
            return write(this.#url);
        }
        set href(value) {
            this.#url = parse(String(value), null);
            reload(this.#params, this.#url.query);
        }
        get origin() {
            const named = isSpecial(this.#url) && this.protocol !== 'file:';
            return named ? `${this.protocol}//${hostOf(this.#url)}` : 'null';
        }
        get protocol() {
            return this.#url.protocol;
        }
        set protocol(value) {
            const name = /^([a-z][a-z0-9+.-]*)(?::|$)/i.exec(String(value))?.[1].toLowerCase() + ':';
            if (name !== 'undefined:' && (PORTS[name] !== undefined) === isSpecial(this.#url))
                Object.assign(this.#url, { protocol: name, port: this.port === PORTS[name] ? '' : this.port });
        }
        get username() {
            return this.#url.username;
        }
        set username(value) {
            if (this.#url.host)
                this.#url.username = encode(String(value), USER);
        }
        get password() {
            return this.#url.password;
        }
        set password(value) {
            if (this.#url.host)
                this.#url.password = encode(String(value), USER);
        }
        get host() {
            return hostOf(this.#url);
        }
        set host(value) {
            const text = /^[^/\\?#]*/.exec(String(value))[0];
            this.#change((url) => {
                const { port, username, password } = url;
                setAuthority(url, text.slice(text.lastIndexOf('@') + 1));
                Object.assign(url, { username, password, port: /:\d+$/.test(text) ? url.port : port });
            });
        }
        get hostname() {
            return this.#url.host ?? '';
        }
        set hostname(value) {
            const [text, port] = /^(?:\[[^\]]*\]|[^/\\?#:]*)(:?)/.exec(String(value));
            const host = port === '' ? parseHost(text, isSpecial(this.#url)) : null;
            if (host !== null && host !== '' && this.#url.opaque === null)
                this.#url.host = host;
        }
        get port() {
            return this.#url.port;
        }
        set port(value) {
            const digits = /^\d*/.exec(String(value))[0];
            if (!this.#url.host || Number(digits) > 65535 || (digits === '' && String(value) !== ''))
                return;
            const port = digits === '' ? '' : String(Number(digits));
            this.#url.port = port === PORTS[this.protocol] ? '' : port;
        }
        get pathname() {
            return pathOf(this.#url);
        }
        set pathname(value) {
            const text = String(value).replace(isSpecial(this.#url) ? /^[/\\]/ : /^\//, '');
            if (this.#url.opaque === null)
                setPath(this.#url, text.replace(/[?#]/g, encodeURIComponent));
        }
        get search() {
            return this.#url.query ? '?' + this.#url.query : '';
        }
        set search(value) {
            const text = String(value).replace(/^\?/, '');
            this.#url.query = String(value) === '' ? null : encode(text, isSpecial(this.#url) ? SPECIAL_QUERY : QUERY);
            reload(this.#params, this.#url.query);
        }
        get searchParams() {
            return this.#params;
        }
        get hash() {
            return this.#url.fragment ? '#' + this.#url.fragment : '';
        }
        set hash(value) {
            const text = String(value).replace(/^#/, '');
            this.#url.fragment = String(value) === '' ? null : encode(text, FRAGMENT);
        }
        toString() {
            return this.href;
        }
        toJSON() {
            return this.href;
        }
    }

    globalThis.URL = URL;
    globalThis.URLSearchParams = URLSearchParams;
})
