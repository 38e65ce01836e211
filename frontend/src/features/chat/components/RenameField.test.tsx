import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { RenameField } from './RenameField';

test('a title that was pasted with tabs is one line', () => {
  const onDone = vi.fn();
  render(<RenameField title="Before" onDone={onDone} />);
  const field = screen.getByTestId('rename-input');
  fireEvent.change(field, { target: { value: ' Level 7\tNorth ' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  expect(onDone).toHaveBeenCalledExactlyOnceWith('Level 7 North');
});
