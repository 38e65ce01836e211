/** Writes the page's types from the portal's own description: `npm run schemas` reads ../docs/openapi.json. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const openApiPath = fileURLToPath(new URL('../../docs/openapi.json', import.meta.url));
export const outputPath = fileURLToPath(new URL('../src/lib/apiSchemas.ts', import.meta.url));

const primitives = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
};

/** The TypeScript type of one JSON schema. */
export function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return [...new Set(options.map(typeOf))].join(' | ');
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ');
  if (schema.type === 'array') return `Array<${typeOf(schema.items ?? {})}>`;
  if (schema.properties) return objectType(schema, '  ');
  if (schema.type === 'object') return recordType(schema.additionalProperties);
  return primitives[schema.type] ?? 'unknown';
}

const literal = (value) => (typeof value === 'string' ? `'${value}'` : String(value));

function recordType(values) {
  return `Record<string, ${values && values !== true ? typeOf(values) : 'unknown'}>`;
}

function objectType(schema, indent) {
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties).map(([name, property]) => {
    // An answer's field with a default is always there; a request's may be left out.
    const isThere =
      required.has(name) || (property.default !== undefined && /Read$/.test(schema.title ?? ''));
    return `${indent}${name}${isThere ? '' : '?'}: ${typeOf(property)};`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

/** The whole file, from a parsed OpenAPI document. */
export function render(openApi) {
  const schemas = Object.entries(openApi.components.schemas).sort(([a], [b]) => a.localeCompare(b));
  const types = schemas.map(([name, schema]) => {
    const isObject = schema.properties && !schema.anyOf;
    return isObject
      ? `export interface ${name} ${objectType(schema, '  ')}`
      : `export type ${name} = ${typeOf(schema)};`;
  });
  return `/** Written by \`npm run schemas\` from docs/openapi.json; do not edit. */\n\n${types.join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(outputPath, render(JSON.parse(await readFile(openApiPath, 'utf8'))));
}
