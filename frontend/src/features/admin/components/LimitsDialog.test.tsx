import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { AdminUserRead } from '@/lib/apiSchemas';
import { stubPortal } from '@/testing/portal';
import { renderInApp } from '@/testing/render';
import { LimitsDialog } from './LimitsDialog';
import '@/lib/moreWords';

const person = {
  id: 7,
  email: 'ada@example.org',
  requests_per_minute: 60,
  tokens_per_minute: null,
  budget: { day: null, month: 5, total: null },
} as unknown as AdminUserRead;

test('limits are replaced by what the form says, and nonsense is not sent', async () => {
  const portal = stubPortal({ 'PUT /api/admin/users/7/limits': {} });
  const onSet = vi.fn();
  await renderInApp(<LimitsDialog person={person} onClose={() => undefined} onSet={onSet} />);
  const dialog = within(await screen.findByRole('dialog', { name: 'Limits of ada@example.org' }));
  await userEvent.clear(dialog.getByLabelText('Requests a minute'));
  await userEvent.type(dialog.getByLabelText('Money a day'), '0,5x');
  expect(dialog.getByRole('button', { name: 'Save' })).toHaveProperty('disabled', true);
  await userEvent.type(dialog.getByLabelText('Money a day'), '{Backspace}');
  await userEvent.click(dialog.getByRole('button', { name: 'Save' }));
  await expect.poll(() => onSet.mock.calls.length).toBe(1);
  expect(portal.bodies.at(-1)).toEqual({
    requests_per_minute: null,
    tokens_per_minute: null,
    budget: { day: 0.5, month: 5, total: null },
  });
});
