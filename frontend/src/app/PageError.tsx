import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';

/** What stands in place of a page that could not be drawn. */
export function PageError({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  return (
    <div role="alert" className="mx-auto max-w-sm px-6 pt-[20dvh]">
      <h1 className="font-semibold text-xl">{t('pageError.title')}</h1>
      <p className="mt-1 mb-5 text-muted-foreground">{errorText(error)}</p>
      <Button variant="outline" onClick={() => window.location.reload()}>
        {t('pageError.reload')}
      </Button>
    </div>
  );
}
