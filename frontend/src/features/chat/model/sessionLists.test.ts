// @vitest-environment node
import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query';
import { expect, test, vi } from 'vitest';
import type { Session } from '@/lib/contracts';
import { type SessionPage, sessionsQuery } from '../api/sessions';
import { refreshLists, sessionsOf } from './sessionLists';

const page = (...ids: string[]): SessionPage => ({
  items: ids.map((id) => ({ id }) as Session),
  next_cursor: null,
});

test('what is made while the list is read for the first time is in the list', async () => {
  const client = new QueryClient();
  const answers: ((page: SessionPage) => void)[] = [];
  const queryFn = () => new Promise<SessionPage>((answer) => answers.push(answer));
  const observer = new InfiniteQueryObserver(client, { ...sessionsQuery, queryFn });
  const stop = observer.subscribe(() => undefined);
  expect(answers).toHaveLength(1);
  void refreshLists(client);
  answers[0]?.(page());
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.(page('new'));
  await vi.waitFor(() =>
    expect(sessionsOf(observer.getCurrentResult().data).map(({ id }) => id)).toEqual(['new']),
  );
  expect(answers).toHaveLength(2);
  stop();
});
