import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const backendUrl = process.env.PORTAL_DEV_BACKEND ?? 'http://127.0.0.1:8000';
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: [
      // The full shiki bundle is 300 grammars and a WebAssembly engine; ours is the languages people paste.
      { find: /^shiki$/, replacement: fromHere('./src/features/chat/markdown/shikiBundle.ts') },
      { find: '@', replacement: fromHere('./src') },
    ],
  },
  build: {
    target: 'es2022',
    // A data: font or script would break the strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(
      ['/api', '/v1', '/healthz', '/readyz', '/docs', '/openapi.json'].map((path) => [path, backendUrl]),
    ),
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['./src/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
    restoreMocks: true,
  },
});
