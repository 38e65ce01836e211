import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import { queryClient } from '@/lib/queryClient';
import { refusal, type StubPortal, stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import ShareDialog from './ShareDialog';

const path = '/api/sessions/s1/share';
const shared = {
  is_shared: true,
  created_at: '2026-11-21T09:40:00Z',
  updated_at: '2026-11-21T09:40:00Z',
  includes_reasoning: false,
  messages: 2,
  is_outdated: false,
};
const onClose = vi.fn();

async function open(answers: Record<string, unknown>): Promise<StubPortal> {
  const portal = stubPortal(answers);
  await renderInApp(<ShareDialog session={{ id: 's1', title: 'The maze' }} onClose={onClose} />);
  return portal;
}

beforeEach(() => queryClient.clear());

test('a link is made once asked for, and shown to copy; it says that later messages are not in it', async () => {
  const portal = await open({
    [`GET ${path}`]: { is_shared: false },
    [`POST ${path}`]: {
      token: 'tok',
      url: 'https://portal.example.org/s/tok',
      created_at: shared.created_at,
    },
  });
  expect(screen.getByText(/Later messages are not in it/)).toBeInTheDocument();
  expect(await screen.findByRole('checkbox', { name: /reasoning/ })).not.toBeChecked();
  portal.answer({ [`GET ${path}`]: shared });
  await userEvent.click(screen.getByRole('button', { name: 'Make a link' }));
  expect(await screen.findByTestId('share-link')).toHaveValue('https://portal.example.org/s/tok');
  expect(portal.bodies).toContainEqual({ include_reasoning: false });
  expect(screen.getByRole('button', { name: 'Copy link' })).toBeInTheDocument();
  expect(await screen.findByText(/The link shows 2 messages/)).toBeInTheDocument();
});

test('a link that is behind is updated in place; one that is up to date is left alone', async () => {
  const portal = await open({ [`GET ${path}`]: { ...shared, is_outdated: true }, [`PUT ${path}`]: shared });
  expect(await screen.findByText(/has gone on since/)).toBeInTheDocument();
  expect(screen.queryByTestId('share-link')).toBeNull();
  portal.answer({ [`GET ${path}`]: shared });
  await userEvent.click(screen.getByRole('button', { name: 'Update' }));
  expect(await screen.findByText('It is up to date.')).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Update' })).toBeNull();
  expect(portal.calls).toContain(`PUT ${path}`);
});

test('a withdrawn link is gone; a refusal is said in the dialog', async () => {
  const portal = await open({ [`GET ${path}`]: shared, [`DELETE ${path}`]: { ok: true } });
  await screen.findByText(/The link shows/);
  portal.answer({ [`GET ${path}`]: { is_shared: false } });
  await userEvent.click(screen.getByRole('button', { name: 'Withdraw' }));
  expect(await screen.findByRole('button', { name: 'Make a link' })).toBeInTheDocument();
  portal.answer({ [`POST ${path}`]: refusal(409, 'nothing_to_share', 'There is no finished message yet.') });
  await userEvent.click(screen.getByRole('button', { name: 'Make a link' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('There is no finished message yet.');
});
