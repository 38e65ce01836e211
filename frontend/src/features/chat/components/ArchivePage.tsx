import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArchiveRestore, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { IconButton } from '@/components/ui/IconButton';
import { MoreButton } from '@/components/ui/MoreButton';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { formatDate } from '@/lib/format';
import { archivedSessionsQuery } from '../api/sessions';
import { useSessionActions } from '../hooks/useSessionActions';
import { sessionsOf } from '../model/sessionLists';

/** What was put away: still readable, still found by the search, no longer in the side bar. */
export default function ArchivePage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { update, remove } = useSessionActions();
  const query = useInfiniteQuery(archivedSessionsQuery);
  const { data, error } = query;
  const sessions = sessionsOf(data).filter((session) => session.archived);
  useTitle(t('archive.title'));
  return (
    <PageFrame title={t('archive.title')} subtitle={t('archive.subtitle')}>
      {error && !data && <Notice tone="error">{errorText(error)}</Notice>}
      {!data && !error && <Skeleton className="h-40" />}
      {data && sessions.length === 0 && (
        <div className="rounded-2xl border border-dashed px-6 py-10 text-center">
          <p className="font-medium">{t('archive.none')}</p>
          <p className="mt-1 text-muted-foreground text-sm">{t('archive.noneHint')}</p>
        </div>
      )}
      {sessions.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {sessions.map((session) => (
            <li
              key={session.id}
              data-testid="archived-row"
              className="flex items-center gap-2 py-2 pr-2 pl-4"
            >
              <div className="min-w-0 flex-1">
                <Link
                  to="/c/$sessionId"
                  params={{ sessionId: session.id }}
                  className="block truncate font-medium text-sm underline-offset-4 hover:underline"
                >
                  {session.title || t('sessions.untitled')}
                </Link>
                <p className="truncate text-[13px] text-muted-foreground tabular">
                  {[formatDate(session.updated_at), session.folder].filter(Boolean).join(' · ')}
                </p>
              </div>
              <Button
                variant="outline"
                size="sm"
                aria-label={t('archive.restoreLabel', { title: session.title })}
                onClick={() => void update(session.id, { archived: false })}
              >
                <ArchiveRestore size={15} aria-hidden />
                <span className="max-sm:hidden">{t('sessions.unarchive')}</span>
              </Button>
              <IconButton
                size="icon-sm"
                label={t('archive.deleteLabel', { title: session.title })}
                onClick={() => void remove(session)}
              >
                <Trash2 size={15} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <MoreButton query={query} />
    </PageFrame>
  );
}
