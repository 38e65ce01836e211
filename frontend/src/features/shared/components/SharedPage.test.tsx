import { screen } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { useAuthSession } from '@/lib/authSession';
import { queryClient } from '@/lib/queryClient';
import { refusal, stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import { SharedPage } from './SharedPage';

const shared = {
  title: 'The maze',
  created_at: '2026-11-21T09:40:00Z',
  updated_at: '2026-11-21T09:40:00Z',
  messages: [
    {
      role: 'user',
      content: 'Which way?',
      reasoning: null,
      files: ['map.png'],
      created_at: '2026-11-21T09:30:00Z',
    },
    {
      role: 'assistant',
      content: 'To the **left**. ![map](https://images.example.com/map.png)',
      reasoning: 'The wall says so.',
      files: [],
      created_at: '2026-11-21T09:31:00Z',
    },
  ],
};

beforeEach(() => queryClient.clear());

test('whoever has the link reads it without signing in, and no image is fetched from elsewhere', async () => {
  stubPortal({ 'GET /api/shared/tok': shared });
  useAuthSession.setState({ status: 'signed-out', accessToken: null });
  const fetched = vi.spyOn(globalThis, 'fetch');
  await renderInApp(<SharedPage token="tok" />);
  expect(await screen.findByRole('heading', { name: 'The maze' })).toBeInTheDocument();
  expect(screen.getByTestId('shared-question')).toHaveTextContent('Which way?');
  expect(screen.getByRole('list', { name: 'Files' })).toHaveTextContent('map.png');
  expect(await screen.findByText('left')).toBeInTheDocument();
  expect(await screen.findByRole('link', { name: /map/ })).toHaveAttribute(
    'href',
    'https://images.example.com/map.png',
  );
  expect(document.querySelector('img')).toBeNull();
  expect(document.querySelector('meta[name=robots]')).toHaveAttribute('content', 'noindex, nofollow');
  const headers = fetched.mock.calls[0]?.[1]?.headers as Headers;
  expect(headers.get('authorization')).toBeNull();
  expect(document.title).toBe('The maze · Prompt Portal');
});

test('a withdrawn link says so, and what to do', async () => {
  stubPortal({ 'GET /api/shared/tok': refusal(404, 'not_found', 'There is nothing.') });
  await renderInApp(<SharedPage token="tok" />);
  expect(await screen.findByRole('heading', { name: 'Nothing is shared here' })).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Retry' })).toBeNull();
});
