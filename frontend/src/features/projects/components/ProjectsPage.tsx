import '@/lib/moreWords';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Gamepad2, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, buttonStyle } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import type { ProjectRead } from '@/lib/apiSchemas';
import { useAuthSession } from '@/lib/authSession';
import { projectsQuery } from '../api/projects';
import { ProjectDialog } from './ProjectDialog';
import { ProjectRow } from './ProjectRow';

/** How games are answered; everybody reads, operators change. */
export default function ProjectsPage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const canChange = useAuthSession((state) => state.user?.role !== 'user');
  const { data: projects, error } = useQuery(projectsQuery);
  const [open, setOpen] = useState<ProjectRead | 'new' | null>(null);
  useTitle(t('projects.title'));
  return (
    <PageFrame
      title={t('projects.title')}
      subtitle={t('projects.subtitle')}
      action={
        <div className="flex flex-wrap gap-2">
          <Link to="/playground" className={buttonStyle({ variant: 'outline' })}>
            <Gamepad2 size={16} aria-hidden />
            {t('playground.title')}
          </Link>
          {canChange && (
            <Button onClick={() => setOpen('new')} data-testid="create-project">
              <Plus size={16} aria-hidden />
              {t('projects.create')}
            </Button>
          )}
        </div>
      }
    >
      {error && (
        <Notice tone="error" role="alert">
          {errorText(error)}
        </Notice>
      )}
      {!projects && !error && <Skeleton className="h-64" />}
      {projects && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {projects.map((project) => (
            <ProjectRow
              key={project.name}
              project={project}
              canChange={canChange}
              onOpen={() => setOpen(project)}
            />
          ))}
        </ul>
      )}
      {open !== null && (
        <ProjectDialog
          project={open === 'new' ? null : open}
          canChange={canChange}
          onClose={() => setOpen(null)}
        />
      )}
    </PageFrame>
  );
}
