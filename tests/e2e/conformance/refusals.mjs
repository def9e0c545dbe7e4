// What must be refused of one operation, derived from its description and a call that is good: the good call with one thing
// wrong, the status of the answer, and what its `data` must name.
import { spell } from '../description.mjs';

const OF_TYPE = { string: 'x', integer: 1, number: 1.5, boolean: true, array: [], object: {}, null: null };
const clone = (value) => structuredClone(value);

export const fill = (path, ids = []) => {
  const rest = [...ids];
  return path.replace(/\{[^}]*\}/g, () => encodeURIComponent(rest.shift()));
};
export const queryText = (query = {}) => {
  const text = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))).toString();
  return text && `?${text}`;
};

// ---- bodies ----

function typesOf(schema) {
  const forms = schema.anyOf ?? [schema], types = forms.map(({ type }) => type);
  if (types.includes('number')) types.push('integer');
  return forms.some(({ nullable }) => nullable) ? [...types, 'null'] : types;
}

// Values that a place of the schema must not take.
function* wrongValues(schema) {
  const types = typesOf(schema);
  if (types.includes(undefined)) return; // any
  for (const [type, value] of Object.entries(OF_TYPE)) if (!types.includes(type)) yield value;
  if (schema.maxLength) yield 'x'.repeat(schema.maxLength + 1);
  if (schema.minLength) yield '';
  if (schema.pattern) yield 'no name!';
  if (schema.enum) yield 'NO_SUCH_VALUE';
  if (schema.minimum !== undefined) yield schema.minimum - 1;
  if (schema.maximum !== undefined && Number.isSafeInteger(schema.maximum)) yield schema.maximum + 1;
}

// The body with a value in one place, which is made if need be.
function withValue(body, at, value) {
  const copy = clone(body ?? {});
  let place = copy;
  at.slice(0, -1).forEach((key, i) => {
    if (place[key] === null || typeof place[key] !== 'object') place[key] = typeof at[i + 1] === 'number' ? [] : {};
    place = place[key];
  });
  place[at.at(-1)] = value;
  return copy;
}

function without(body, at) {
  const copy = withValue(body, at, undefined);
  return JSON.parse(JSON.stringify(copy));
}

// [body, what `data` must name]
function* wrongBodies(schema, body, at = []) {
  if (at.length > 0) for (const value of wrongValues(schema)) yield [withValue(body, at, value), spell(at)];
  if (schema.properties) {
    for (const [name, inner] of Object.entries(schema.properties)) yield* wrongBodies(inner, body, [...at, name]);
    for (const name of schema.required ?? []) yield [without(body, [...at, name]), spell([...at, name])];
    yield [withValue(body, [...at, 'no_such_field'], 1), spell([...at, 'no_such_field'])];
  }
  if (schema.items && Object.keys(schema.items).length > 0) yield* wrongBodies(schema.items, body, [...at, 0]);
}

// ---- parameters ----

const FILTERS = ['headers', 'body', 'parsed_query']; // JSON

function* wrongTexts(schema) {
  if (schema.type === 'boolean' || schema.format === 'date-time' || schema.enum) yield 'no-such-value';
  if (schema.type === 'integer') {
    yield 'x';
    if (schema.minimum !== undefined) yield String(schema.minimum - 1);
    if (schema.maximum !== undefined && Number.isSafeInteger(schema.maximum)) yield String(schema.maximum + 1);
  }
  if (schema.maxLength) yield 'x'.repeat(schema.maxLength + 1);
  if (schema.minLength > 1) yield 'x';
}

// Nested ones are spelled with brackets and named with dots.
function* wrongForms(schema, spelled, named) {
  if (schema.type === 'object' && schema.properties) {
    for (const [name, inner] of Object.entries(schema.properties)) yield* wrongForms(inner, `${spelled}[${name}]`, `${named}.${name}`);
    for (const name of schema.required ?? []) yield [{ [`${spelled}[${name}]`]: undefined }, named];
    yield [{ [`${spelled}[no_such]`]: '1' }, `${named}.no_such`];
  } else if (schema.type === 'array') {
    for (const text of wrongTexts(schema.items)) yield [{ [`${spelled}[]`]: text }, named];
  } else {
    for (const text of wrongTexts(schema)) yield [{ [spelled]: text }, named];
  }
}

// [query, what `data` must name]
function* wrongQueries(operation, query) {
  const all = Object.entries(query ?? {});
  const without = (name) => Object.fromEntries(all.filter(([key]) => key !== name && !key.startsWith(`${name}[`)));
  const withOnes = (ones) => Object.fromEntries(Object.entries({ ...query, ...ones }).filter(([, value]) => value !== undefined));
  for (const { in: place, name, required, schema } of operation.parameters) {
    if (place !== 'query') continue;
    if (required) yield [without(name), name];
    if (FILTERS.includes(name)) yield* ['{"a":', '{"$no_such":1}'].map((text) => [withOnes({ [name]: text }), name]);
    for (const [wrong, named] of wrongForms(schema.anyOf?.[0] ?? schema, name, name)) yield [withOnes(wrong), named];
    if (schema.anyOf?.some(({ type }) => type === 'object')) yield [{ ...without(name), [`${name}[no_such]`]: '1' }, name];
  }
  yield [{ ...query, no_such: '1' }, 'no_such'];
}

// ---- all of one operation ----

// One of the kind that there is none of, as far as its form tells.
const unknownOf = (id) => (/^[a-z]+_/.test(id) ? id.replace(/^([a-z]+_).*/, '$100000000001') : 'no-such-id');

export function* refusalsOf({ path, method, operation }, { ids = [], query, body }) {
  const at = fill(path, ids) + queryText(query), json = body === undefined ? undefined : JSON.stringify(body);
  const schema = operation.requestBody?.content['application/json'].schema;
  if (!operation.security) {
    for (const authorization of [null, 'Bearer wrong', 'Basic eDo=', 'Nonsense'])
      yield { method, path: at, body: json, headers: { authorization }, status: 401 };
  }
  for (let i = 0; i < ids.length; i++) {
    for (const id of [unknownOf(ids[i]), 'x'])
      yield { method, path: fill(path, ids.map((own, at) => (at === i ? id : own))) + queryText(query), body: json, status: 404 };
  }
  for (const [wrong, names] of wrongQueries(operation, query))
    yield { method, path: fill(path, ids) + queryText(wrong), body: json, status: 422, names };
  if (!schema) return;
  for (const text of ['{"a":', 'nonsense', '{"a":1,}']) yield { method, path: at, body: text, status: 400 };
  yield { method, path: at, body: '[]', status: 422 };
  for (const [wrong, names] of wrongBodies(schema, body)) yield { method, path: at, body: JSON.stringify(wrong), status: 422, names };
}

// ---- what must be taken ----

function goodText(schema) {
  if (schema.enum) return schema.enum[0];
  if (schema.format === 'date-time') return '2026-01-01T00:00:00.000Z';
  if (schema.type === 'boolean') return 'true';
  if (schema.type === 'integer') return String(Math.max(schema.minimum ?? 1, 1));
  return 'x'.repeat(Math.max(schema.minLength ?? 1, 1));
}

// The good call with each of the described parameters, one at a time. Cursors come from a page, and nested ones are for their
// noun's own test.
export function* goodQueries({ operation }, query) {
  const apart = ['next', 'prev'];
  for (const { in: place, name, schema, style } of operation.parameters) {
    if (place !== 'query' || apart.includes(name) || style || schema.type === 'array' || query?.[name] !== undefined) continue;
    yield { ...query, [name]: FILTERS.includes(name) ? '{"a":1}' : goodText(schema.anyOf?.[0] ?? schema) };
  }
}
