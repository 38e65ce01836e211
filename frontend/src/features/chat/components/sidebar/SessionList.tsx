import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Skeleton } from '@/components/ui/Skeleton';
import { latePart } from '@/lib/latePieces';
import { foldersQuery } from '../../api/folders';
import { sessionsQuery } from '../../api/sessions';
import { groupSessions, type SessionGroup } from '../../model/sessionGroups';
import { sessionsOf } from '../../model/sessionLists';
import { SessionRow } from './SessionRow';

const FolderSection = latePart(() => import('./FolderSection'));

const groupTitleStyle = 'px-2.5 pt-3.5 pb-1 font-medium text-muted-foreground text-xs';

export function SessionList() {
  const { t } = useTranslation();
  const { data, isPending, isError, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(sessionsQuery);
  const { data: folders = [] } = useQuery(foldersQuery);
  const groups = useMemo(() => groupSessions(sessionsOf(data), new Date()), [data]);
  const [pinned, ...dated] = groups[0]?.name === 'pinned' ? groups : [undefined, ...groups];
  const end = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const mark = end.current;
    if (!mark || !hasNextPage || isFetchingNextPage) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void fetchNextPage();
    });
    observer.observe(mark);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-3" data-testid="session-list">
      {isPending && <ListSkeleton />}
      {isError && !data && (
        <div className="px-2.5 py-2 text-[13px] text-muted-foreground">
          {t('sessions.loadFailed')}
          <Button variant="link" size="sm" className="ml-2" onClick={() => void refetch()}>
            {t('common.retry')}
          </Button>
        </div>
      )}
      {data && groups.length === 0 && folders.length === 0 && (
        <p className="px-2.5 py-2 text-[13px] text-muted-foreground">{t('sessions.none')}</p>
      )}
      {pinned && <Group group={pinned} />}
      {folders.length > 0 && (
        <div>
          <h2 className={groupTitleStyle}>{t('folders.title')}</h2>
          {folders.map((folder) => (
            <Suspense key={folder.name} fallback={<div className="h-9 touch:h-11" />}>
              <FolderSection folder={folder} />
            </Suspense>
          ))}
        </div>
      )}
      {dated.map((group) => group && <Group key={group.name} group={group} />)}
      <div ref={end} className="h-px" />
    </div>
  );
}

function Group({ group }: { group: SessionGroup }) {
  const { t } = useTranslation();
  const title = t(`sessions.group.${group.name}`);
  return (
    <section aria-label={title}>
      <h2 className={groupTitleStyle}>{title}</h2>
      <ul className="space-y-px">
        {group.sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
    </section>
  );
}

function ListSkeleton() {
  return (
    <div className="space-y-2.5 px-2.5 pt-4">
      {['w-4/5', 'w-3/5', 'w-11/12', 'w-2/3'].map((width) => (
        <Skeleton key={width} className={`h-5 ${width}`} />
      ))}
    </div>
  );
}
