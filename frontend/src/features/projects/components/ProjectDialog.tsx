import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import type { ProjectRead } from '@/lib/apiSchemas';
import { projectsQuery, saveProject } from '../api/projects';
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
  const errorText = useErrorText();
  const [name, setName] = useState(project?.name ?? '');
  const [draft, setDraft] = useState<ProjectDraft>(() => (project ? draftOf(project) : emptyDraft));
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const wrong = wrongFields(draft);
  const isNameRight = /^[A-Za-z0-9_-]{1,32}$/.test(name);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setIsBusy(true);
    setFailure(null);
    try {
      await saveProject(name, settingsOf(draft, project));
      void client.invalidateQueries({ queryKey: projectsQuery.queryKey });
      onClose();
    } catch (error) {
      setFailure(error);
      setIsBusy(false);
    }
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={project ? <code className="font-mono">{project.name}</code> : t('projects.create')}
      description={t(canChange ? 'projects.editHint' : 'projects.showHint')}
      className="max-w-2xl!"
    >
      <form onSubmit={(event) => void submit(event)} className="flex min-h-0 flex-col">
        <DialogBody className="space-y-4">
          {failure !== null && (
            <Notice tone="error" role="alert">
              {errorText(failure)}
            </Notice>
          )}
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
            isReadOnly={!canChange}
            onChange={(part) => setDraft((current) => ({ ...current, ...part }))}
          />
          <TryProject draft={draft} isReady={wrong.length === 0} />
        </DialogBody>
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            {t(canChange ? 'common.cancel' : 'common.close')}
          </Button>
          {canChange && (
            <Button type="submit" isBusy={isBusy} disabled={!isNameRight || wrong.length > 0}>
              {t('common.save')}
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}
