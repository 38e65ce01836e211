import '@testing-library/jest-dom/vitest';
import '@/lib/moreWords';
import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

// The first part that is fetched late takes its time where many tests share few cores.
configure({ asyncUtilTimeout: 5000 });

if (typeof document !== 'undefined') {
  // The stand-in document has no doctype to read this from, and KaTeX asks.
  Object.defineProperty(document, 'compatMode', { value: 'CSS1Compat' });
  afterEach(() => {
    cleanup();
    localStorage.clear();
  });
}
