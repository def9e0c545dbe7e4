// What transformations do not have, in words: the hint that follows "... is not defined". Nothing is put in place of
// it, so that code which looks before it calls finds that it is not there. What the language leaves to a table of
// locales does as English would, without options, and refuses what it would get wrong.
(function (host) {
    'use strict';
    const NO_NETWORK = 'transformations have no network';
    const NO_TIMERS = 'transformations have no timers: they run once, for at most a second';
    const NO_MODULES = 'transformations have no modules: bundle what the code needs into it';
    const NO_PAGE = 'transformations run in no browser';
    const NO_INTL = 'transformations have no tables of locales: format by hand';
    const HINTS = {
        __proto__: null,
        fetch: NO_NETWORK, XMLHttpRequest: NO_NETWORK, WebSocket: NO_NETWORK, EventSource: NO_NETWORK,
        Request: NO_NETWORK, Response: NO_NETWORK, Headers: 'headers are a plain object here',
        setTimeout: NO_TIMERS, setInterval: NO_TIMERS, setImmediate: NO_TIMERS, clearTimeout: NO_TIMERS,
        clearInterval: NO_TIMERS, AbortController: NO_TIMERS, AbortSignal: NO_TIMERS,
        require: NO_MODULES, module: NO_MODULES, exports: NO_MODULES, __dirname: NO_MODULES, __filename: NO_MODULES,
        window: NO_PAGE, document: NO_PAGE, navigator: NO_PAGE, localStorage: NO_PAGE, self: NO_PAGE,
        global: 'the global object is globalThis',
        Intl: NO_INTL,
        Buffer: 'use TextEncoder, TextDecoder, atob, btoa and Uint8Array, which has fromBase64 and toHex',
        Blob: 'use Uint8Array', FormData: 'use URLSearchParams', WebAssembly: 'transformations are JavaScript only',
        Atomics: 'transformations have one thread',
    };
    const exec = Function.prototype.call.bind(RegExp.prototype.exec);

    host.hint = (error) => {
        const named = error instanceof ReferenceError ? exec(/^'?(\w+)'? is not defined$/, error.message) : null;
        return named !== null && HINTS[named[1]] !== undefined ? ` (${HINTS[named[1]]})` : '';
    };

    // ---- as English would ----

    const two = (number) => (number < 10 ? '0' : '') + number;

    function checkLocale(method, locales, options, known) {
        const list = locales === undefined ? [] : [].concat(locales);
        for (const locale of list)
            if (locale !== 'en-US' && locale !== 'en')
                throw new TypeError(`${method} knows no locale ${locale}: ${NO_INTL}`);
        for (const name of Object.keys(options ?? {}))
            if (!known.includes(name))
                throw new TypeError(`${method} knows no option ${name}: ${NO_INTL}`);
    }

    function define(prototype, name, method) {
        Object.defineProperty(prototype, name, { value: method, writable: true, configurable: true });
    }

    define(Number.prototype, 'toLocaleString', function toLocaleString(locales, options) {
        checkLocale('toLocaleString', locales, options, ['minimumFractionDigits', 'maximumFractionDigits']);
        const number = Number(this), least = options?.minimumFractionDigits ?? 0;
        const most = options?.maximumFractionDigits ?? Math.max(least, 3);
        if (!Number.isFinite(number))
            return Number.isNaN(number) ? 'NaN' : number < 0 ? '-\u221e' : '\u221e';
        if (Math.abs(number) >= 1e21)
            throw new TypeError(`toLocaleString cannot write so large a number: ${NO_INTL}`);
        let [whole, part = ''] = number.toFixed(most).split('.');
        while (part.length > least && part.endsWith('0'))
            part = part.slice(0, -1);
        whole = whole.replace(/\B(?=(\d{3})+$)/g, ',');
        return part ? `${whole}.${part}` : whole;
    });

    const dateText = (date) => `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`;
    function timeText(date) {
        const hours = date.getUTCHours(), half = hours < 12 ? 'AM' : 'PM';
        return `${hours % 12 || 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${half}`;
    }
    const forms = {
        toLocaleDateString: dateText,
        toLocaleTimeString: timeText,
        toLocaleString: (date) => `${dateText(date)}, ${timeText(date)}`,
    };
    for (const name of Object.keys(forms)) {
        define(Date.prototype, name, { [name](locales, options) {
            checkLocale(name, locales, options?.timeZone === 'UTC' ? { ...options, timeZone: undefined } : options,
                options?.timeZone === 'UTC' ? ['timeZone'] : []);
            return Number.isNaN(this.getTime()) ? 'Invalid Date' : forms[name](this);
        } }[name]);
    }
})
