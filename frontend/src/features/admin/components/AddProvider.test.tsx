import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { renderInApp } from '@/testing/render';
import { createProvider } from '../api/admin';
import { AddProvider } from './AddProvider';
import '@/lib/moreWords';

vi.mock('../api/admin', () => ({ createProvider: vi.fn(async () => ({})) }));

test('a provider is entered with the kind that was chosen, or with none', async () => {
  const onAdded = vi.fn();
  await renderInApp(<AddProvider onClose={() => {}} onAdded={onAdded} />);
  const dialog = within(await screen.findByRole('dialog'));
  await userEvent.type(dialog.getByLabelText('Name'), 'claude');
  await userEvent.type(dialog.getByLabelText('Address'), 'https://models.example');
  await userEvent.selectOptions(dialog.getByLabelText('Kind'), 'Anthropic');
  await userEvent.click(dialog.getByRole('button', { name: 'Add a provider' }));
  await userEvent.selectOptions(dialog.getByLabelText('Kind'), 'Another, or find out');
  await userEvent.click(dialog.getByRole('button', { name: 'Add a provider' }));
  expect(vi.mocked(createProvider).mock.calls.map(([wish]) => [wish.name, wish.kind])).toEqual([
    ['claude', 'anthropic'],
    ['claude', null],
  ]);
  expect(onAdded).toHaveBeenCalledTimes(2);
});
