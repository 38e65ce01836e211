import { useTranslation } from 'react-i18next';
import { Skeleton } from '@/components/ui/Skeleton';
import type { AdminHealthRead, ComponentRead } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { formatCompact, formatDateTime, formatDuration, formatRelative } from '@/lib/format';

const dots: Record<ComponentRead['state'], string> = {
  ok: 'bg-success',
  degraded: 'bg-warning',
  starting: 'bg-warning',
  down: 'bg-destructive',
  off: 'bg-muted-foreground/40',
};

/** What needs a look stands first; else the portal's own order. */
const urgency: Record<ComponentRead['state'], number> = { down: 0, degraded: 1, starting: 2, ok: 3, off: 3 };
const byUrgency = (one: ComponentRead, other: ComponentRead) => urgency[one.state] - urgency[other.state];

/** `host…|process|start` as a person would say it. */
function shortReplica(id: string): string {
  const [host = '', process] = id.split('|');
  const name = host.replace(/pid:\[\d+\]$/, '');
  return process ? `${name} (${process})` : name;
}

/** A tile for each part of the portal: how it is, since when, and what to do about it. */
export function HealthBoard({ health }: { health: AdminHealthRead | null }) {
  const { t } = useTranslation();
  if (!health) return <Skeleton className="h-56" />;
  return (
    <section aria-label={t('admin.view.health')}>
      <p
        role="status"
        className="mb-4 flex flex-wrap items-center gap-x-3 text-sm"
        data-testid="admin-status"
      >
        <span className="font-medium">{t(`admin.overall.${health.status}`)}</span>
        <span className="text-muted-foreground tabular">
          {t('admin.version', { version: health.version, replica: shortReplica(health.replica) })}
        </span>
      </p>
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {health.components.toSorted(byUrgency).map((component) => (
          <Tile key={component.name} component={component} />
        ))}
      </ul>
    </section>
  );
}

function Tile({ component }: { component: ComponentRead }) {
  const { t, i18n } = useTranslation();
  const { name, state, latency_ms: latency, since, message, advice, figures } = component;
  const [kind = name, of] = name.split(/:(.*)/s);
  const title = i18n.exists(`admin.component.${kind}`) ? t(`admin.component.${kind}`, { name: of }) : name;
  return (
    <li
      data-testid="component"
      data-state={state}
      className={cn(
        'flex min-w-0 flex-col rounded-2xl border bg-surface p-4',
        state === 'down' && 'border-destructive/60',
      )}
    >
      <div className="flex items-center gap-2.5">
        <span aria-hidden className={cn('size-2.5 shrink-0 rounded-full', dots[state])} />
        <h2 className="min-w-0 truncate font-medium">{title}</h2>
        <span className="ml-auto shrink-0 text-[13px] text-muted-foreground">
          {t(`admin.state.${state}`)}
        </span>
      </div>
      <p className="mt-2 text-sm [overflow-wrap:anywhere]">{message}</p>
      {advice && <p className="mt-1 text-muted-foreground text-sm">{advice}</p>}
      <p className="mt-auto pt-3 text-[13px] text-muted-foreground tabular" title={formatDateTime(since)}>
        {[
          t('admin.since', { when: formatRelative(since) }),
          latency != null && t('admin.latency', { time: formatDuration(latency) }),
          ...Object.entries(figures ?? {})
            .filter(([key]) => i18n.exists(`admin.figure.${key}`))
            .map(([key, value]) => t(`admin.figure.${key}`, { value: formatCompact(value) })),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </li>
  );
}
