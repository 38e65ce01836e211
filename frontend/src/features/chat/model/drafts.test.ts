import { expect, test } from 'vitest';
import { forgetSession } from '@/lib/authSession';
import { readStored, writeStored } from '@/lib/storage';
import { readDraft, writeDraft } from './drafts';

test('who signs out leaves no draft behind, but keeps the side bar as it was', () => {
  writeDraft('s1', 'secret');
  writeDraft(null, 'also secret');
  writeStored('sidebar', false);
  forgetSession(true);
  expect([readDraft('s1'), readDraft(null)]).toEqual(['', '']);
  expect(readStored('sidebar', true)).toBe(false);
});

test('a sign-in that ran out does not cost a half-written message', () => {
  writeDraft('s1', 'half a thought');
  forgetSession(false);
  expect(readDraft('s1')).toBe('half a thought');
});
