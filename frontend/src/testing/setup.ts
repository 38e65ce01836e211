import '@testing-library/jest-dom/vitest';
import '@/lib/moreWords';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// What is waited for takes its time where many tests share few cores.
const patienceMs = 10_000;
configure({ asyncUtilTimeout: patienceMs });
const { waitFor } = vi;
vi.waitFor = (condition, options) =>
  waitFor(condition, typeof options === 'number' ? options : { timeout: patienceMs, ...options });

if (typeof document !== 'undefined') {
  // The stand-in document has no doctype to read this from, and KaTeX asks.
  Object.defineProperty(document, 'compatMode', { value: 'CSS1Compat' });
  afterEach(() => {
    cleanup();
    localStorage.clear();
  });
}
