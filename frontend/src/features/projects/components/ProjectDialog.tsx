import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import type { ProjectRead } from '@/lib/apiSchemas';
import { projectsQuery, saveProject } from '../api/projects';
import { useTemplateValues } from '../hooks/useTemplateValues';
import { draftOf, emptyDraft, type ProjectDraft, settingsOf, wrongFields } from '../model/projectDraft';
import { ProjectFields } from './ProjectFields';
import { TryProject } from './TryProject';

/** The same in every language. */
const exampleName = 'dragon';

interface ProjectDialogProps {
  /** Null: a new one. */
  project: ProjectRead | null;
  canChange: boolean;
  onClose: () => void;
}

export function ProjectDialog({ project, canChange, onClose }: ProjectDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState(project?.name ?? '');
  const [draft, setDraft] = useState<ProjectDraft>(() => (project ? draftOf(project) : emptyDraft));
  const template = useTemplateValues(draft);
  const wrong = wrongFields(draft);
  const isRight = wrong.length === 0 && Object.keys(template.problems).length === 0;
  const isNameRight = /^[A-Za-z0-9_-]{1,32}$/.test(name);

  async function save() {
    await saveProject(name, settingsOf(draft, template.values));
    void client.invalidateQueries({ queryKey: projectsQuery.queryKey });
    onClose();
  }
  return (
    <FormDialog
      title={project ? <code className="font-mono">{project.name}</code> : t('projects.create')}
      description={t(canChange ? 'projects.editHint' : 'projects.showHint')}
      className="max-w-2xl!"
      submitLabel={canChange ? t('common.save') : undefined}
      isReady={isNameRight && isRight}
      onSubmit={save}
      onClose={onClose}
    >
      {!project && (
        <Field
          label={t('projects.name')}
          hint={t('projects.nameHint')}
          placeholder={exampleName}
          value={name}
          maxLength={32}
          autoComplete="off"
          onChange={(event) => setName(event.target.value.trim())}
        />
      )}
      <ProjectFields
        draft={draft}
        wrong={wrong}
        template={template}
        isReadOnly={!canChange}
        onChange={(part) => setDraft((current) => ({ ...current, ...part }))}
      />
      <TryProject draft={draft} values={template.values} isReady={isRight} />
    </FormDialog>
  );
}
