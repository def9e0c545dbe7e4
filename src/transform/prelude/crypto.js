// crypto: random values, hashes and HMACs, in the form of the web (crypto.subtle) and in that of Node (createHash).
(function (host) {
    'use strict';
    const HASHES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
    const INTEGERS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
        BigInt64Array, BigUint64Array];
    const PIECE = 256, RANDOM_MOST = 65536;

    function hashName(name) {
        const given = String(name?.name ?? name), short = given.toLowerCase().replace('-', '');
        if (!HASHES.includes(short))
            throw new TypeError(`crypto: there is no hash ${given}, only ${HASHES.join(', ')}`);
        return short;
    }

    const bytesOf = (value, encoding) => {
        if (typeof value !== 'string')
            return host.bytesOf(value, 'what is hashed');
        if (encoding === 'hex')
            return Uint8Array.fromHex(value).buffer;
        if (encoding === 'base64')
            return Uint8Array.fromBase64(value).buffer;
        return host.encode(value.toWellFormed());
    };

    function write(buffer, encoding) {
        const bytes = new Uint8Array(buffer);
        if (encoding === undefined || encoding === 'buffer')
            return bytes;
        if (encoding === 'hex')
            return bytes.toHex();
        if (encoding === 'base64')
            return bytes.toBase64();
        if (encoding === 'base64url')
            return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
        throw new TypeError(`crypto: there is no encoding ${encoding}, only hex, base64 and base64url`);
    }

    // ---- random values ----

    function fill(bytes) {
        for (let at = 0; at < bytes.length; at += PIECE)
            bytes.set(new Uint8Array(host.random(Math.min(PIECE, bytes.length - at))), at);
        return bytes;
    }

    function getRandomValues(array) {
        if (!INTEGERS.some((type) => array instanceof type))
            throw new DOMException('getRandomValues fills arrays of integers', 'TypeMismatchError');
        if (array.byteLength > RANDOM_MOST)
            throw new DOMException(`getRandomValues fills at most ${RANDOM_MOST} bytes`, 'QuotaExceededError');
        fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
        return array;
    }

    function randomUUID() {
        const bytes = fill(new Uint8Array(16));
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    }

    // ---- as Node has it ----

    function joined(pieces) {
        const out = new Uint8Array(pieces.reduce((size, piece) => size + piece.byteLength, 0));
        let at = 0;
        for (const piece of pieces) {
            out.set(new Uint8Array(piece), at);
            at += piece.byteLength;
        }
        return out.buffer;
    }

    function hasher(finish) {
        const pieces = [];
        return {
            update(data, encoding) {
                pieces.push(bytesOf(data, encoding));
                return this;
            },
            digest: (encoding) => write(finish(joined(pieces)), encoding),
        };
    }

    function createHash(name) {
        const hash = hashName(name);
        return hasher((data) => host.digest(hash, data));
    }

    function createHmac(name, key) {
        const hash = hashName(name), secret = bytesOf(key);
        return hasher((data) => host.hmac(hash, secret, data));
    }

    function timingSafeEqual(one, other) {
        const a = new Uint8Array(host.bytesOf(one, 'what is compared'));
        const b = new Uint8Array(host.bytesOf(other, 'what is compared'));
        if (a.length !== b.length)
            throw new RangeError('Input buffers must have the same byte length');
        let difference = 0;
        for (let i = 0; i < a.length; i++)
            difference |= a[i] ^ b[i];
        return difference === 0;
    }

    // ---- as the web has it ----

    const keys = new WeakMap();
    const isHmac = (algorithm) => String(algorithm?.name ?? algorithm).toUpperCase() === 'HMAC';

    function keyOf(algorithm, key) {
        if (!isHmac(algorithm) || !keys.has(key))
            throw new DOMException('crypto.subtle signs with imported HMAC keys only', 'NotSupportedError');
        return keys.get(key);
    }

    const subtle = {
        async digest(algorithm, data) {
            return host.digest(hashName(algorithm), host.bytesOf(data, 'what is hashed'));
        },
        async importKey(format, data, algorithm, extractable, usages) {
            if (format !== 'raw' || !isHmac(algorithm))
                throw new DOMException('crypto.subtle imports raw HMAC keys only', 'NotSupportedError');
            const key = { type: 'secret', algorithm, extractable, usages };
            keys.set(key, { hash: hashName(algorithm.hash), secret: host.bytesOf(data, 'a key').slice(0) });
            return key;
        },
        async sign(algorithm, key, data) {
            const { hash, secret } = keyOf(algorithm, key);
            return host.hmac(hash, secret, host.bytesOf(data, 'what is signed'));
        },
        async verify(algorithm, key, signature, data) {
            const { hash, secret } = keyOf(algorithm, key);
            const right = host.hmac(hash, secret, host.bytesOf(data, 'what is signed'));
            const given = host.bytesOf(signature, 'a signature');
            return given.byteLength === right.byteLength && timingSafeEqual(given, right);
        },
    };

    globalThis.crypto = {
        getRandomValues, randomUUID, subtle, createHash, createHmac, timingSafeEqual,
        randomBytes: (size) => fill(new Uint8Array(size)),
    };
})
