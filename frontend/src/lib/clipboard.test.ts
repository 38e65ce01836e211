import { afterEach, expect, test, vi } from 'vitest';
import { copyText } from './clipboard';

afterEach(() => vi.unstubAllGlobals());

/** The old way: what was selected when the browser was told to copy. */
function stubCopyCommand(worked: boolean): string[] {
  const copied: string[] = [];
  document.execCommand = vi.fn(() => {
    copied.push(document.querySelector('textarea')?.value ?? '');
    return worked;
  });
  return copied;
}

test('on https the clipboard takes it', async () => {
  const writeText = vi.fn(async () => undefined);
  vi.stubGlobal('navigator', { clipboard: { writeText } });
  vi.stubGlobal('isSecureContext', true);
  expect(await copyText('a **b**')).toBe(true);
  expect(writeText).toHaveBeenCalledExactlyOnceWith('a **b**');
});

test('on plain http, where there is none, it is copied as a selection, and the focus comes back', async () => {
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('isSecureContext', false);
  const copied = stubCopyCommand(true);
  const button = document.body.appendChild(document.createElement('button'));
  button.focus();
  expect(await copyText('line 1\nline 2')).toBe(true);
  expect(copied).toEqual(['line 1\nline 2']);
  expect(document.querySelector('textarea')).toBeNull();
  expect(document.activeElement).toBe(button);
  button.remove();
});

test('a clipboard that refuses is gone round; when nothing works, that is known', async () => {
  vi.stubGlobal('navigator', { clipboard: { writeText: () => Promise.reject(new Error('no permission')) } });
  vi.stubGlobal('isSecureContext', true);
  stubCopyCommand(true);
  expect(await copyText('x')).toBe(true);
  stubCopyCommand(false);
  expect(await copyText('x')).toBe(false);
});
