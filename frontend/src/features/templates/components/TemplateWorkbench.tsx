import { useQuery } from '@tanstack/react-query';
import { Link, useBlocker, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { PageFrame } from '@/components/ui/PageFrame';
import { Segmented } from '@/components/ui/Segmented';
import { useTitle } from '@/hooks/useTitle';
import { showToast } from '@/hooks/useToasts';
import { useAuthSession } from '@/lib/authSession';
import type { Template } from '@/lib/contracts';
import { versionsQuery } from '@/lib/templateQueries';
import { useTemplateActions } from '../hooks/useTemplateActions';
import { useTemplates } from '../hooks/useTemplates';
import {
  draftOf,
  hasProblems,
  isChanged,
  problemsOf,
  type TemplateDraft,
  toWrite,
  variablesOf,
} from '../model/draft';
import { draftSource, templateSource, versionSource } from '../model/sources';
import { SharedTemplate } from './SharedTemplate';
import { TemplateActions } from './TemplateActions';
import { TemplateEditor } from './TemplateEditor';
import { TryPanel } from './TryPanel';
import { VersionList } from './VersionList';

type Tab = 'write' | 'try' | 'versions';

/** A template to write, try and look back on; other people's can be tried and copied. */
export function TemplateWorkbench({ template }: { template: Template }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const isOwn = useAuthSession((state) => state.user?.id) === template.user_id;
  const { create, change } = useTemplateActions();
  const { templates } = useTemplates();
  const { data: versions = [] } = useQuery(versionsQuery(template.id));
  const [tab, setTab] = useState<Tab>('write');
  const saved = useMemo(() => draftOf(template), [template]);
  const [draft, setDraft] = useState<TemplateDraft>(saved);
  const [isChecked, setIsChecked] = useState(false);
  const [isSaving, setIsSaving] = useState(false);
  const isDirty = isOwn && isChanged(draft, saved);
  const problems = problemsOf(draft);
  useTitle(template.title);
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isDirty && current.pathname !== next.pathname && !window.confirm(t('templates.leave')),
    enableBeforeUnload: isDirty,
  });

  const adopt = (stored: Template | undefined) => {
    if (!stored) return;
    setDraft(draftOf(stored));
    setIsChecked(false);
    showToast(t('templates.saved', { number: stored.version }));
  };
  const save = async () => {
    setIsChecked(true);
    if (hasProblems(problems)) return setTab('write');
    setIsSaving(true);
    adopt(await change(template.id, toWrite(draft)));
    setIsSaving(false);
  };
  const copy = async () => {
    const { title, description, content, variables, tags } = template;
    const stored = await create({ title, description, content, variables, tags });
    if (stored) void navigate({ to: '/templates/$templateId', params: { templateId: String(stored.id) } });
  };
  const own = [
    ...(isDirty ? [draftSource(draft.content, variablesOf(draft))] : []),
    ...(versions.length > 0 ? versions : [template]).map((version) => versionSource(template.id, version)),
  ];
  const others = templates.filter((other) => other.id !== template.id && other.is_active);
  const sourceOf = (key: string) =>
    own.find((source) => source.key === key) ??
    others.map(templateSource).find((source) => source.key === key);
  return (
    <PageFrame
      title={template.title}
      isWide
      action={
        <div className="flex flex-wrap items-center gap-2">
          <TemplateActions template={template} isOwn={isOwn} onCopy={() => void copy()} />
          {isOwn && (
            <Button
              isBusy={isSaving}
              disabled={!isDirty}
              data-testid="save-template"
              onClick={() => void save()}
            >
              {t('common.save')}
            </Button>
          )}
        </div>
      }
    >
      <div className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Segmented
          label={t('templates.views')}
          value={tab}
          options={[
            { value: 'write', label: isOwn ? t('templates.write') : t('templates.view') },
            { value: 'try', label: t('templates.try') },
            { value: 'versions', label: t('templates.versions') },
          ]}
          onChange={setTab}
        />
        <p className="text-[13px] text-muted-foreground tabular">
          {t('templates.versionNumber', { number: template.version })}
          {isDirty && ` · ${t('templates.draft')}`}
        </p>
      </div>
      {tab === 'write' && isOwn && (
        <TemplateEditor
          draft={draft}
          problems={isChecked ? problems : onlySyntax(problems)}
          onChange={setDraft}
        />
      )}
      {tab === 'write' && !isOwn && <SharedTemplate template={template} />}
      {/* Kept while another view is shown: an answer that runs goes on. */}
      <div hidden={tab !== 'try'}>
        <TryPanel own={own} others={others} sourceOf={sourceOf} />
      </div>
      {tab === 'versions' && (
        <VersionList
          versions={versions}
          current={template.version}
          onRestore={
            isOwn
              ? ({ content, variables }) =>
                  void change(template.id, { content, variables }).then((stored) => adopt(stored))
              : undefined
          }
        />
      )}
      <p className="mt-8">
        <Link to="/templates" className="text-primary text-sm underline-offset-4 hover:underline">
          {t('templates.all')}
        </Link>
      </p>
    </PageFrame>
  );
}

/** Before the first attempt to save, only what is plainly wrong is said. */
function onlySyntax(problems: ReturnType<typeof problemsOf>): ReturnType<typeof problemsOf> {
  const content = typeof problems.content === 'object' ? problems.content : undefined;
  return { content, variables: {} };
}
