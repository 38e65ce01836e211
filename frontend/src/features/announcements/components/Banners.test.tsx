import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test } from 'vitest';
import { queryClient } from '@/lib/queryClient';
import { stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import Banners from './Banners';

const announcement = (id: string, text: string) => ({
  id,
  text,
  tone: 'warning',
  created_at: '2026-11-21T09:00:00Z',
  ends_at: null,
});

beforeEach(() => {
  localStorage.clear();
  queryClient.clear();
});

test('a banner is shown until it is dismissed, also at the next visit', async () => {
  stubPortal({
    'GET /api/announcements': {
      items: [announcement('a', 'Down on Friday'), announcement('b', 'New model')],
    },
  });
  const first = await renderInApp(<Banners />);
  await screen.findByText('Down on Friday');
  await userEvent.click(screen.getAllByRole('button', { name: 'Dismiss' })[0] as HTMLElement);
  expect(screen.queryByText('Down on Friday')).toBeNull();
  first.unmount();
  await renderInApp(<Banners />);
  await screen.findByText('New model');
  expect(screen.queryByText('Down on Friday')).toBeNull();
});

test('a portal that cannot say anything shows nothing', async () => {
  const portal = stubPortal({});
  const { container } = await renderInApp(<Banners />);
  await expect.poll(() => portal.calls.length).toBeGreaterThan(0);
  expect(container.textContent).toBe('');
});
