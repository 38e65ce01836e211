import { screen } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import type { Health, Model } from '@/lib/contracts';
import { healthQuery } from '@/lib/modelQueries';
import { queryClient } from '@/lib/queryClient';
import { renderInApp } from '@/testing/render';
import { DemoChip } from './DemoNotice';

const model = (isDemo: boolean) =>
  ({ id: 'm', name: 'M', is_demo: isDemo, capabilities: [] }) as unknown as Model;

beforeEach(() => {
  queryClient.setQueryData(healthQuery.queryKey, { is_demo: true, status: 'healthy' } as Health);
});

test('the mark of the demo stands beside the demo alone, not beside a real model chosen instead', async () => {
  const { unmount } = await renderInApp(<DemoChip model={model(true)} />);
  expect(screen.getByTestId('demo-chip')).toBeVisible();
  unmount();
  await renderInApp(<DemoChip model={model(false)} />);
  expect(screen.queryByTestId('demo-chip')).toBeNull();
});

test('while the models are not known, what the portal says of itself counts', async () => {
  await renderInApp(<DemoChip />);
  expect(screen.getByTestId('demo-chip')).toBeVisible();
});
