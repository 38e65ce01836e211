/** Writes sw.js beside the built page: which files make the shell, and a version that changes with any of them. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const unhashed = ['/', '/start.js', '/favicon.svg'];
const fileOf = (path: string) => (path === '/' ? 'index.html' : path.slice(1));
const templatePath = fileURLToPath(new URL('./sw.template.js', import.meta.url));

/** The built files that the first screen needs: what index.html names, what those import, and the text's font. */
export async function shellFiles(folder: string): Promise<string[]> {
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  const found = new Set<string>();
  const add = async (path: string): Promise<void> => {
    if (found.has(path)) return;
    found.add(path);
    if (!path.endsWith('.js')) return;
    const text = await readFile(join(folder, path.slice(1)), 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      await add(`/assets/${name}`);
  };
  for (const [, path] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g))
    await add(path as string);
  const assets = await readdir(join(folder, 'assets'));
  for (const name of assets)
    if (/^inter-latin-wght-normal-.*\.woff2$/.test(name)) found.add(`/assets/${name}`);
  return [...unhashed, ...[...found].sort()];
}

export async function renderServiceWorker(folder: string): Promise<string> {
  const shell = await shellFiles(folder);
  const version = createHash('sha256');
  for (const path of shell) version.update(await readFile(join(folder, fileOf(path))));
  const template = await readFile(templatePath, 'utf8');
  return template
    .replace('= SHELL;', `= ${JSON.stringify(shell)};`)
    .replace('portal-shell-VERSION', `portal-shell-${version.digest('hex').slice(0, 12)}`);
}

export function serviceWorker(): Plugin {
  let folder = '';
  return {
    name: 'portal:service-worker',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    async closeBundle() {
      await writeFile(join(folder, 'sw.js'), await renderServiceWorker(folder));
    },
  };
}
