import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { Skeleton } from '@/components/ui/Skeleton';
import { useDebounced } from '@/hooks/useDebounced';
import { useErrorText } from '@/hooks/useErrorText';
import { cn } from '@/lib/cn';
import { formatDateTime } from '@/lib/format';
import { auditQuery } from '../api/admin';

/** Who did what, the newest first. */
export function AuditLog() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [action, setAction] = useState('');
  const [actor, setActor] = useState('');
  const query = auditQuery(useDebounced(action.trim(), 200), useDebounced(actor.trim(), 200));
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(query);
  const lines = data?.pages.flatMap((page) => page.items);
  const filters = [
    { label: t('admin.actor'), value: actor, set: setActor },
    { label: t('admin.action'), value: action, set: setAction },
  ];
  return (
    <section aria-label={t('admin.view.audit')}>
      <div className="mb-4 flex flex-wrap gap-2.5">
        {filters.map(({ label, value, set }) => (
          <input
            key={label}
            type="search"
            value={value}
            aria-label={label}
            placeholder={label}
            className={cn(inputStyle, 'max-w-60')}
            onChange={(event) => set(event.target.value)}
          />
        ))}
      </div>
      {error && <Notice tone="error">{errorText(error)}</Notice>}
      {!lines && !error && <Skeleton className="h-40" />}
      {lines?.length === 0 && <p className="text-muted-foreground text-sm">{t('admin.noLines')}</p>}
      {lines && lines.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {lines.map((line) => (
            <li key={line.id} data-testid="audit-line" className="px-4 py-2.5 text-sm">
              <p className="flex flex-wrap items-baseline gap-x-3">
                <code className="font-mono text-[13px]">{line.action}</code>
                <span className="min-w-0 truncate">{line.subject}</span>
                <time
                  className="ml-auto text-[13px] text-muted-foreground tabular"
                  dateTime={line.created_at}
                >
                  {formatDateTime(line.created_at)}
                </time>
              </p>
              <p className="truncate text-[13px] text-muted-foreground">
                {[line.actor, line.details && JSON.stringify(line.details)].filter(Boolean).join(' · ')}
              </p>
            </li>
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button
          variant="outline"
          size="sm"
          className="mt-4"
          isBusy={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t('folders.more')}
        </Button>
      )}
    </section>
  );
}
