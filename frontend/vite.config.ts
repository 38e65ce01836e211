import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { splitWords } from './scripts/words.mjs';
import { firstLoadChunk } from './vite/firstLoad.ts';
import { serviceWorker } from './vite/serviceWorker.ts';

const backendUrl = process.env.PORTAL_DEV_BACKEND ?? 'http://127.0.0.1:8000';
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Compressed twins beside the built files, so that the portal only has to pick one. */
function precompress(): Plugin {
  let folder = '';
  return {
    name: 'portal:precompress',
    apply: 'build',
    configResolved: (config) => {
      folder = fileURLToPath(new URL(`${config.build.outDir}/`, new URL('./', import.meta.url)));
    },
    async closeBundle() {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !/\.(js|css|html|svg|json|webmanifest)$/.test(entry.name)) continue;
        const body = await readFile(path);
        if (body.length < 1024) continue;
        await writeFile(
          `${path}.br`,
          brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
        );
        await writeFile(`${path}.gz`, gzipSync(body, { level: 9 }));
      }
    },
  };
}

/** Tell start.js that the portal is where the page comes from. */
function portalIsHere(): Plugin {
  let isElsewhere = false;
  return {
    name: 'portal:here',
    configResolved: (config) => {
      isElsewhere = Boolean(config.env.VITE_API_BASE);
    },
    transformIndexHtml: (html) =>
      isElsewhere ? html : html.replace('src="/start.js"', 'src="/start.js" data-here'),
  };
}

export default defineConfig({
  plugins: [react(), portalIsHere(), tailwindcss(), splitWords(), serviceWorker(), precompress()],
  resolve: {
    alias: [
      // The full shiki bundle is 300 grammars and a WebAssembly engine; ours is the languages people paste.
      { find: /^shiki$/, replacement: fromHere('./src/components/markdown/shikiBundle.ts') },
      { find: '@', replacement: fromHere('./src') },
    ],
  },
  build: {
    target: 'es2022',
    // A data: font or script would break the strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: firstLoadChunk, debugName: 'first load' }] } },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      ...Object.fromEntries(
        ['/api', '/v1', '/healthz', '/readyz', '/docs', '/openapi.json'].map((path) => [path, backendUrl]),
      ),
      '/mqtt': { target: backendUrl, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['./src/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
    restoreMocks: true,
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
