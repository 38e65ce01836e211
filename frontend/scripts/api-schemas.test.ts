// @vitest-environment node
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openApiPath, outputPath, render, typeOf } from './api-schemas.mjs';

test('every shape that the description uses has its type', () => {
  expect(typeOf({ anyOf: [{ type: 'string' }, { type: 'null' }] })).toBe('string | null');
  expect(typeOf({ enum: ['user', 'admin'] })).toBe("'user' | 'admin'");
  expect(typeOf({ type: 'array', items: { $ref: '#/components/schemas/MessageRead' } })).toBe(
    'Array<MessageRead>',
  );
  expect(typeOf({ type: 'object', additionalProperties: { type: 'number' } })).toBe('Record<string, number>');
  expect(typeOf({ type: 'object', additionalProperties: true })).toBe('Record<string, unknown>');
  expect(typeOf({})).toBe('unknown');
});

test('a field that may be left out is optional', () => {
  const text = render({
    components: {
      schemas: { Ask: { required: ['a'], properties: { a: { type: 'string' }, b: { type: 'integer' } } } },
    },
  });
  expect(text).toContain('export interface Ask {\n  a: string;\n  b?: number;\n}');
});

test.skipIf(!existsSync(openApiPath))(
  'the types are those of docs/openapi.json; if not: npm run schemas',
  async () => {
    expect(await readFile(outputPath, 'utf8')).toBe(render(JSON.parse(await readFile(openApiPath, 'utf8'))));
  },
);
