import { act, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import { SettingsPage } from '@/features/settings/components/SettingsPage';
import { useAuthSession } from '@/lib/authSession';
import { formatCount } from '@/lib/format';
import { matchLanguage, showLanguage } from '@/lib/i18n';
import { renderInApp } from '@/testing/render';
import { startLanguage, useLanguage } from './useLanguage';

afterEach(async () => {
  useLanguage.setState({ choice: 'system' });
  await act(() => showLanguage('en'));
});

test('the first wanted language that the page has is taken', () => {
  expect(matchLanguage(['fr-FR', 'zh-CN', 'de'])).toBe('zh');
  expect(matchLanguage(['de-AT', 'en'])).toBe('de');
  expect(matchLanguage(['fr', 'ja'])).toBe('en');
});

test('a chosen language is shown at once, names itself in the document, and is kept', async () => {
  useAuthSession.setState({ status: 'signed-in', accessToken: 'jwt' });
  vi.stubGlobal('fetch', async () => new Response('{"items": []}'));
  await renderInApp(<SettingsPage passwordForm={null} />);
  await userEvent.click(screen.getByRole('radio', { name: 'Deutsch' }));
  expect(await screen.findByRole('heading', { name: 'Einstellungen' })).toBeInTheDocument();
  expect(document.documentElement.lang).toBe('de');
  expect(formatCount(12345)).toBe('12.345');
  await userEvent.click(screen.getByRole('radio', { name: '中文' }));
  expect(await screen.findByRole('heading', { name: '设置' })).toBeInTheDocument();
  expect(document.documentElement.lang).toBe('zh-Hans');
  expect(localStorage.getItem('portal.language')).toBe('"zh"');
});

test('while nothing is chosen the system decides', async () => {
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['de-CH']);
  await act(() => startLanguage());
  expect(document.documentElement.lang).toBe('de');
});
