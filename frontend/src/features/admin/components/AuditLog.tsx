import { useInfiniteQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { MoreButton } from '@/components/ui/MoreButton';
import { Notice } from '@/components/ui/Notice';
import { Skeleton } from '@/components/ui/Skeleton';
import { useDebounced } from '@/hooks/useDebounced';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { AuditLine } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { download } from '@/lib/download';
import { formatDateTime } from '@/lib/format';
import { type AuditWish, auditPath, auditQuery } from '../api/admin';

const things = [
  ...['account', 'announcement', 'audit', 'device', 'export', 'invitation', 'key', 'password'],
  ...['project', 'provider', 'retention', 'session', 'share', 'sign_in', 'template', 'turn', 'user'],
];

/** Who did what, the newest first: by thing, person and day, and as a file. */
export function AuditLog() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [wish, setWish] = useState<AuditWish>({ action: '', actor: '', subject: '', since: '' });
  const settled = useDebounced(wish, 200);
  const query = useInfiniteQuery(auditQuery(settled));
  const { data, error } = query;
  const lines = data?.pages.flatMap((page) => page.items);
  const set = (name: keyof AuditWish) => (value: string) => setWish({ ...wish, [name]: value });

  async function save(format: 'csv' | 'json') {
    try {
      await download(auditPath('/api/admin/audit/export', wish, { format }), `audit-log.${format}`);
    } catch (problem) {
      showToast(errorText(problem));
    }
  }
  return (
    <section aria-label={t('admin.view.audit')}>
      <div className="mb-4 flex flex-wrap items-center gap-2.5">
        <select
          aria-label={t('admin.action')}
          className={cn(inputStyle, 'max-w-44')}
          value={wish.action}
          onChange={(event) => set('action')(event.target.value)}
        >
          <option value="">{t('admin.anything')}</option>
          {things.map((thing) => (
            <option key={thing} value={thing}>
              {thing}
            </option>
          ))}
        </select>
        <TextFilter label={t('admin.actor')} value={wish.actor} onChange={set('actor')} />
        <TextFilter label={t('admin.subject')} value={wish.subject} onChange={set('subject')} />
        <input
          type="date"
          aria-label={t('admin.sinceDay')}
          className={cn(inputStyle, 'max-w-44')}
          value={wish.since}
          onChange={(event) => set('since')(event.target.value)}
        />
        <span className="ml-auto flex gap-2">
          {(['csv', 'json'] as const).map((format) => (
            <Button key={format} variant="outline" size="sm" onClick={() => void save(format)}>
              <Download size={15} aria-hidden />
              {format.toUpperCase()}
            </Button>
          ))}
        </span>
      </div>
      {error && <Notice tone="error">{errorText(error)}</Notice>}
      {!lines && !error && <Skeleton className="h-40" />}
      {lines?.length === 0 && <p className="text-muted-foreground text-sm">{t('admin.noLines')}</p>}
      {lines && lines.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {lines.map((line) => (
            <Line key={line.id} line={line} />
          ))}
        </ul>
      )}
      <MoreButton query={query} />
    </section>
  );
}

interface TextFilterProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

function TextFilter({ label, value, onChange }: TextFilterProps) {
  return (
    <input
      type="search"
      value={value}
      aria-label={label}
      placeholder={label}
      className={cn(inputStyle, 'max-w-48')}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function factsOf(details: object): string[] {
  return Object.entries(details)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${wordsOf(value)}`);
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  return typeof value === 'object' && value !== null ? `(${factsOf(value).join(', ')})` : String(value);
}

function Line({ line }: { line: AuditLine }) {
  const facts = factsOf(line.details ?? {});
  return (
    <li data-testid="audit-line" className="px-4 py-2.5 text-sm">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <code className="font-mono text-[13px]">{line.action}</code>
        <span className="min-w-0 [overflow-wrap:anywhere]">{line.subject}</span>
        <time className="ml-auto text-[13px] text-muted-foreground tabular" dateTime={line.created_at}>
          {formatDateTime(line.created_at)}
        </time>
      </p>
      <p className="text-[13px] text-muted-foreground [overflow-wrap:anywhere]">
        {[line.actor, ...facts].filter(Boolean).join(' · ')}
      </p>
    </li>
  );
}
