import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, inputStyle } from '@/components/ui/Field';
import { VariablesForm } from '@/components/VariablesForm';
import { cn } from '@/lib/cn';
import { modelsQuery } from '@/lib/modelQueries';
import { promptTemplatesQuery } from '../api/projects';
import type { TemplateValues } from '../hooks/useTemplateValues';
import type { NumberField, ProjectDraft, WrongField } from '../model/projectDraft';
import { TextArea } from './TextArea';

const numbers: NumberField[] = ['temperature', 'top_p', 'max_tokens', 'deadline_seconds'];
const priorities: ProjectDraft['priority'][] = ['player', 'chat', 'batch'];

interface ProjectFieldsProps {
  draft: ProjectDraft;
  wrong: WrongField[];
  template: TemplateValues;
  isReadOnly: boolean;
  onChange: (part: Partial<ProjectDraft>) => void;
}

/** All that a project says. */
export function ProjectFields({ draft, wrong, template, isReadOnly, onChange }: ProjectFieldsProps) {
  const { t } = useTranslation();
  const { data: models = [] } = useQuery(modelsQuery);
  const { data: templates = [] } = useQuery(promptTemplatesQuery);
  const isKnown = (id: string) => templates.some((one) => String(one.id) === id);
  return (
    <fieldset disabled={isReadOnly} className="min-w-0 space-y-4">
      <TextArea
        label={t('projects.prompt')}
        hint={t('projects.promptHint')}
        rows={5}
        value={draft.system_prompt}
        maxLength={100_000}
        data-testid="project-prompt"
        onChange={(event) => onChange({ system_prompt: event.target.value })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Choice
          label={t('projects.template')}
          value={draft.template_id}
          onChange={(value) =>
            onChange({ template_id: value, template_version: '', variables: {}, stored_variables: {} })
          }
          options={[
            { value: '', label: t('projects.noTemplate') },
            ...templates.map(({ id, title }) => ({ value: String(id), label: title })),
            ...(draft.template_id && !isKnown(draft.template_id)
              ? [{ value: draft.template_id, label: t('projects.otherTemplate') }]
              : []),
          ]}
        />
        {template.versions.length > 1 && (
          <Choice
            label={t('projects.version')}
            value={draft.template_version}
            onChange={(value) => onChange({ template_version: value })}
            options={[
              { value: '', label: t('projects.newestVersion') },
              ...template.versions.map((version) => ({
                value: String(version),
                label: t('projects.versionNumber', { number: version }),
              })),
            ]}
          />
        )}
        {template.variables.length > 0 && (
          <section aria-label={t('projects.values')} className="rounded-lg border p-3.5 sm:col-span-2">
            <p className="mb-3 text-[13px] text-muted-foreground">{t('projects.valuesHint')}</p>
            <VariablesForm
              variables={template.variables}
              raw={draft.variables}
              problems={template.problems}
              onChange={(variables) => onChange({ variables })}
            />
          </section>
        )}
        <Choice
          label={t('models.model')}
          value={draft.model}
          onChange={(value) => onChange({ model: value })}
          options={[
            { value: '', label: t('projects.defaultModel') },
            ...models.map((model) => ({ value: model.id, label: model.name })),
            ...(draft.model && !models.some((model) => model.id === draft.model)
              ? [{ value: draft.model, label: draft.model }]
              : []),
          ]}
        />
        {numbers.map((name) => (
          <Field
            key={name}
            label={t(`projects.${name}`)}
            inputMode="decimal"
            autoComplete="off"
            placeholder={t('projects.default')}
            value={draft[name]}
            error={wrong.includes(name) ? t(`projects.wrong.${name}`) : undefined}
            onChange={(event) => onChange({ [name]: event.target.value })}
          />
        ))}
        <Choice
          label={t('projects.priority')}
          value={draft.priority}
          onChange={(value) => onChange({ priority: value as ProjectDraft['priority'] })}
          options={priorities.map((value) => ({ value, label: t(`projects.priorities.${value}`) }))}
        />
      </div>
      <label className="flex items-start gap-3 text-sm">
        <input
          type="checkbox"
          className="mt-0.5 size-4.5 accent-primary"
          checked={draft.coalesces_states}
          onChange={(event) => onChange({ coalesces_states: event.target.checked })}
        />
        <span>
          {t('projects.coalesces')}
          <span className="block text-[13px] text-muted-foreground">{t('projects.coalescesHint')}</span>
        </span>
      </label>
      <TextArea
        label={t('projects.schema')}
        hint={t('projects.schemaHint')}
        error={wrong.includes('answer_schema') ? t('projects.wrong.answer_schema') : undefined}
        rows={4}
        spellCheck={false}
        className="font-mono text-[13px]! leading-5"
        value={draft.answer_schema}
        onChange={(event) => onChange({ answer_schema: event.target.value })}
      />
    </fieldset>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: { value: string; label: string }[];
  onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div className="min-w-0 space-y-1.5">
      <label htmlFor={id} className="block font-medium text-sm">
        {label}
      </label>
      <select
        id={id}
        className={cn(inputStyle, 'truncate')}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
