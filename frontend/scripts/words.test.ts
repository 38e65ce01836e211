// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { expect, test } from 'vitest';
import en from '../src/locales/en.json';
import { resolveImport } from './import-rules.mjs';
import { pickWords } from './words.mjs';

const flatten = (node: object, prefix = ''): string[] =>
  Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'object'
      ? flatten(value, `${prefix}${key}.`)
      : [`${prefix}${key}`.replace(/_(one|other)$/, '')],
  );
// English readers are told the portal's own sentences, so these are asked for in other languages alone.
const isForOthers = (key: string) => key.startsWith('refusals.');
const later = new Set(flatten(pickWords(en, 'later')).filter((key) => !isForOthers(key)));

const files = new Map(
  readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative('src', path).split('\\').join('/'), readFileSync(path, 'utf8')]),
);

function find(from: string, specifier: string): string | null {
  const path = resolveImport(from, specifier);
  if (path === null) return null;
  const base = posix.normalize(path);
  return [base, `${base}.ts`, `${base}.tsx`].find((candidate) => files.has(candidate)) ?? null;
}

const targets = (path: string, pattern: RegExp) =>
  [...(files.get(path) ?? '').matchAll(pattern)].flatMap(
    ([, specifier]) => find(path, specifier ?? '') ?? [],
  );
const staticImport = /^(?:import|export)\s+(?!type\b)(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm;
const lazyImport = /import\(\s*'([^']+)'\s*\)/g;

/** A file with everything that is fetched together with it. */
function closure(entry: string): Set<string> {
  const seen = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    waiting.push(...targets(path, staticImport));
  }
  return seen;
}

/** The later words that these files ask for, with the file; a name with a part left open counts for all it may be. */
function laterWordsIn(paths: Iterable<string>): string[] {
  return [...paths].flatMap((path) => {
    const source = files.get(path) ?? '';
    const named = [...source.matchAll(/'([a-z]\w*(?:\.\w+)+)'/gi)].map(([, key]) => key ?? '');
    const open = [...source.matchAll(/`([a-z]\w*(?:\.\w+)*)\.\$\{/gi)].map(([, start]) => `${start}.`);
    return [
      ...named.filter((key) => later.has(key)),
      ...open.filter((start) => [...later].some((key) => key.startsWith(start))),
    ].map((key) => `${path}: ${key}`);
  });
}

const first = closure('main.tsx');

test('the first screen says nothing that comes later', () => {
  expect(first.size).toBeGreaterThan(60);
  expect(laterWordsIn(first)).toEqual([]);
});

test('what is fetched later brings the words that it says', () => {
  const lazy = new Set([...files.keys()].flatMap((path) => targets(path, lazyImport)));
  expect(lazy.size).toBeGreaterThan(10);
  const wordless = [...lazy].filter((entry) => {
    const own = closure(entry);
    return laterWordsIn(own).length > 0 && !own.has('lib/moreWords.ts');
  });
  expect(wordless).toEqual([]);
});

test('the two parts are the whole', () => {
  const parts = [...flatten(pickWords(en, 'first')), ...flatten(pickWords(en, 'later'))];
  expect(parts.sort()).toEqual(flatten(en).sort());
  expect(later.size).toBeGreaterThan(100);
});
