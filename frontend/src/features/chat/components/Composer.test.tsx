import { fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { Composer } from './Composer';

function setUp(patch: Partial<Parameters<typeof Composer>[0]> = {}) {
  const onSend = vi.fn();
  const onStop = vi.fn();
  const props = {
    sessionId: 's1',
    isRunning: false,
    isStopping: false,
    onSend,
    onStop,
    lastPrompt: 'Before',
    ...patch,
  };
  const view = render(<Composer {...props} />);
  return { onSend, onStop, props, view, field: screen.getByLabelText<HTMLTextAreaElement>('Message') };
}

test('Enter sends the trimmed text and empties the box', async () => {
  const { onSend, field } = setUp();
  await userEvent.type(field, '  Hello  {Enter}');
  expect(onSend).toHaveBeenCalledExactlyOnceWith('Hello', []);
  expect(field).toHaveValue('');
  expect(field).toHaveFocus();
});

test('Shift+Enter breaks the line and sends nothing', async () => {
  const { onSend, field } = setUp();
  await userEvent.type(field, 'one{Shift>}{Enter}{/Shift}two');
  expect(field).toHaveValue('one\ntwo');
  expect(onSend).not.toHaveBeenCalled();
});

test('the Enter that confirms a composed word sends nothing', async () => {
  const { onSend, field } = setUp();
  await userEvent.type(field, '你好');
  fireEvent.keyDown(field, { key: 'Enter', isComposing: true });
  fireEvent.keyDown(field, { key: 'Enter', keyCode: 229 });
  expect(onSend).not.toHaveBeenCalled();
});

test('while an answer runs, Stop stands in Send’s place, Enter keeps the text, Escape stops', async () => {
  const { onSend, onStop, field } = setUp({ isRunning: true });
  expect(screen.queryByRole('button', { name: 'Send' })).toBeNull();
  await userEvent.type(field, 'next{Enter}');
  expect(onSend).not.toHaveBeenCalled();
  expect(field).toHaveValue('next');
  await userEvent.keyboard('{Escape}');
  await userEvent.click(screen.getByRole('button', { name: 'Stop' }));
  expect(onStop).toHaveBeenCalledTimes(2);
  expect(field).toHaveFocus();
});

test('a draft survives, each conversation has its own, and sending clears it', async () => {
  const first = setUp();
  await userEvent.type(first.field, 'half a thought');
  first.view.unmount();
  const other = setUp({ sessionId: 's2' });
  expect(other.field).toHaveValue('');
  other.view.unmount();
  const again = setUp();
  expect(again.field).toHaveValue('half a thought');
  await userEvent.type(again.field, '{Enter}');
  again.view.unmount();
  expect(setUp().field).toHaveValue('');
});

test('↑ in the empty box brings the last prompt back', async () => {
  const { field } = setUp();
  await userEvent.type(field, '{ArrowUp}');
  expect(field).toHaveValue('Before');
});

test('a text that is given back comes before what was typed since', async () => {
  const { props, view, field } = setUp();
  await userEvent.type(field, 'Typed since.');
  view.rerender(<Composer {...props} returned={{ text: 'Given back.' }} />);
  expect(field).toHaveValue('Given back.\n\nTyped since.');
});
