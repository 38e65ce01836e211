import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Skeleton } from '@/components/ui/Skeleton';
import { sessionsQuery } from '../../api/sessions';
import { groupSessions } from '../../model/sessionGroups';
import { SessionRow } from './SessionRow';

export function SessionList() {
  const { t } = useTranslation();
  const { data, isPending, isError, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery(sessionsQuery);
  const groups = useMemo(
    () => groupSessions(data?.pages.flatMap((page) => page.items) ?? [], new Date()),
    [data],
  );
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
      {data && groups.length === 0 && (
        <p className="px-2.5 py-2 text-[13px] text-muted-foreground">{t('sessions.none')}</p>
      )}
      {groups.map((group) => (
        <section key={group.name} aria-label={t(`sessions.group.${group.name}`)}>
          <h2 className="px-2.5 pt-3.5 pb-1 font-medium text-muted-foreground text-xs">
            {t(`sessions.group.${group.name}`)}
          </h2>
          <ul className="space-y-px">
            {group.sessions.map((session) => (
              <SessionRow key={session.id} session={session} />
            ))}
          </ul>
        </section>
      ))}
      <div ref={end} className="h-px" />
    </div>
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
