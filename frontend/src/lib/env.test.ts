import { expect, test } from 'vitest';
import { joinApiUrl } from './env';

test.each([
  ['', '/api/llm/chat'],
  ['/', '/api/llm/chat'],
  ['/api', '/api/llm/chat'],
  ['/api/', '/api/llm/chat'],
  ['http://localhost:8000', 'http://localhost:8000/api/llm/chat'],
  ['http://localhost:8000/api', 'http://localhost:8000/api/llm/chat'],
  ['https://lab.example/portal/api/', 'https://lab.example/portal/api/llm/chat'],
])('base %j never makes a double /api', (base, expected) => {
  expect(joinApiUrl(base, '/api/llm/chat')).toBe(expected);
});
