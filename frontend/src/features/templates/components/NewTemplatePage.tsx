import { useBlocker, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { PageFrame } from '@/components/ui/PageFrame';
import { useTitle } from '@/hooks/useTitle';
import { useTemplateActions } from '../hooks/useTemplateActions';
import {
  emptyDraft,
  hasProblems,
  isChanged,
  problemsOf,
  type TemplateDraft,
  toWrite,
  withContent,
} from '../model/draft';
import type { StarterKey } from '../model/starters';
import { TemplateEditor } from './TemplateEditor';

/** A template that is not stored yet; it may begin with a starter. */
export function NewTemplatePage({ starter }: { starter?: StarterKey }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { create } = useTemplateActions();
  const [first] = useState<TemplateDraft>(() => {
    if (!starter) return emptyDraft;
    const title = t(`templates.starters.${starter}.title`);
    const description = t(`templates.starters.${starter}.description`);
    const content = t(`templates.starters.${starter}.content`, { skipInterpolation: true });
    return withContent({ ...emptyDraft, title, description }, content);
  });
  const [draft, setDraft] = useState(first);
  const [isChecked, setIsChecked] = useState(false);
  const [isSaving, setIsSaving] = useState(false);
  const problems = problemsOf(draft);
  const isDirty = isChanged(draft, first);
  useTitle(t('templates.new'));
  useBlocker({
    shouldBlockFn: () => isDirty && !window.confirm(t('templates.leave')),
    enableBeforeUnload: isDirty,
  });
  const save = async () => {
    setIsChecked(true);
    if (hasProblems(problems)) return;
    setIsSaving(true);
    const stored = await create(toWrite(draft));
    setIsSaving(false);
    if (!stored) return;
    void navigate({
      to: '/templates/$templateId',
      params: { templateId: String(stored.id) },
      replace: true,
      ignoreBlocker: true,
    });
  };
  const content = typeof problems.content === 'object' ? problems.content : undefined;
  return (
    <PageFrame
      title={t('templates.new')}
      isWide
      action={
        <Button isBusy={isSaving} data-testid="save-template" onClick={() => void save()}>
          {t('common.save')}
        </Button>
      }
    >
      <TemplateEditor
        draft={draft}
        problems={isChecked ? problems : { content, variables: {} }}
        onChange={setDraft}
      />
    </PageFrame>
  );
}
