import { act, render, screen } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { makeMessage } from '@/testing/messages';
import { dropLiveTurn, type LiveTurn, newLiveTurn, patchLiveTurn, putLiveTurn } from '../model/liveTurns';
import { TurnAnnouncer } from './TurnAnnouncer';
import { TurnProgress } from './TurnProgress';

const patch = (values: Partial<LiveTurn>) => act(() => patchLiveTurn('s1', values));

beforeEach(() => {
  const assistantMessage = makeMessage('a1', 'q1', { role: 'assistant' });
  putLiveTurn(newLiveTurn('s1', { userMessage: null, assistantMessage }));
});

test('before the first token: the place in the queue, then how much has been read; after it, nothing', () => {
  render(<TurnProgress sessionId="s1" />);
  const progress = screen.getByTestId('turn-progress');
  patch({ phase: 'queued', queuePlace: 3 });
  expect(progress).toHaveTextContent('Number 3 in line');
  patch({ queuePlace: 1 });
  expect(progress).toHaveTextContent('Next in line');
  patch({ phase: 'prefill', queuePlace: null, prefillProgress: 0.4 });
  expect(progress).toHaveTextContent('Reading the conversation, 40 %');
  patch({ phase: 'answering', content: 'Oslo' });
  expect(progress).not.toBeInTheDocument();
});

test('a line that broke is said, in the middle of the answer too', () => {
  render(<TurnProgress sessionId="s1" />);
  patch({ phase: 'answering', content: 'Oslo', isReconnecting: true });
  expect(screen.getByTestId('turn-progress')).toHaveTextContent('Connection lost. Reconnecting…');
});

test('screen readers hear that an answer began and how it ended, and nothing of the text', () => {
  render(<TurnAnnouncer sessionId="s1" />);
  const status = screen.getByRole('status');
  expect(status).toHaveAttribute('aria-live', 'polite');
  patch({ phase: 'answering', content: 'Oslo' });
  expect(status).toHaveTextContent(/^Answer started$/);
  patch({ phase: 'finished', outcome: 'cancelled' });
  expect(status).toHaveTextContent(/^Answer stopped$/);
  act(() => dropLiveTurn('s1'));
  expect(status).toHaveTextContent(/^Answer stopped$/);
});
