import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { queryClient } from '@/lib/queryClient';
import { stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import { AuditLog } from './AuditLog';
import '@/lib/moreWords';

const line = {
  id: 'a',
  created_at: '2026-11-21T09:00:00Z',
  actor_id: 1,
  actor: 'root@example.org',
  action: 'user.update',
  subject: 'ada@example.org',
  details: { role: 'operator' },
  request_id: 'r',
};

beforeEach(() => queryClient.clear());

test('lines say who did what, and the filters ask for fewer', async () => {
  const page = (items: unknown[]) => ({ items, next_before: null });
  const portal = stubPortal({
    'GET /api/admin/audit?': page([line]),
    'GET /api/admin/audit?action=key': page([]),
  });
  await renderInApp(<AuditLog />);
  expect(await screen.findByText('root@example.org · role: operator')).toBeTruthy();
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Action' }), 'key');
  await screen.findByText('Nothing of this kind is in the log.');
  expect(portal.calls).toContain('GET /api/admin/audit?action=key');
});

test('facts that have parts are words too', async () => {
  const budget = { day: null, month: 5, total: 20 };
  const limited = { ...line, action: 'user.limits', details: { tokens_per_minute: null, budget } };
  const made = { ...line, id: 'b', action: 'key.create', details: { scopes: ['chat', 'gateway'] } };
  stubPortal({ 'GET /api/admin/audit?': { items: [limited, made], next_before: null } });
  await renderInApp(<AuditLog />);
  expect(await screen.findByText('root@example.org · budget: (month: 5, total: 20)')).toBeTruthy();
  expect(screen.getByText('root@example.org · scopes: chat, gateway')).toBeTruthy();
});
