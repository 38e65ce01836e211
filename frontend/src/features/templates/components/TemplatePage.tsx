import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { ApiError } from '@/lib/errors';
import { templateQuery } from '../api/templates';
import { TemplateWorkbench } from './TemplateWorkbench';

/** One template: found, or said why not. */
export function TemplatePage({ templateId }: { templateId: number }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data: template, error, refetch } = useQuery(templateQuery(templateId));
  if (template) return <TemplateWorkbench key={template.id} template={template} />;
  const isMissing = error instanceof ApiError && (error.status === 404 || error.status === 422);
  return (
    <PageFrame title={isMissing ? t('templates.missingTitle') : t('templates.title')}>
      {isMissing && (
        <>
          <p className="mb-5 text-muted-foreground">{t('templates.missingText')}</p>
          <Link to="/templates" className="text-primary underline-offset-4 hover:underline">
            {t('templates.title')}
          </Link>
        </>
      )}
      {error && !isMissing && (
        <Notice
          tone="error"
          role="alert"
          actions={
            <Button variant="outline" size="sm" onClick={() => void refetch()}>
              {t('common.retry')}
            </Button>
          }
        >
          {errorText(error)}
        </Notice>
      )}
      {!error && <Skeleton className="h-64" />}
    </PageFrame>
  );
}
