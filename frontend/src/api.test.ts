import { beforeEach, expect, test, vi } from 'vitest';
import { llmAPI } from './api';
import { useAuthSession } from './lib/authSession';

let calls: { url: string; method: string; body: unknown; token: string | null }[];

beforeEach(() => {
  calls = [];
  useAuthSession.setState({ accessToken: 'jwt' });
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const body = init.body ? JSON.parse(String(init.body)) : undefined;
    calls.push({
      url,
      method: init.method ?? 'GET',
      body,
      token: new Headers(init.headers).get('authorization'),
    });
    const isHealth = url.endsWith('/health');
    const data = isHealth ? { status: 'unavailable' } : { response: 'Hi!', session_id: 'session_123' };
    return new Response(JSON.stringify(data), {
      status: isHealth ? 503 : 200,
      headers: { 'x-request-id': 'r9' },
    });
  });
});

test('the seed’s example works as it is written', async () => {
  const response = await llmAPI.sessionChat('session_123', 'Hello!', {
    system_prompt: 'You are a helpful assistant.',
  });
  expect(response.data.response).toBe('Hi!');
  expect(response.status).toBe(200);
  expect(response.headers.get('x-request-id')).toBe('r9');
  expect(calls).toEqual([
    {
      url: '/api/llm/chat/session',
      method: 'POST',
      token: 'Bearer jwt',
      body: { session_id: 'session_123', message: 'Hello!', system_prompt: 'You are a helpful assistant.' },
    },
  ]);
});

test('a temperature of 0 is sent as a value', async () => {
  await llmAPI.chat([{ role: 'user', content: 'x' }], { temperature: 0 });
  expect(calls[0]?.body).toEqual({ messages: [{ role: 'user', content: 'x' }], temperature: 0 });
});

test('history and clearing name the session in the path, escaped', async () => {
  await llmAPI.getSessionHistory('a:b@c');
  await llmAPI.clearSession('a:b@c');
  expect(calls.map((call) => `${call.method} ${call.url}`)).toEqual([
    'GET /api/llm/chat/session/a%3Ab%40c/history',
    'DELETE /api/llm/chat/session/a%3Ab%40c',
  ]);
});

test('health answers without a token, and "unavailable" is an answer', async () => {
  const response = await llmAPI.health();
  expect(response.data.status).toBe('unavailable');
  expect(response.status).toBe(503);
  expect(calls[0]?.token).toBeNull();
});
