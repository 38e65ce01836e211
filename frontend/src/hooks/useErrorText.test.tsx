import { act, renderHook } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { ApiError, OfflineError } from '@/lib/errors';
import { showLanguage } from '@/lib/i18n';
import { useErrorText } from './useErrorText';

const refused = new ApiError(415, {
  code: 'unsupported_file',
  message: 'Old Office files cannot be read; save it as DOCX or PDF.',
});

afterEach(async () => {
  await act(() => showLanguage('en'));
});

test('English readers get the portal’s own sentence about a refusal', () => {
  const { result } = renderHook(useErrorText);
  expect(result.current(refused)).toBe('Old Office files cannot be read; save it as DOCX or PDF.');
});

test('other languages get a sentence of theirs', async () => {
  const { result } = renderHook(useErrorText);
  await act(() => showLanguage('de'));
  expect(result.current(refused)).toMatch(/^Dateien dieser Art/);
  await act(() => showLanguage('zh'));
  expect(result.current(refused)).toMatch(/^无法发送此类文件/);
});

test('what has no words is said as the portal said it, and nothing at all as a general sentence', () => {
  const { result } = renderHook(useErrorText);
  expect(result.current(new ApiError(418, { code: 'teapot', message: 'Short and stout.' }))).toBe(
    'Short and stout.',
  );
  expect(result.current(new OfflineError())).toMatch(/^The portal could not be reached/);
  expect(result.current(null)).toBe('Something went wrong. Try again.');
});
