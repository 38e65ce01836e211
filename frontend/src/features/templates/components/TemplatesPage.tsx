import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { buttonStyle } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { MoreButton } from '@/components/ui/MoreButton';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Segmented } from '@/components/ui/Segmented';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { useTemplates } from '../hooks/useTemplates';
import { EmptyTemplates } from './EmptyTemplates';
import { TemplateRow } from './TemplateRow';

/** A person's templates and those that others share. */
export function TemplatesPage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [tab, setTab] = useState<'own' | 'shared'>('own');
  const [search, setSearch] = useState('');
  const { templates, isOwn, query } = useTemplates(search);
  const { isPending, error } = query;
  const shown = templates.filter((template) => isOwn(template) === (tab === 'own'));
  const isEmpty = !isPending && !error && shown.length === 0;
  useTitle(t('templates.title'));
  return (
    <PageFrame
      title={t('templates.title')}
      subtitle={t('templates.subtitle')}
      action={
        <Link to="/templates/new" data-testid="new-template" className={buttonStyle({})}>
          <Plus size={16} aria-hidden />
          {t('templates.new')}
        </Link>
      }
    >
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <Segmented
          label={t('templates.whose')}
          value={tab}
          options={[
            { value: 'own', label: t('templates.own') },
            { value: 'shared', label: t('templates.shared') },
          ]}
          onChange={setTab}
        />
        <input
          type="search"
          value={search}
          aria-label={t('templates.search')}
          placeholder={t('templates.search')}
          className={`${inputStyle} min-w-40 flex-1 basis-48`}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {error && (
        <Notice tone="error" role="alert">
          {errorText(error)}
        </Notice>
      )}
      {isPending && <Skeleton className="h-32" />}
      {isEmpty && search && (
        <p className="py-6 text-muted-foreground">{t('search.nothing', { query: search })}</p>
      )}
      {isEmpty && !search && tab === 'own' && <EmptyTemplates />}
      {isEmpty && !search && tab === 'shared' && (
        <p className="py-6 text-muted-foreground">{t('templates.noneShared')}</p>
      )}
      {shown.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {shown.map((template) => (
            <TemplateRow key={template.id} template={template} isOwn={isOwn(template)} />
          ))}
        </ul>
      )}
      <MoreButton query={query} />
    </PageFrame>
  );
}
