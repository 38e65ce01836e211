import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { Reasoning } from './Reasoning';

const thoughts = 'The wall says so.';

test('thoughts are folded, and say how long they took once they are over', () => {
  const { rerender } = render(<Reasoning text={thoughts} isThinking milliseconds={null} />);
  expect(screen.getByRole('button', { name: 'Thinking…' })).toHaveAttribute('aria-expanded', 'false');
  expect(screen.queryByText(thoughts)).toBeNull();
  rerender(<Reasoning text={thoughts} isThinking={false} milliseconds={3200} />);
  expect(screen.getByRole('button', { name: 'Thought for 3.2 s' })).toBeVisible();
  expect(screen.queryByText(thoughts)).toBeNull();
});

test('what the reader unfolded stays so while more comes, and when it ends', async () => {
  const { rerender } = render(<Reasoning text="The wall" isThinking milliseconds={null} />);
  await userEvent.click(screen.getByRole('button', { name: 'Thinking…' }));
  rerender(<Reasoning text={thoughts} isThinking milliseconds={null} />);
  expect(screen.getByText(thoughts)).toBeVisible();
  rerender(<Reasoning text={thoughts} isThinking={false} milliseconds={900} />);
  expect(screen.getByText(thoughts)).toBeVisible();
});
