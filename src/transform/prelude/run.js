// What stands around a transformation: console, process.env, addHandler, and the steps of a run, which the worker
// asks for by number (worker_engine.c, "enum question"). Gives that function. Runs once, before any foreign code;
// what it needs of the language it takes here, so that foreign code can change everything else for itself only.
(function (host) {
    'use strict';
    const { parse, stringify } = JSON;
    const { keys, hasOwn } = Object;
    const { isArray } = Array;
    const { resolve, prototype: { then } } = Promise;
    const { isFinite } = Number;
    const call = Function.prototype.call.bind.bind(Function.prototype.call);
    const wellFormed = call(String.prototype.toWellFormed);
    const lowerCase = call(String.prototype.toLowerCase);
    const includes = call(String.prototype.includes);
    const replace = call(String.prototype.replace);
    const join = call(Array.prototype.join);
    const onSettled = call(then);
    const PromiseOfNow = Promise, TextOf = String, ErrorOfNow = Error, Uint32 = Uint32Array;

    // In the order of frame.h.
    const DONE = 2, THREW = 3, BAD_RESULT = 6;
    const NONE = 0, TEXT = 1, JSON_BODY = 2;
    const LEVELS = { debug: 0, log: 1, info: 2, warn: 3, error: 4 };

    // ---- what is printed ----

    function describe(error) {
        if (!(error instanceof ErrorOfNow))
            return 'thrown: ' + show(error);
        const title = error.message ? error.name + ': ' + error.message + host.hint(error) : TextOf(error.name);
        const lines = typeof error.stack === 'string' ? error.stack : '';
        const stack = replace(lines, /^.*[(<]<(?:run|web|url|crypto|absent)>.*$\n?/gm, ''); // not of the prelude
        return replace(title + '\n' + stack, /\s+$/, '');
    }

    function show(value) {
        if (typeof value === 'string')
            return value;
        if (value instanceof ErrorOfNow)
            return describe(value);
        if (typeof value === 'function')
            return '[Function: ' + (value.name || 'anonymous') + ']';
        if (typeof value !== 'object' || value === null)
            return TextOf(value);
        try {
            return stringify(value, (name, part) => (typeof part === 'bigint' ? part + 'n' : part)) ?? TextOf(value);
        } catch {
            return TextOf(value);
        }
    }

    function printer(level) {
        return (...values) => {
            let line = '';
            for (let i = 0; i < values.length; i++)
                line += (i > 0 ? ' ' : '') + show(values[i]);
            host.print(level, wellFormed(line));
        };
    }

    const console = globalThis.console = {};
    for (const name of keys(LEVELS))
        console[name] = printer(LEVELS[name]);
    console.dir = console.table = console.log;
    console.trace = console.debug;
    console.assert = (holds, ...values) => holds || console.error('Assertion failed', ...values);

    // ---- chance ----

    // The state comes from outside for each run: a copy of the memory would give every run the same numbers.
    let chance;
    Math.random = () => {
        chance ??= new Uint32(host.random(16));
        const sum = (chance[0] + chance[1] + chance[3]++) >>> 0;
        chance[0] = chance[1] ^ (chance[1] >>> 9);
        chance[1] = chance[2] + (chance[2] << 3);
        chance[2] = ((chance[2] << 21) | (chance[2] >>> 11)) + sum;
        return sum / 4294967296 + ((chance[0] >>> 11) / 9007199254740992);
    };

    // ---- the handler ----

    let handler, context, sent, outcome, kind, head, body, typed;

    globalThis.process = { env: {} };
    globalThis.addHandler = function addHandler(name, handle) {
        if (name !== 'transform')
            throw new TypeError(`addHandler: there is no event "${name}", only "transform"`);
        if (typeof handle !== 'function')
            throw new TypeError('addHandler: the handler must be a function');
        handler = handle;
    };

    function settle(state, text) {
        outcome = state;
        kind = NONE;
        head = wellFormed(text);
        body = '';
    }

    const threw = error => settle(THREW, describe(error));
    const refuse = sentence => settle(BAD_RESULT, sentence);
    const NAMES = { __proto__: null, undefined: 'undefined', object: 'an object' };
    const nameOf = value => (value === null ? 'null' : isArray(value) ? 'an array' : NAMES[typeof value] ?? 'a ' + typeof value);

    // JSON holds what is no character as an escape, which other readers refuse.
    function write(value) {
        const text = stringify(value);
        if (text === undefined || !includes(text, '\\ud'))
            return text;
        return replace(text, /\\(?:ud[89a-f][0-9a-f]{2}|.)/g, part => (part.length > 2 ? '\ufffd' : part));
    }

    function headersOf(result) {
        const headers = {};
        typed = false;
        if (typeof result.headers !== 'object' || result.headers === null || isArray(result.headers))
            throw new TypeError(`headers must be an object of strings, not ${nameOf(result.headers)}`);
        for (const name of keys(result.headers)) {
            const value = result.headers[name];
            if (typeof value !== 'string' && typeof value !== 'boolean' && !isFinite(value))
                throw new TypeError(`the header ${name} must be a string, not ${nameOf(value)}`);
            headers[name] = wellFormed(TextOf(value));
            typed ||= isType(name, headers[name]);
        }
        return headers;
    }

    const isType = (name, value) => lowerCase(name) === 'content-type' && value !== '';

    // Did the request come with a body of which its sender did not say what it is? Then that need not be said later.
    function isUntyped(request, text) {
        for (const name of keys(request.headers))
            if (isType(name, request.headers[name]))
                return false;
        return text !== '';
    }

    function textOf(result, name) {
        const value = result[name];
        if (value === undefined || value === null)
            return sent[name];
        if (typeof value !== 'string')
            throw new TypeError(`${name} must be a string, not ${nameOf(value)}`);
        return wellFormed(value);
    }

    function setBody(value) {
        if (value === undefined || value === null)
            return;
        kind = typeof value === 'string' ? TEXT : JSON_BODY;
        body = kind === TEXT ? wellFormed(value) : write(value);
        if (body === undefined)
            throw new TypeError(`body must be JSON, not ${nameOf(value)}`);
    }

    function finish(result) {
        try {
            if (result === undefined || result === null)
                return refuse(`the handler returned ${result}: it must return the request`);
            if (typeof result !== 'object' || isArray(result))
                return refuse(`the handler must return an object with headers and body, not ${nameOf(result)}`);
            settle(DONE, '');
            head = write({ headers: headersOf(result), path: textOf(result, 'path'), query: textOf(result, 'query') });
            setBody(result.body);
            if (body !== '' && !typed && !sent.untyped)
                throw new TypeError('headers must include content-type');
        } catch (error) {
            refuse(error instanceof ErrorOfNow ? error.message : describe(error));
        }
    }

    function run(headText, bodyKind, bodyText) {
        refuse('the promise of the handler never settled: there are no timers and no network that it could wait for');
        if (handler === undefined)
            return refuse('the code has no handler: it must call addHandler("transform", (request, context) => ...)');
        const request = parse(headText);
        sent = { path: request.path, query: request.query, untyped: isUntyped(request, bodyText) };
        request.body = bodyKind === JSON_BODY ? parse(bodyText) : bodyText;
        try {
            const result = handler(request, context);
            if (typeof result === 'object' && result !== null && typeof result.then === 'function')
                onSettled(call(resolve)(PromiseOfNow, result), finish, threw);
            else
                finish(result);
        } catch (error) {
            threw(error);
        }
    }

    const answers = [
        (env, contextText) => { process.env = parse(env); context = parse(contextText); },
        run,
        () => TextOf(outcome) + TextOf(kind),
        () => head,
        () => body,
        describe,
    ];
    return (question, ...values) => answers[question](...values);
})
