import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import type { Model } from '@/lib/contracts';
import { modelsQuery } from '@/lib/modelQueries';
import { queryClient } from '@/lib/queryClient';
import { renderInApp } from '@/testing/render';
import { RegenerateButton } from './RegenerateButton';

const model = (id: string): Model => ({
  id,
  name: id.toUpperCase(),
  is_default: id === 'a',
  is_demo: false,
  source: 'configured',
  context_window: null,
  capabilities: [],
});

async function setUp(models: Model[]) {
  queryClient.setQueryData(modelsQuery.queryKey, models);
  const onRegenerate = vi.fn();
  await renderInApp(<RegenerateButton isDisabled={false} onRegenerate={onRegenerate} />);
  await userEvent.click(screen.getByRole('button', { name: 'Regenerate answer' }));
  return onRegenerate;
}

afterEach(() => queryClient.clear());

test('with one model a press answers again', async () => {
  expect(await setUp([model('a')])).toHaveBeenCalledExactlyOnceWith();
});

test('with several, another one can be asked', async () => {
  const onRegenerate = await setUp([model('a'), model('b')]);
  expect(onRegenerate).not.toHaveBeenCalled();
  await userEvent.click(await screen.findByRole('menuitem', { name: 'Answer again with B' }));
  expect(onRegenerate).toHaveBeenCalledExactlyOnceWith('b');
});
