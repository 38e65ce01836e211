import { useTranslation } from 'react-i18next';
import { Field } from '@/components/ui/Field';
import { type DraftProblems, type TemplateDraft, withContent } from '../model/draft';
import { TemplateField } from './TemplateField';
import { VariableRows } from './VariableRows';

interface TemplateEditorProps {
  draft: TemplateDraft;
  problems: DraftProblems;
  onChange: (draft: TemplateDraft) => void;
}

/** Title, text, variables; the rows of variables follow the text. */
export function TemplateEditor({ draft, problems, onChange }: TemplateEditorProps) {
  const { t } = useTranslation();
  const { content } = problems;
  const contentError =
    content === 'contentMissing'
      ? t('templates.contentMissing')
      : content && t('templates.contentWrong', { ...content, example: '{{name}}' });
  return (
    <div className="space-y-5">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label={t('templates.titleField')}
          placeholder={t('templates.titlePlaceholder')}
          value={draft.title}
          maxLength={200}
          autoComplete="off"
          error={problems.title && t(`templates.${problems.title}`)}
          onChange={(event) => onChange({ ...draft, title: event.target.value })}
        />
        <Field
          label={t('templates.tags')}
          placeholder={t('templates.tagsPlaceholder')}
          value={draft.tagsText}
          autoComplete="off"
          onChange={(event) => onChange({ ...draft, tagsText: event.target.value })}
        />
      </div>
      <Field
        label={t('templates.description')}
        value={draft.description}
        maxLength={2000}
        autoComplete="off"
        onChange={(event) => onChange({ ...draft, description: event.target.value })}
      />
      <TemplateField
        value={draft.content}
        error={contentError || undefined}
        onChange={(text) => onChange(withContent(draft, text))}
      />
      <VariableRows
        content={draft.content}
        rows={draft.variables}
        problems={problems.variables}
        onChange={(variables) => onChange({ ...draft, variables })}
      />
    </div>
  );
}
