import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { refusal, stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import LedgerPanel from './LedgerPanel';

const ledger = {
  turn_id: 't1',
  model: 'demo',
  context_window: 4096,
  budget_tokens: 3584,
  prompt_tokens_counted: 790,
  prompt_tokens_reported: 800,
  completion_tokens: 200,
  cached_tokens: 600,
  messages_sent: 5,
  messages_dropped_count: 3,
  messages_dropped: [
    { message_id: 'm1', reason: 'budget' },
    { message_id: 'm2', reason: 'earlier_trim' },
    { message_id: 'm3', reason: 'budget' },
  ],
  attempts: [{ target: 'only', status: 'ok' }],
};
const shownFor = (name: string) => screen.getByText(name).parentElement?.querySelector('dd')?.textContent;

test('how full the window was, what was sent, and what was left out and why', async () => {
  stubPortal({ 'GET /api/llm/turns/t1/ledger': ledger });
  await renderInApp(<LedgerPanel turnId="t1" />);
  expect(await screen.findByText('1,000 of 4,096')).toBeVisible();
  expect(shownFor('Tokens sent')).toBe('800');
  expect(shownFor('From the cache')).toBe('600 (75 %)');
  expect(shownFor('Messages left out')).toBe('3 (no room in the window, left out before)');
  expect(screen.queryByText(/only:/)).toBeNull();
});

test('who was asked before the one that answered is said', async () => {
  const attempts = [{ target: 'first', status: 'failed', error: 'It was too busy.' }, ...ledger.attempts];
  stubPortal({
    'GET /api/llm/turns/t2/ledger': { ...ledger, attempts, messages_dropped_count: 0, messages_dropped: [] },
  });
  await renderInApp(<LedgerPanel turnId="t2" />);
  expect(await screen.findByText('first: It was too busy.')).toBeVisible();
  expect(shownFor('Messages left out')).toBe('0');
});

test('a ledger that cannot be had is no empty box', async () => {
  stubPortal({ 'GET /api/llm/turns/t3/ledger': refusal(404, 'odd', 'The ledger is lost.') });
  await renderInApp(<LedgerPanel turnId="t3" />);
  expect(await screen.findByText('The ledger is lost.')).toBeVisible();
});
