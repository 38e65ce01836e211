import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <main className="mx-auto max-w-sm px-6 pt-[20dvh]">
      <h1 className="font-semibold text-xl">{t('notFound.title')}</h1>
      <p className="mt-1 mb-5 text-muted-foreground">{t('notFound.text')}</p>
      <Link to="/" className="text-primary underline-offset-4 hover:underline">
        {t('notFound.back')}
      </Link>
    </main>
  );
}
