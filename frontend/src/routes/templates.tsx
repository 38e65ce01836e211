import '@/lib/moreWords';
import { useParams, useSearch } from '@tanstack/react-router';
import { NewTemplatePage } from '@/features/templates/components/NewTemplatePage';
import { TemplatePage } from '@/features/templates/components/TemplatePage';
import { TemplatesPage } from '@/features/templates/components/TemplatesPage';
import { isStarterKey } from '@/features/templates/model/starters';

export function TemplatesRoute() {
  return <TemplatesPage />;
}

export function NewTemplateRoute() {
  const { from } = useSearch({ from: '/app/templates/new' });
  return <NewTemplatePage starter={isStarterKey(from) ? from : undefined} />;
}

export function TemplateRoute() {
  const { templateId } = useParams({ from: '/app/templates/$templateId' });
  return <TemplatePage key={templateId} templateId={Number(templateId)} />;
}
