import { fireEvent, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { renderInApp } from '@/testing/render';
import { EmptyChat } from './EmptyChat';

test('three ways to begin, each asked by one press, and the way to the API', async () => {
  const onStart = vi.fn();
  await renderInApp(<EmptyChat onStart={onStart} />);
  const starters = screen.getAllByRole('listitem').map((item) => item.querySelector('button'));
  expect(starters).toHaveLength(3);
  for (const starter of starters) if (starter) fireEvent.click(starter);
  const asked = onStart.mock.calls.flat();
  expect(new Set(asked).size).toBe(3);
  expect(starters.map((starter, index) => starter?.textContent?.includes(asked[index]))).toEqual([
    true,
    true,
    true,
  ]);
  expect(document.querySelector('a')).toHaveAttribute('href', '/keys');
});
