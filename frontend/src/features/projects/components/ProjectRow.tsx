import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { ProjectRead } from '@/lib/apiSchemas';
import { dropProject, projectsQuery } from '../api/projects';

interface ProjectRowProps {
  project: ProjectRead;
  canChange: boolean;
  onOpen: () => void;
}

/** A project: what is said of it at a glance, its form, and the way back. */
export function ProjectRow({ project, canChange, onOpen }: ProjectRowProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [isAsked, setIsAsked] = useState(false);
  const { name } = project;
  const facts = [
    project.model,
    project.answer_schema && t('projects.hasSchema'),
    project.template_id != null && t('projects.hasTemplate'),
    t(`projects.priorities.${project.priority}`),
  ];

  async function drop() {
    try {
      await dropProject(name);
      showToast(t(project.is_builtin ? 'projects.wasReset' : 'projects.removed', { name }));
    } catch (error) {
      showToast(errorText(error));
    }
    setIsAsked(false);
    void client.invalidateQueries({ queryKey: projectsQuery.queryKey });
  }
  return (
    <li
      data-testid="project-row"
      data-name={name}
      className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5"
    >
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <code className="font-medium font-mono text-sm">{name}</code>
          {(project.is_changed || !project.is_builtin) && (
            <span className="rounded-md bg-primary-soft px-1.5 text-primary text-xs leading-5">
              {t(project.is_changed ? 'projects.changed' : 'projects.own')}
            </span>
          )}
        </p>
        <p className="mt-0.5 truncate text-sm">{project.system_prompt}</p>
        <p className="mt-0.5 text-[13px] text-muted-foreground">{facts.filter(Boolean).join(' · ')}</p>
      </div>
      <div className="flex items-center gap-2">
        {isAsked ? (
          <>
            <Button variant="ghost" size="sm" onClick={() => setIsAsked(false)}>
              {t('common.cancel')}
            </Button>
            <Button variant="danger" size="sm" onClick={() => void drop()}>
              {t(project.is_builtin ? 'projects.resetConfirm' : 'projects.removeConfirm')}
            </Button>
          </>
        ) : (
          <>
            {canChange && (project.is_changed || !project.is_builtin) && (
              <Button
                variant="outline"
                size="sm"
                aria-label={t(project.is_builtin ? 'projects.resetOf' : 'projects.removeOf', { name })}
                onClick={() => setIsAsked(true)}
              >
                {t(project.is_builtin ? 'projects.reset' : 'projects.remove')}
              </Button>
            )}
            <Button
              variant="outline"
              size="sm"
              aria-label={t(canChange ? 'projects.editOf' : 'projects.showOf', { name })}
              onClick={onOpen}
            >
              {t(canChange ? 'projects.edit' : 'projects.show')}
            </Button>
          </>
        )}
      </div>
    </li>
  );
}
