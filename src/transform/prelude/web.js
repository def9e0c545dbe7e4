// What browsers and Node have beside the language, and transformations use: TextEncoder, TextDecoder, structuredClone.
// (URL and URLSearchParams: url.js. atob, btoa, queueMicrotask and performance come with the engine.)
(function (host) {
    'use strict';

    // A copy of the bytes of an ArrayBuffer or of a view on one, as an ArrayBuffer.
    host.bytesOf = (value, what) => {
        if (value instanceof ArrayBuffer)
            return value;
        if (ArrayBuffer.isView(value))
            return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
        throw new TypeError(`${what} must be an ArrayBuffer or a view on one`);
    };

    globalThis.TextEncoder = class TextEncoder {
        get encoding() {
            return 'utf-8';
        }
        encode(text = '') {
            return new Uint8Array(host.encode(String(text).toWellFormed()));
        }
        encodeInto(text, into) {
            let read = 0, written = 0;
            for (const character of String(text)) {
                const bytes = this.encode(character);
                if (written + bytes.length > into.length)
                    break;
                into.set(bytes, written);
                written += bytes.length;
                read += character.length;
            }
            return { read, written };
        }
    };

    // How many bytes a well-formed character takes at `at`; 0 when there is none, with the bytes to skip in `skip`.
    let skip;
    function characterSize(bytes, at) {
        const first = bytes[at];
        skip = 1;
        if (first < 0x80)
            return 1;
        const size = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
        const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
        for (; skip < size; skip++) {
            const next = bytes[at + skip];
            if (!(next >= (skip === 1 ? least : 0x80) && next <= (skip === 1 ? most : 0xbf)))
                return 0;
        }
        return size;
    }

    function repair(bytes, fatal) {
        const out = [];
        for (let at = 0; at < bytes.length;) {
            const size = characterSize(bytes, at);
            if (size === 0 && fatal)
                throw new TypeError('TextDecoder: the bytes are not UTF-8');
            if (size === 0)
                out.push(0xef, 0xbf, 0xbd);
            for (let i = 0; i < size; i++)
                out.push(bytes[at + i]);
            at += size || skip;
        }
        return new Uint8Array(out);
    }

    function isWellFormed(bytes) {
        for (let at = 0; at < bytes.length;) {
            const size = bytes[at] < 0x80 ? 1 : characterSize(bytes, at);
            if (size === 0)
                return false;
            at += size;
        }
        return true;
    }

    const LATIN = ['latin1', 'iso-8859-1', 'ascii', 'us-ascii', 'windows-1252'];
    globalThis.TextDecoder = class TextDecoder {
        #latin;
        #fatal;
        #keepMark;
        constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
            const name = String(label).trim().toLowerCase();
            this.#latin = LATIN.includes(name);
            if (!this.#latin && name !== 'utf-8' && name !== 'utf8')
                throw new RangeError(`TextDecoder: the encoding ${label} is not known here, only utf-8 and latin1`);
            this.#fatal = Boolean(fatal);
            this.#keepMark = Boolean(ignoreBOM);
        }
        get encoding() {
            return this.#latin ? 'windows-1252' : 'utf-8';
        }
        get fatal() {
            return this.#fatal;
        }
        get ignoreBOM() {
            return this.#keepMark;
        }
        decode(data = new ArrayBuffer(0), { stream = false } = {}) {
            if (stream)
                throw new TypeError('TextDecoder: there are no streams here');
            let bytes = new Uint8Array(host.bytesOf(data, 'what TextDecoder decodes'));
            if (this.#latin)
                return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
            if (!this.#keepMark && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
                bytes = bytes.slice(3);
            if (!isWellFormed(bytes))
                bytes = repair(bytes, this.#fatal);
            return host.decode(host.bytesOf(bytes));
        }
    };

    // ---- structuredClone ----

    const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
    const refuse = (value) => {
        throw new DOMException(`${String(value)} could not be cloned.`, 'DataCloneError');
    };

    function cloneBuffer(value, seen) {
        if (value instanceof ArrayBuffer)
            return value.slice(0);
        const buffer = cloneInto(value.buffer, seen);
        return value instanceof DataView ? new DataView(buffer, value.byteOffset, value.byteLength)
            : new value.constructor(buffer, value.byteOffset, value.length);
    }

    function cloneError(value) {
        const error = new (ERRORS[value.name] ?? Error)(value.message);
        if ('cause' in value)
            error.cause = value.cause;
        return error;
    }

    function cloneMembers(from, to, seen) {
        for (const key of Object.keys(from))
            to[key] = cloneInto(from[key], seen);
        return to;
    }

    function cloneInto(value, seen) {
        if (typeof value === 'function' || typeof value === 'symbol')
            refuse(value);
        if (typeof value !== 'object' || value === null)
            return value;
        if (seen.has(value))
            return seen.get(value);
        const keep = (copy) => (seen.set(value, copy), copy);
        if (Array.isArray(value))
            return cloneMembers(value, keep(new Array(value.length)), seen);
        if (value instanceof Date)
            return keep(new Date(value.getTime()));
        if (value instanceof RegExp)
            return keep(new RegExp(value.source, value.flags));
        if (value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt)
            return keep(Object(value.valueOf()));
        if (value instanceof ArrayBuffer || ArrayBuffer.isView(value))
            return keep(cloneBuffer(value, seen));
        if (value instanceof Error)
            return keep(cloneError(value));
        if ([Promise, WeakMap, WeakSet, WeakRef].some((type) => value instanceof type))
            refuse(value);
        if (value instanceof Map) {
            const copy = keep(new Map());
            for (const [key, item] of [...value])
                copy.set(cloneInto(key, seen), cloneInto(item, seen));
            return copy;
        }
        if (value instanceof Set) {
            const copy = keep(new Set());
            for (const item of [...value])
                copy.add(cloneInto(item, seen));
            return copy;
        }
        return cloneMembers(value, keep({}), seen);
    }

    globalThis.structuredClone = function structuredClone(value) {
        return cloneInto(value, new Map());
    };
})
