import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { ProviderRead, ProviderUpdate } from '@/lib/apiSchemas';
import { renderInApp } from '@/testing/render';
import { ProviderModels } from './ProviderModels';
import '@/lib/moreWords';

const provider = {
  id: 'p',
  name: 'lab',
  price: { input: 3, output: 15, cached: null },
  models: [
    { name: 'big', model: 'org/big', capabilities: ['chat'], is_drained: false },
    { name: 'old', capabilities: ['chat'], is_drained: true },
  ],
} as unknown as ProviderRead;

test('a target is drained and used again, and nothing else of the provider changes', async () => {
  const onChange = vi.fn<(change: ProviderUpdate) => void>();
  await renderInApp(<ProviderModels provider={provider} isBusy={false} onChange={onChange} />);
  expect(await screen.findByText('3 in, 15 out')).toBeTruthy();
  expect(screen.getByText('old · drained')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Drain big: no new requests, running ones end' }));
  await userEvent.click(screen.getByRole('button', { name: 'Use old again' }));
  const [big, old] = provider.models;
  expect(onChange.mock.calls).toEqual([
    [{ models: [{ ...big, is_drained: true }, old] }],
    [{ models: [big, { ...old, is_drained: false }] }],
  ]);
});

test('a price is set for a model, and taken away by leaving all empty', async () => {
  const onChange = vi.fn<(change: ProviderUpdate) => void>();
  await renderInApp(<ProviderModels provider={provider} isBusy={false} onChange={onChange} />);
  await userEvent.click(await screen.findByRole('button', { name: 'Price of big' }));
  const dialog = within(await screen.findByRole('dialog'));
  await userEvent.type(dialog.getByLabelText('Input'), '2,5');
  await userEvent.type(dialog.getByLabelText('Output'), 'ten');
  expect(dialog.getByRole('button', { name: 'Save' })).toHaveProperty('disabled', true);
  await userEvent.clear(dialog.getByLabelText('Output'));
  await userEvent.click(dialog.getByRole('button', { name: 'Save' }));
  const [big, old] = provider.models;
  const price = { input: 2.5, output: 0, cached: null };
  expect(onChange.mock.lastCall).toEqual([{ models: [{ ...big, price }, old] }]);
  await userEvent.click(screen.getByRole('button', { name: 'Price of lab' }));
  const ofProvider = within(await screen.findByRole('dialog'));
  for (const label of ['Input', 'Output']) await userEvent.clear(ofProvider.getByLabelText(label));
  await userEvent.click(ofProvider.getByRole('button', { name: 'Save' }));
  expect(onChange.mock.lastCall).toEqual([{ price: null }]);
});

test('what models.yaml says is shown and not changed here', async () => {
  await renderInApp(<ProviderModels provider={provider} isBusy={false} />);
  expect(await screen.findByText('old · drained')).toBeTruthy();
  expect(screen.queryByRole('button')).toBeNull();
});
