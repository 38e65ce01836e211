/** What a browser must fetch before the first screen, compressed: it fails above the budget. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budgetKilobytes = 170;
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const html = await readFile(`${dist}index.html`, 'utf8');
const first = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, path]) => path);
const seen = new Map();

/** Scripts that a script imports statically are fetched with it. */
async function add(path) {
  if (seen.has(path)) return;
  const text = await readFile(dist + path, 'utf8');
  seen.set(path, gzipSync(text).length);
  const folder = path.replace(/[^/]*$/, '');
  for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
    await add(folder + name);
}
for (const path of first) await add(path);

const kilobytes = [...seen.values()].reduce((sum, size) => sum + size, 0) / 1000;
for (const [path, size] of seen) console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${path}`);
const assets = await readdir(`${dist}assets`);
const lazy = assets.filter((name) => name.endsWith('.js') && !seen.has(`assets/${name}`)).length;
console.log(
  `${kilobytes.toFixed(1)} kB of ${budgetKilobytes} kB before the first screen; ${lazy} more files when they are needed`,
);
if (first.length === 0 || kilobytes > budgetKilobytes) {
  console.error('Over the budget: load something later.');
  process.exit(1);
}
