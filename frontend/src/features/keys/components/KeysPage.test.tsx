import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { queryClient } from '@/lib/queryClient';
import { type StubPortal, stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import KeysPage from './KeysPage';

const key = {
  id: 'a',
  name: 'maze game',
  prefix: 'pp_abc123',
  scopes: ['chat'],
  allowed_models: ['small'],
  expires_at: null,
  requests_per_minute: 60,
  tokens_per_minute: null,
  budget: { day: null, month: 5, total: null },
  created_at: '2026-11-21T09:00:00Z',
  last_used_at: null,
};
const figures = {
  requests: 12,
  errors: 0,
  cancelled: 0,
  cache_hits: 0,
  prompt_tokens: 4000,
  completion_tokens: 600,
  cached_tokens: 0,
  reasoning_tokens: 0,
  cost: 1.25,
};
const usage = { currency: 'EUR', since: '2026-11-01', until: '2026-11-21', by: 'key', total: figures };
const thisMonth = `${new Date().toISOString().slice(0, 8)}01`;
const answers = {
  'GET /api/keys': { items: [key] },
  [`GET /api/usage?by=key&since=${thisMonth}`]: {
    ...usage,
    groups: [{ key: 'a', label: 'maze game', ...figures }],
  },
  'GET /api/models': { items: [{ id: 'small' }, { id: 'large' }] },
  'PATCH /api/keys/a': key,
  'POST /api/keys': { ...key, key: 'pp_secret' },
};

const sent = (portal: StubPortal, call: string) =>
  portal.bodies.filter((_, index) => portal.calls[index] === call);

beforeEach(() => queryClient.clear());

test('a key shows what it has spent of its budget this month', async () => {
  stubPortal(answers);
  await renderInApp(<KeysPage />);
  const row = await screen.findByTestId('key-row');
  expect(await within(row).findByText('€1.25 of €5.00 this month · 12 requests · 4.6K tokens')).toBeTruthy();
  expect(within(row).getByRole('progressbar')).toHaveProperty('value', 0.25);
  expect(row.textContent).toContain('60 requests/min · 1 model');
});

test('limits, budget and models of a key are changed, and its expiry stays as it is', async () => {
  const portal = stubPortal(answers);
  await renderInApp(<KeysPage />);
  await userEvent.click(await screen.findByRole('button', { name: 'Change maze game' }));
  const dialog = await screen.findByRole('dialog');
  await userEvent.clear(within(dialog).getByLabelText('Requests a minute'));
  await userEvent.clear(within(dialog).getByLabelText('A month'));
  await userEvent.type(within(dialog).getByLabelText('A day'), '0,50');
  await userEvent.click(await within(dialog).findByRole('checkbox', { name: 'large' }));
  await userEvent.click(within(dialog).getByRole('button', { name: 'Save' }));
  await expect
    .poll(() => sent(portal, 'PATCH /api/keys/a'))
    .toEqual([
      {
        name: 'maze game',
        allowed_models: ['small', 'large'],
        requests_per_minute: null,
        tokens_per_minute: null,
        budget: { day: 0.5, month: null, total: null },
      },
    ]);
});

test('an amount that is none is said to be wrong, and nothing is sent', async () => {
  const portal = stubPortal(answers);
  await renderInApp(<KeysPage />);
  await userEvent.click(await screen.findByTestId('create-key'));
  const dialog = await screen.findByRole('dialog');
  await userEvent.type(within(dialog).getByLabelText('Name'), 'robot');
  await userEvent.type(within(dialog).getByLabelText('In all'), 'much');
  await userEvent.click(within(dialog).getByRole('button', { name: 'Create key' }));
  expect(await within(dialog).findByText('An amount such as 2.50, or nothing.')).toBeTruthy();
  expect(sent(portal, 'POST /api/keys')).toEqual([]);
});
