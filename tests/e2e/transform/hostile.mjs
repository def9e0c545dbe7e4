// Code that wants to hurt: [what it does, its code, what its reply's last line or its level is]. Whatever else happens,
// it ends within its limits and the next run of somebody else is right.
const r = String.raw;
const handler = (body) => `addHandler('transform', (request, context) => {${body}\nreturn request; });`;
const TIME = /(ran|took) longer than it may/, MEMORY = /(ran|took) longer than it may|more memory than it may/, LARGE = /(ran|took) longer than it may|larger than it may be/;
const ANY = /[^]*/;

export const HOSTILE = [
  ['an endless loop', handler('while (true);'), TIME],
  ['an endless loop outside of the handler', 'for (;;) {}', TIME],
  ['a loop that catches everything', handler('for (;;) { try { for (;;); } catch {} finally { for (;;); } }'), TIME],
  ['endless promises', 'addHandler("transform", async (request) => { const f = async () => { for (;;) await null; }; await f(); return request; });', TIME],
  ['endless queueMicrotask', handler('const f = () => queueMicrotask(f); f();'), TIME],
  ['a promise that is its own result', 'addHandler("transform", () => { const thenable = { then(resolve) { resolve(thenable); } }; return thenable; });', TIME],
  ['a result with a hostile then', 'addHandler("transform", () => ({ get then() { for (;;); } }));', TIME],
  ['backtracking', handler('/^(a+)+$/.test("a".repeat(60) + "!");'), TIME],
  ['backtracking in replace', handler('"x".repeat(5000).replace(/(x+x+)+y/g, "");'), TIME],
  ['a regular expression of millions of states', handler('new RegExp("(?:a{1000}){1000}".repeat(50)).test("a".repeat(1e6));'), ANY],
  ['a very deep object', handler('let o = {}; for (let i = 0; i < 300000; i++) o = { o }; request.body = o;'), ANY],
  ['a body too deep for others', handler('let o = 1; for (let i = 0; i < 1000; i++) o = [o]; request.body = o;'), /body: /],
  ['arrays without end', handler('const all = []; for (;;) all.push(new Array(1000).fill(1));'), MEMORY],
  ['a string that doubles', handler('let s = "xyz"; for (;;) s += s;'), ANY],
  ['a string of a gigabyte', handler('request.body = "x".repeat(2 ** 30 - 25);'), ANY],
  ['objects without end', handler('const map = new Map(); for (let i = 0; ; i++) map.set({ i }, "v" + i);'), ANY],
  ['the longest array', handler('new Array(2 ** 32 - 1).fill(0);'), ANY],
  ['a buffer of three gigabytes', handler('new ArrayBuffer(3e9);'), ANY],
  ['many buffers', handler('const all = []; for (;;) all.push(new Uint8Array(1e6).fill(7));'), MEMORY],
  ['memory that is caught again and again', handler('for (;;) { try { const a = []; for (;;) a.push(new Uint8Array(1e6)); } catch {} }'), ANY],
  ['deep recursion', handler('const f = () => f() + 1; f();'), /Maximum call stack/],
  ['recursion through toString', handler('const o = { toString() { return `${o}`; } }; `${o}`;'), /Maximum call stack/],
  ['recursion through sort, replace and JSON', handler('const f = () => [2, 1].sort(() => "a".replace(/a/, () => JSON.stringify({ toJSON: f }))); f();'), /Maximum call stack/],
  ['brackets without end for the compiler', 'const x = ' + '['.repeat(100000), ANY],
  ['brackets without end for JSON', handler('JSON.parse("[".repeat(1e6));'), ANY],
  ['a tower of generators', handler('function* g(n) { if (n) yield* g(n - 1); else yield 1; } for (const x of g(1e5));'), ANY],
  ['thirty megabytes of body', handler('request.body = "x".repeat(30e6);'), LARGE],
  ['thirty megabytes of headers', handler('request.headers.big = "x".repeat(30e6);'), LARGE],
  ['a hundred thousand headers', handler('for (let i = 0; i < 1e5; i++) request.headers["x" + i] = "v";'), /at most 128 headers|longer than it may/],
  ['a kilobyte in each of a hundred headers', handler('for (let i = 0; i < 100; i++) request.headers["x" + i] = "v".repeat(1000);'), /at most 32768 bytes/],
  ['a flood of lines', handler('for (;;) console.log("flood");'), TIME],
  ['lines of megabytes', handler('for (let i = 0; i < 20; i++) console.error("x".repeat(5e6));'), ANY],
  ['a BigInt without end', handler('let b = 3n; for (;;) b *= b;'), ANY],
  ['other functions in the place of the language’s', r`
    JSON.stringify = JSON.parse = Object.keys = Array.isArray = Function.prototype.call = Function.prototype.apply = () => { throw 1; };
    Array.prototype[Symbol.iterator] = Array.prototype.push = String.prototype.replace = Promise.prototype.then = null;
    globalThis.Error = globalThis.TypeError = globalThis.Promise = globalThis.String = class {};
    addHandler('transform', (request) => request);`, ANY],
  ['traps on every prototype', r`
    for (const name of ['toJSON', 'headers', 'path', 'query', 'body', 'then', 'message', 'name', 'stack', '0'])
      Object.defineProperty(Object.prototype, name, { get() { for (;;); }, set() { throw name; }, configurable: true });
    addHandler('transform', (request) => ({}));`, ANY],
  ['a proxy as the result', handler('return new Proxy({}, { get() { throw new Error("trap"); }, ownKeys() { for (;;); } });'), ANY],
  ['headers that are a proxy', handler('request.headers = new Proxy({}, { ownKeys: () => Array.from({ length: 1e5 }, (_, i) => "k" + i), getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: "v" }), get: () => "v" });'), ANY],
  ['toJSON that never ends', handler('request.body = { toJSON() { return { toJSON: this.toJSON, a: this }; } };'), ANY],
  ['an error that fights back', handler('throw Object.defineProperty(new Error(), "stack", { get() { for (;;); } });'), TIME],
  ['an error that cannot be written', handler('throw { toString() { throw 1; }, toJSON() { throw 2; }, [Symbol.toPrimitive]() { throw 3; } };'), ANY],
  ['prepareStackTrace', 'Error.stackTraceLimit = 1e9; Error.prepareStackTrace = () => { for (;;); };' + handler('null.x;'), TIME],
  ['a buffer that shrinks while it is read', handler('const b = new ArrayBuffer(8192, { maxByteLength: 1e6 }); const u = new Uint8Array(b); u.set({ length: 8192, get 0() { b.resize(0); return 1; } }); u.sort(() => { b.resize(1e6); return 1; }); crypto.getRandomValues(u); request.body = u.length;'), ANY],
  ['a buffer that is detached while it is hashed', handler('const u = new Uint8Array(1e5); u.buffer.transfer(); crypto.createHash("sha256").update(u).digest("hex");'), ANY],
  ['a comparator that changes what it sorts', handler('const a = Array.from({ length: 1e4 }, (_, i) => i); a.sort(() => { a.length = 0; a.push({}); return Math.random() - 0.5; });'), ANY],
  ['the way out through constructors', handler('const f = console.log.constructor("return globalThis.process")(); request.body = [typeof f.exit, typeof f.binding, typeof f.mainModule, Object.keys(f)];'), ANY],
  ['an import at run time', 'addHandler("transform", async (request) => { request.body = await import("/etc/passwd"); return request; });', ANY],
  ['the functions of the host', handler('const seen = new Set(); const walk = (o, d) => { if (d > 6 || Object(o) !== o || seen.has(o)) return; seen.add(o); for (const k of Reflect.ownKeys(o)) { let v; try { v = o[k]; } catch { continue; } if (typeof v === "function" && ["print", "hmac"].includes(v.name)) throw new Error("found " + k); walk(v, d + 1); } }; walk(globalThis, 0); request.body = seen.size > 100;'), ANY],
  ['hashes of much', handler('const b = new Uint8Array(3e7); for (;;) crypto.createHash("sha512").update(b).digest();'), ANY],
  ['URLs of megabytes', handler('new URL("http://a/" + "../x".repeat(1e6) + "%zz".repeat(1e6));'), ANY],
  ['TextDecoder on megabytes of nonsense', handler('request.body = new TextDecoder().decode(new Uint8Array(5e6).fill(0xff)).length;'), ANY],
  ['registries and weak references', handler('const r = new FinalizationRegistry(() => { for (;;); }); for (let i = 0; i < 1e5; i++) r.register({}, i); '), ANY],
  ['megabytes of code', '/*' + 'x'.repeat(4e6) + '*/' + handler(''), ANY],
];
