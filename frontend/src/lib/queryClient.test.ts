import { onlineManager } from '@tanstack/react-query';
import { afterEach, expect, test, vi } from 'vitest';
import { queryClient } from './queryClient';

afterEach(() => {
  onlineManager.setOnline(true);
  queryClient.clear();
});

test('a portal on this machine is asked though there is no network, and again when there is one', async () => {
  onlineManager.setOnline(false);
  let asked = 0;
  const wish = { queryKey: ['a'], queryFn: () => Promise.resolve(++asked) };
  void queryClient.fetchQuery(wish);
  await vi.waitFor(() => expect(asked).toBe(1));
  expect(queryClient.defaultQueryOptions(wish)).toMatchObject({ refetchOnReconnect: true });
});
