import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '@/lib/contracts';
import { modelsQuery } from '@/lib/modelQueries';
import { queryClient } from '@/lib/queryClient';
import { makeMessage } from '@/testing/messages';
import { renderInApp } from '@/testing/render';
import type { TurnActions } from '../hooks/useTurnActions';
import { AssistantMessage } from './AssistantMessage';

const actions: TurnActions = {
  regenerate: vi.fn(),
  showBranch: vi.fn(),
  retryUnsent: vi.fn(),
  discardUnsent: vi.fn(),
} as unknown as TurnActions;

beforeEach(() => queryClient.setQueryData(modelsQuery.queryKey, []));

const show = (patch: Partial<Message>) =>
  renderInApp(
    <AssistantMessage
      message={makeMessage('m1', 'q1', { role: 'assistant', ...patch })}
      sessionId="s1"
      branch={null}
      isLast
      isBusy={false}
      actions={actions}
      onReturnText={vi.fn()}
    />,
  );

test('a stored answer says how long it was thought about', async () => {
  await show({ reasoning: 'Hm', timings: { reasoning_ms: 2400 } });
  expect(screen.getByRole('button', { name: /Thought for 2.4/ })).toBeVisible();
});

test('an answer without the time says only that it was thought over', async () => {
  await show({ reasoning: 'Hm', timings: { total_ms: 5 } });
  expect(screen.getByRole('button', { name: 'Thought it over' })).toBeVisible();
});

test('an answer that was cut at its limit says so, a whole one does not', async () => {
  const { unmount } = await show({ finish_reason: 'length' });
  expect(screen.getByTestId('length-mark')).toBeVisible();
  unmount();
  await show({ finish_reason: 'stop' });
  expect(screen.queryByTestId('length-mark')).toBeNull();
});

test('copying gives the Markdown as the model wrote it', async () => {
  const user = userEvent.setup();
  vi.stubGlobal('isSecureContext', true);
  const content = '**Oslo**\n\n| a | b |\n| - | - |\n| 1 | 2 |\n';
  await show({ content });
  await user.click(screen.getByRole('button', { name: 'Copy answer' }));
  expect(await navigator.clipboard.readText()).toBe(content);
  vi.unstubAllGlobals();
});

test('a failure stands under what was said so far, with its reason, its request and Retry', async () => {
  const error = {
    code: 'upstream_odd',
    message: 'The model server closed the connection.',
    request_id: 'req_81c2',
  };
  await show({ content: 'It opens to the', status: 'failed', error });
  const alert = screen.getByRole('alert');
  expect(alert).toHaveTextContent('The model server closed the connection.');
  expect(alert).toHaveTextContent('req_81c2');
  expect(await screen.findByText('It opens to the')).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  expect(actions.regenerate).toHaveBeenCalledOnce();
});
