import { afterEach, expect, test, vi } from 'vitest';
import { useAuthSession } from './authSession';
import { download, fileNameOf } from './download';

afterEach(() => useAuthSession.setState({ status: 'loading', accessToken: null }));

test('a file is named as the portal says, in any script', () => {
  expect(fileNameOf(`attachment; filename="plan.md"; filename*=UTF-8''Pl%C3%A4ne.md`, 'x')).toBe('Pläne.md');
  expect(fileNameOf('attachment; filename="plan.md"', 'x')).toBe('plan.md');
  expect(fileNameOf(`attachment; filename="a.md"; filename*=UTF-8''%E0%A4%A`, 'x')).toBe('a.md');
  expect(fileNameOf(null, 'conversation.json')).toBe('conversation.json');
});

test('it is fetched with the token and handed over under its name', async () => {
  useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt' });
  const fetched = vi.fn(
    async (_url: string, _init: RequestInit) =>
      new Response('# Hello', { headers: { 'content-disposition': 'attachment; filename="hello.md"' } }),
  );
  vi.stubGlobal('fetch', fetched);
  const saved: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(`${this.download} ${this.href.slice(0, 5)}`);
  });
  await download('/api/sessions/s1/export?format=markdown', 'conversation.md');
  expect(saved).toEqual(['hello.md blob:']);
  const headers = fetched.mock.calls[0]?.[1].headers as Headers;
  expect(headers.get('authorization')).toBe('Bearer jwt');
});
