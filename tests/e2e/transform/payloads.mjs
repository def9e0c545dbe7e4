// Requests as providers send them, shortened.
const json = (body, headers = {}, rest = {}) => ({
  headers: { 'content-type': 'application/json', host: 'gate.test', 'user-agent': 'sender/1', ...headers },
  body, path: '/', query: '', ...rest,
});

export const stripe = json({
  id: 'evt_1', object: 'event', type: 'invoice.payment_succeeded', created: 1700000000, livemode: false,
  data: { object: {
    id: 'in_1', amount_paid: 2599, currency: 'usd', customer: 'cus_1', customer_email: 'Ann@Example.com',
    lines: { data: [
      { id: 'il_1', amount: 1999, description: 'Plan — gold', quantity: 1, period: { start: 1700000000, end: 1702592000 } },
      { id: 'il_2', amount: 600, description: null, quantity: 3, period: { start: 1700000000, end: 1700086400 } },
    ] },
    metadata: { plan: 'gold', seats: '5' },
  } },
}, { 'stripe-signature': 't=1700000000,v1=abc,v0=def' });

export const github = json({
  ref: 'refs/heads/feature/été', before: '0'.repeat(40), after: 'a'.repeat(40), forced: false,
  repository: { full_name: 'octo/hello', private: true, topics: ['a', 'b'], owner: { login: 'octo', id: 1 } },
  pusher: { name: 'ann', email: 'ann@example.com' },
  commits: [
    { id: 'a1', message: 'Fix: naïve parsing\n\nCloses #12, closes #13', added: ['x.js'], removed: [], modified: ['y.js', 'z.md'], timestamp: '2026-11-20T10:00:00+02:00' },
    { id: 'a2', message: 'docs: readme 📘', added: [], removed: ['old.md'], modified: ['y.js'], timestamp: '2026-11-20T12:30:00Z' },
  ],
}, { 'x-github-event': 'push', 'x-github-delivery': 'd-1', 'x-hub-signature-256': 'sha256=00' });

export const shopify = json({
  id: 820982911946154500, email: 'jon@example.com', total_price: '403.00', currency: 'EUR', tags: 'vip, wholesale , ',
  line_items: [
    { sku: 'IPOD-1', price: '199.00', quantity: 1, grams: 567, properties: [{ name: 'colour', value: 'red' }] },
    { sku: 'IPOD-2', price: '102.00', quantity: 2, grams: 0, properties: [] },
  ],
  customer: { first_name: 'Jon', last_name: 'Ó Snow', phone: null, addresses: [{ zip: '75001', default: true }] },
  note_attributes: [{ name: 'gift', value: 'yes' }], discount_codes: [],
}, { 'x-shopify-topic': 'orders/create', 'x-shopify-shop-domain': 'shop.example' });

export const form = {
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'From=%2B4912345&Body=Hello+w%C3%B6rld%21&NumMedia=0&tag=a&tag=b', path: '/sms', query: 'token=t%201&v=2',
};

export const xml = {
  headers: { 'content-type': 'text/xml; charset=utf-8' },
  body: '<?xml version="1.0"?>\n<order id="7" state="paid">\n  <item sku="a1" qty="2">Tea &amp; milk</item>\n  <item sku="b2" qty="1">Cake</item>\n  <total currency="EUR">12.50</total>\n</order>\n',
  path: '/xml', query: '',
};

export const text = { headers: { 'content-type': 'text/plain' }, body: 'line one\nline two\n\nlast, with "quotes"', path: '/t/ext', query: 'a=1&b=2&a=3' };

export const numbers = json({ n: [0, -0, 1, -1.5, 1e21, 1e-7, 9007199254740991, 0.1, 123456789.125], s: '\u2028 é 漢字 😀 \u0001 " \\', t: true, f: false, z: null, deep: [[[[{ a: [] }]]]] }, {}, { query: 'x=1&y=%C3%A4&y=2', path: '/a/b' });
