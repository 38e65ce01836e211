import { useTranslation } from 'react-i18next';
import { ApiError, OfflineError } from '@/lib/errors';

/** What went wrong and what to do, in words: ours where the code is known, else the portal's own. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (error instanceof OfflineError) return t('errors.offline');
    const code = error instanceof ApiError ? error.code : (error as { code?: string } | null)?.code;
    const seconds = error instanceof ApiError ? error.retryAfterSeconds : null;
    if (code === 'too_many_attempts' && seconds) return t('errors.wait', { count: Math.ceil(seconds) });
    if (code && i18n.exists(`errors.${code}`)) return t(`errors.${code}`);
    // The portal explains these in English, with what it found; other languages have the general sentence.
    if (code && i18n.language !== 'en' && i18n.exists(`refusals.${code}`)) return t(`refusals.${code}`);
    const message = (error as { message?: string } | null)?.message;
    return message || t('errors.unknown');
  };
}
