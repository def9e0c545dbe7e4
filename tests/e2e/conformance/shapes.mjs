// The API's reply shapes as facts (api_shapes.json), made into checks. They are kept apart from the gateway's own tables, so
// that a shape that is wrong there is found.
//
// A shape is an object of members ("name?": may be left out; "...": the members of another shape), a list of the texts that
// are allowed, or a type: string, integer, number, boolean, object, any, moment (RFC 3339), [TYPE], another shape's name,
// A|B; "?" behind it: or null. Further members are always allowed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';

const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const SHAPES = JSON.parse(read('api_shapes.json'));
const BASIC = {
  string: { type: 'string' }, integer: { type: 'integer' }, number: { type: 'number' }, boolean: { type: 'boolean' },
  object: { type: 'object' }, any: {}, moment: { type: 'string', format: 'date-time' },
};
const definition = (name) => `#/definitions/${name}`;

function typeSchema(type) {
  if (type.endsWith('?')) return { anyOf: [{ type: 'null' }, typeSchema(type.slice(0, -1))] };
  if (type.includes('|')) return { anyOf: type.split('|').map(typeSchema) };
  if (type.startsWith('[')) return { type: 'array', items: typeSchema(type.slice(1, -1)) };
  if (BASIC[type]) return BASIC[type];
  assert.ok(SHAPES[type], `api_shapes.json has no ${type}`);
  return { $ref: definition(type) };
}

function shapeSchema(shape) {
  if (typeof shape === 'string') return typeSchema(shape);
  if (Array.isArray(shape)) return { enum: shape };
  const { '...': base, ...members } = shape;
  const schema = {
    type: 'object', required: Object.keys(members).filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(Object.entries(members).map(([name, inner]) => [name.replace(/\?$/, ''), shapeSchema(inner)])),
  };
  return base ? { allOf: [typeSchema(base), schema] } : schema;
}

const page = (model) => ({
  type: 'object', required: ['pagination', 'count', 'models'],
  properties: { pagination: typeSchema('SeekPagination'), count: BASIC.integer, models: { type: 'array', items: typeSchema(model) } },
});

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const definitions = Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [name, shapeSchema(shape)]));
const checks = new Map();

function checkOf(key, schema) {
  if (!checks.has(key)) checks.set(key, ajv.compile(schema));
  return checks.get(key);
}

function assertFits(check, value, what) {
  const problems = check(value) ? [] : check.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
  assert.deepEqual(problems, [], `${what}: ${JSON.stringify(value)?.slice(0, 1500)}`);
}

// Is the value what the facts say of the shape? "SourcePaginatedResult" is a page of "Source".
export function assertShape(name, value, what) {
  const model = /^(.*)PaginatedResult$/.exec(name)?.[1];
  assertFits(checkOf(name, { ...(model ? page(model) : typeSchema(name)), definitions }), value, `${what} is no ${name}`);
}

// OpenAPI 3.0 as JSON Schema, where "nullable" is the one difference that the description uses. Strict: an object has no other
// members than those that are described, if any are.
function plainSchema(schema) {
  if (Array.isArray(schema)) return schema.map(plainSchema);
  if (schema === null || typeof schema !== 'object') return schema;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(schema).map(([name, inner]) => [name, plainSchema(inner)]));
  if (rest.type === 'object' && rest.properties) rest.additionalProperties = false;
  return nullable ? { anyOf: [{ type: 'null' }, rest] } : rest;
}

// Is the value what the gateway's own description says, and nothing more?
export function assertDescribed(description, schema, value, what) {
  const key = JSON.stringify(schema);
  const check = checks.get(key) ?? checkOf(key, { ...plainSchema(schema), components: plainSchema(description.components) });
  assertFits(check, value, `${what} is not what /openapi.json says`);
}

// The operations of a list: [{ method, path, id, shape }].
export const operationsIn = (name) => read(name).split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
  const [method, path, id, shape] = line.split(' ');
  return { method, path, id, shape };
});
