// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import en from '../src/locales/en.json';

function flatten(node: object, prefix = ''): string[] {
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'object' ? flatten(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

const source = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.includes('.test.'))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  .join('\n');
const known = new Set(flatten(en).map((key) => key.replace(/_(one|other)$/, '')));

test('every word that the page asks for is there', () => {
  const asked = [...source.matchAll(/\bt\(\s*'([\w.]+)'/g)].map(([, key]) => key as string);
  expect(asked.length).toBeGreaterThan(100);
  expect(asked.filter((key) => !known.has(key))).toEqual([]);
});

test('every word that is there is asked for, by name or by a name with a part left open', () => {
  const open = [...source.matchAll(/`([\w.]+)\.\$\{\w[\w.]*\}((?:\.\w+)?)`/g)].map(
    ([, start, end]) => new RegExp(`^${start}\\.\\w+${end}$`),
  );
  const unused = [...known].filter(
    (key) => !source.includes(`'${key}'`) && !open.some((rule) => rule.test(key)),
  );
  expect(unused).toEqual([]);
});
