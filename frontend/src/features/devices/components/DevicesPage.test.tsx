import { screen } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { queryClient } from '@/lib/queryClient';
import { stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import DevicesPage from './DevicesPage';

const device = {
  id: 'a',
  name: 'Maze robot',
  client: 'maze-robot-k3f9x2',
  projects: ['maze'],
  created_at: '2026-11-21T09:30:00Z',
  requests_per_minute: 60,
  tokens_per_minute: null,
  budget: { day: null, month: 5, total: 9 },
  spent: { day: null, month: 1.25, total: 1.75 },
  allowed_models: null,
  presence: null,
  last_request_at: null,
};

beforeEach(() => queryClient.clear());

test('a device shows what it has spent of its budgets', async () => {
  stubPortal({
    'GET /api/devices': { items: [device], currency: 'EUR' },
    'GET /api/mqtt': { status: 'connected', host: '127.0.0.1', port: 1883, projects: ['maze'] },
  });
  await renderInApp(<DevicesPage />);
  const facts = 'maze · 60 requests/min · €1.25 of €5.00 this month · €1.75 of €9.00 in all';
  expect(await screen.findByText(facts)).toBeTruthy();
  expect(screen.queryByText(/key was revoked/)).toBeNull();
});

test('a device whose key was revoked says so', async () => {
  stubPortal({
    'GET /api/devices': { items: [{ ...device, is_key_revoked: true }], currency: 'EUR' },
    'GET /api/mqtt': { status: 'connected', host: '127.0.0.1', port: 1883, projects: ['maze'] },
  });
  await renderInApp(<DevicesPage />);
  expect(await screen.findByText(/until it has a new secret/)).toBeTruthy();
});
