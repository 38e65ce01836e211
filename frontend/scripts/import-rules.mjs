/** The page's import arrow: app → routes → features → shared; no feature knows another. Files stay small. */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const maxLines = 250;
const importPattern = /(?:from\s+|import\s*\(\s*|import\s+)['"]([^'"]+)['"]/g;
const rank = { shared: 0, features: 1, routes: 2, app: 3, entry: 4, door: 4 };

/** Where a file (a path inside src, with slashes) belongs. */
export function layerOf(path) {
  const [top] = path.split('/');
  if (path === 'main.tsx') return 'entry';
  if (path === 'api.ts') return 'door';
  return top in rank && top !== 'shared' ? top : 'shared';
}

const featureOf = (path) => (path.startsWith('features/') ? path.split('/')[1] : null);

/** Why `from` may not import `to`, or null when it may. Both are paths inside src. */
export function violation(from, to) {
  const [source, target] = [layerOf(from), layerOf(to)];
  if (target === 'door') return 'api.ts is a door for others; nothing inside the page imports it';
  if (source === 'door' && target !== 'shared') return 'api.ts imports shared parts alone';
  if (rank[target] > rank[source]) return `${source} may not import ${target}`;
  if (source === 'features' && target === 'features' && featureOf(from) !== featureOf(to)) {
    return `feature ${featureOf(from)} may not import feature ${featureOf(to)}`;
  }
  return null;
}

/** The path inside src that an import means; null for packages. */
export function resolveImport(from, specifier) {
  if (specifier.startsWith('@/')) return specifier.slice(2);
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  return null;
}

/** Every violation below `sourceFolder`, as one line each. */
export async function checkImports(sourceFolder) {
  const problems = [];
  const entries = await readdir(sourceFolder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || !/\.(ts|tsx|css)$/.test(entry.name)) continue;
    const absolute = join(entry.parentPath, entry.name);
    const path = relative(sourceFolder, absolute).split(sep).join('/');
    const text = await readFile(absolute, 'utf8');
    const lineCount = text.split('\n').length - 1;
    // What a machine wrote is as long as it is.
    if (lineCount > maxLines && !text.startsWith('/** Written by'))
      problems.push(`${path}: ${lineCount} lines, at most ${maxLines}`);
    if (/\.test\.tsx?$/.test(path) || path.startsWith('testing/') || path.endsWith('.css')) continue;
    for (const [, specifier] of text.matchAll(importPattern)) {
      const target = resolveImport(path, specifier);
      const reason = target && violation(path, target === 'api' ? 'api.ts' : target);
      if (reason) problems.push(`${path}: ${reason} (${specifier})`);
    }
  }
  return problems;
}

if (process.argv[1] && process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../src', import.meta.url));
  const problems = await checkImports(folder);
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0 ? 'imports and file sizes: as they should be' : `${problems.length} problems`,
  );
  process.exit(problems.length === 0 ? 0 : 1);
}
