import { useTranslation } from 'react-i18next';
import { formatDuration } from '@/lib/format';
import { type AskedRequest, latencyOf } from '../model/requests';

const shown = (value: number | null) => (value === null ? '–' : formatDuration(value));

/** How long answers took from here. */
export function LatencyFigures({ requests }: { requests: readonly AskedRequest[] }) {
  const { t } = useTranslation();
  const { count, first, total } = latencyOf(requests);
  const rows = [
    { label: t('playground.firstFrame'), values: first },
    { label: t('playground.wholeAnswer'), values: total },
  ];
  return (
    <table data-testid="mqtt-latency" className="w-full text-[13px] tabular">
      <caption className="pb-1 text-left font-medium text-sm">{t('playground.latency', { count })}</caption>
      <thead className="text-muted-foreground">
        <tr>
          <td />
          <th className="text-right font-normal">p50</th>
          <th className="text-right font-normal">p95</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ label, values }) => (
          <tr key={label} className="border-t">
            <th className="py-1 text-left font-normal">{label}</th>
            <td className="text-right">{shown(values[0])}</td>
            <td className="text-right">{shown(values[1])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
