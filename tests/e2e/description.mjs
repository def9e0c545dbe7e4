// What the tests that walk the API's description (/openapi.json) share: its operations, and the places in bodies.

export const descriptionOf = async (gateway) => (await fetch(`${gateway.url}/openapi.json`)).json();

export function* operationsOf(description, wanted = () => true) {
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, operation] of Object.entries(methods))
      if (wanted(operation)) yield { path, method: method.toUpperCase(), operation };
}

// Every place in a body: ['config', 'auth', 'key'], ['rules', 0, 'type'], ...
export function* places(value, at = []) {
  if (at.length > 0) yield at;
  if (value !== null && typeof value === 'object')
    for (const key of Object.keys(value)) yield* places(value[key], [...at, Array.isArray(value) ? Number(key) : key]);
}
export const typeOf = (value) => (Array.isArray(value) ? 'array' : typeof value === 'number' ? 'integer' : typeof value);
export const valueAt = (body, at) => at.reduce((value, key) => value[key], body);
export const spell = (at) => at.map((key, i) => (typeof key === 'number' ? `[${key}]` : i ? `.${key}` : key)).join('');
