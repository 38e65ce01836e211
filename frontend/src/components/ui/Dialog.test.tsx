import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { Dialog } from './Dialog';

function Page() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <textarea aria-label="Message" onKeyDown={(event) => event.key === 'k' && setIsOpen(true)} />
      {isOpen && (
        <Dialog isOpen onOpenChange={setIsOpen} title="Search">
          <input aria-label="Words" autoFocus />
        </Dialog>
      )}
    </>
  );
}

test('who opened a dialog from the keyboard goes on typing where they were', async () => {
  render(<Page />);
  const message = screen.getByLabelText('Message');
  message.focus();
  await userEvent.keyboard('k');
  expect(await screen.findByLabelText('Words')).toHaveFocus();
  await userEvent.keyboard('{Escape}');
  await expect.poll(() => document.activeElement).toBe(message);
});
