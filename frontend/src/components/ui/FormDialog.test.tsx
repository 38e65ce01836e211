import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import '@/lib/i18n';
import { FormDialog } from './FormDialog';

function show(onSubmit: () => Promise<void>, submitLabel?: string) {
  render(
    <FormDialog title="A thing" submitLabel={submitLabel} onSubmit={onSubmit} onClose={() => undefined}>
      <input aria-label="Name" />
    </FormDialog>,
  );
}

it('says what went wrong, keeps what was typed, and can be sent again', async () => {
  const send = vi.fn().mockRejectedValueOnce(new Error('No room left.')).mockResolvedValueOnce(undefined);
  show(send, 'Save');
  await userEvent.type(screen.getByLabelText('Name'), 'Robot');
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('No room left.');
  expect(screen.getByLabelText('Name')).toHaveValue('Robot');
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  expect(screen.queryByRole('alert')).toBeNull();
  expect(send).toHaveBeenCalledTimes(2);
});

it('has nothing to send where it is only looked at', () => {
  show(async () => undefined);
  expect(screen.getAllByRole('button', { name: 'Close' })).toHaveLength(2);
  expect(screen.queryByRole('button', { name: 'Cancel' })).toBeNull();
});
