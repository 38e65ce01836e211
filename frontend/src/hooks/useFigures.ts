import { useTranslation } from 'react-i18next';
import type { Timings, Usage } from '@/lib/contracts';
import { formatCompact, formatDuration, formatRate } from '@/lib/format';

interface Measured {
  model: string | null;
  usage: Usage | null;
  timings: Timings | null;
}

/** What is said under an answer: model, tokens, tokens/s, time to first token; what is unknown is left out. */
export function useFigures({ model, usage, timings }: Measured): string[] {
  const { t } = useTranslation();
  const figures = [
    model,
    usage &&
      t('figures.tokens', { count: usage.completion_tokens, value: formatCompact(usage.completion_tokens) }),
    timings?.tokens_per_second ? t('figures.rate', { value: formatRate(timings.tokens_per_second) }) : null,
    timings?.ttft_ms != null ? t('figures.firstToken', { time: formatDuration(timings.ttft_ms) }) : null,
  ];
  return figures.filter((figure): figure is string => Boolean(figure));
}
