import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '@/components/ui/Notice';
import { Segmented } from '@/components/ui/Segmented';
import { useErrorText } from '@/hooks/useErrorText';
import type { UsageReport } from '@/lib/apiSchemas';
import { formatCompact, formatMoney } from '@/lib/format';
import { type SpendingGroup, spendingQuery } from '../api/usage';
import { ChartCard } from './charts/ChartCard';

const groups: SpendingGroup[] = ['day', 'model', 'door', 'user', 'device'];
const days = 30;
const dayMs = 86_400_000;

/** The last thirty days by day, model, door, person or device: requests, tokens and what they cost. */
export function Spending() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [by, setBy] = useState<SpendingGroup>('day');
  const since = new Date(Date.now() - (days - 1) * dayMs).toISOString().slice(0, 10);
  const { data, error } = useQuery({ ...spendingQuery(by, since), placeholderData: keepPreviousData });
  return (
    <section className="mt-9" aria-labelledby="spending">
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h2 id="spending" className="font-semibold">
          {t('admin.spending')}
        </h2>
        <Segmented
          label={t('admin.by')}
          value={by}
          onChange={setBy}
          options={groups.map((value) => ({ value, label: t(`admin.group.${value}`) }))}
        />
      </div>
      {error && <Notice tone="error">{errorText(error)}</Notice>}
      {data && by === 'day' && data.by === 'day' && <DayChart report={data} since={since} />}
      {data && <Groups report={data} />}
    </section>
  );
}

function DayChart({ report, since }: { report: UsageReport; since: string }) {
  const { t } = useTranslation();
  const known = new Map(report.groups.map((group) => [group.key, group]));
  const times = Array.from({ length: days }, (_, index) => (Date.parse(since) + index * dayMs) / 1000);
  const at = times.map((time) => known.get(new Date(time * 1000).toISOString().slice(0, 10)));
  return (
    <ul className="mb-4 grid gap-3 md:grid-cols-2">
      <ChartCard
        title={t('admin.column.cost')}
        times={times}
        format={(value) => formatMoney(value, report.currency)}
        series={[
          {
            label: t('admin.column.cost'),
            color: 'primary',
            values: at.map((group) => group?.cost ?? 0),
            isBars: true,
          },
        ]}
      />
      <ChartCard
        title={t('admin.column.turns')}
        times={times}
        format={formatCompact}
        series={[
          {
            label: t('admin.column.turns'),
            color: 'success',
            values: at.map((group) => group?.requests ?? 0),
            isBars: true,
          },
        ]}
      />
    </ul>
  );
}

function Groups({ report }: { report: UsageReport }) {
  const { t } = useTranslation();
  const rows = [...report.groups, { ...report.total, key: 'total', label: t('admin.allTogether') }];
  return (
    <section
      tabIndex={0}
      aria-label={t('admin.spending')}
      className="overflow-x-auto rounded-2xl border bg-surface"
    >
      <table className="w-full min-w-[34rem] text-sm tabular" data-testid="spending">
        <thead className="text-left text-[13px] text-muted-foreground">
          <tr>
            <th className="px-4 py-2.5 font-medium">{t(`admin.group.${report.by}`)}</th>
            {(['turns', 'errors', 'tokensIn', 'tokensOut', 'cost'] as const).map((column) => (
              <th key={column} className="px-3 py-2.5 text-right font-medium">
                {t(`admin.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {rows.map((row) => (
            <tr key={row.key} className="last:font-medium">
              <th scope="row" className="max-w-64 truncate px-4 py-2 text-left font-normal">
                {row.label || row.key || '–'}
              </th>
              <td className="px-3 py-2 text-right">{formatCompact(row.requests)}</td>
              <td className="px-3 py-2 text-right">{formatCompact(row.errors)}</td>
              <td className="px-3 py-2 text-right">{formatCompact(row.prompt_tokens)}</td>
              <td className="px-3 py-2 text-right">{formatCompact(row.completion_tokens)}</td>
              <td className="px-3 py-2 text-right">{formatMoney(row.cost, report.currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
