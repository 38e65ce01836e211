import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { makeMessage } from '@/testing/messages';
import { UserMessage } from './UserMessage';

test('an edit waits for the answer that is on its way; nothing of it is lost meanwhile', async () => {
  const edit = vi.fn();
  const message = makeMessage('m1', null, { content: 'Before.' });
  const props = { message, branch: null, actions: { edit } as never };
  const view = render(<UserMessage {...props} isBusy={false} />);
  await userEvent.click(screen.getByRole('button', { name: 'Edit message' }));
  const field = await screen.findByTestId('edit-input');
  await userEvent.clear(field);
  await userEvent.type(field, 'After.');
  view.rerender(<UserMessage {...props} isBusy={true} />);
  expect(screen.getByRole('button', { name: 'Send' })).toBeDisabled();
  await userEvent.type(field, '{Control>}{Enter}{/Control}');
  expect(edit).not.toHaveBeenCalled();
  expect(screen.getByTestId('edit-input')).toHaveValue('After.');
  view.rerender(<UserMessage {...props} isBusy={false} />);
  await userEvent.type(screen.getByTestId('edit-input'), '{Control>}{Enter}{/Control}');
  expect(edit).toHaveBeenCalledExactlyOnceWith(message, 'After.');
});
