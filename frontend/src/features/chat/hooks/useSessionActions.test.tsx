import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { Toaster } from '@/components/ui/Toaster';
import { useToasts } from '@/hooks/useToasts';
import { useAuthSession } from '@/lib/authSession';
import { queryClient } from '@/lib/queryClient';
import { makeDetail } from '@/testing/messages';
import { renderInApp } from '@/testing/render';
import { sessionQuery, sessionsQuery } from '../api/sessions';
import { useSessionActions } from './useSessionActions';

let calls: string[];
let answer: (call: string) => Response | Promise<Response>;
let actions: ReturnType<typeof useSessionActions>;

function Probe() {
  actions = useSessionActions();
  return <Toaster />;
}

const ok = () => new Response('{"ok": true}', { status: 200 });
const refusal = () => new Response('{"error": {"code": "conflict", "message": "Not now."}}', { status: 409 });
const shownTitle = () => queryClient.getQueryData(sessionQuery('s1').queryKey)?.title;
const listed = () =>
  queryClient.getQueryData(sessionsQuery.queryKey)?.pages[0]?.items.map((item) => item.title);

beforeEach(async () => {
  calls = [];
  useToasts.setState({ toasts: [] });
  useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt' });
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    calls.push(`${init.method} ${url}`);
    return answer(`${init.method} ${url}`);
  });
  queryClient.clear();
  queryClient.setQueryData(sessionQuery('s1').queryKey, makeDetail([]));
  queryClient.setQueryData(sessionsQuery.queryKey, {
    pages: [{ items: [makeDetail([])], next_cursor: null }],
    pageParams: [null],
  });
  await renderInApp(<Probe />);
});

test('a new title shows at once and stays when the portal agrees', async () => {
  let agree: (response: Response) => void = () => undefined;
  answer = () => new Promise<Response>((resolve) => (agree = resolve));
  const renaming = actions.update('s1', { title: 'Mine' });
  await vi.waitFor(() => expect(calls).toEqual(['PATCH /api/sessions/s1']));
  expect([shownTitle(), listed()]).toEqual(['Mine', ['Mine']]);
  agree(ok());
  await renaming;
  expect(shownTitle()).toBe('Mine');
});

test('a title that is refused goes back, and the reason is said', async () => {
  answer = refusal;
  await act(() => actions.update('s1', { title: 'Mine' }));
  expect([shownTitle(), listed()]).toEqual(['A conversation', ['A conversation']]);
  expect(screen.getByText('Not now.')).toBeInTheDocument();
});

test('a deleted conversation leaves at once and can be brought back', async () => {
  answer = ok;
  await act(() => actions.remove({ id: 's1', title: 'A conversation' }));
  expect(listed()).toEqual([]);
  await userEvent.click(screen.getByRole('button', { name: 'Undo' }));
  await vi.waitFor(() => expect(calls).toEqual(['DELETE /api/sessions/s1', 'POST /api/sessions/s1/restore']));
});
