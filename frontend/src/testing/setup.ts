import '@testing-library/jest-dom/vitest';
import '@/lib/moreWords';
import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

if (typeof document !== 'undefined') {
  // The stand-in document has no doctype to read this from, and KaTeX asks.
  Object.defineProperty(document, 'compatMode', { value: 'CSS1Compat' });
  afterEach(() => {
    cleanup();
    localStorage.clear();
  });
}
