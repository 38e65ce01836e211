import { MessageSquare } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { HowToConnect } from '@/components/HowToConnect';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import type { Model } from '@/lib/contracts';
import { formatCount } from '@/lib/format';
import { TryModel } from './TryModel';

/** One model: what it can, where it runs, and a box to try it. */
export function ModelCard({ model, onChat }: { model: Model; onChat: () => void }) {
  const { t, i18n } = useTranslation();
  const [isTrying, setIsTrying] = useState(false);
  const capability = (key: string) =>
    i18n.exists(`models.capabilities.${key}`) ? t(`models.capabilities.${key}`) : key;
  const rows: [string, string][] = [
    [
      t('models.window'),
      model.context_window === null
        ? t('models.unknown')
        : t('models.windowTokens', {
            count: model.context_window,
            value: formatCount(model.context_window),
          }),
    ],
    [t('models.can'), model.capabilities.map(capability).join(', ') || t('models.unknown')],
    [t('models.where'), t(`models.source.${model.source}`)],
  ];
  return (
    <li data-testid="model-card" className="rounded-2xl border bg-surface p-4 sm:p-5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h2 className="min-w-0 truncate font-semibold">{model.name}</h2>
        {model.is_default && <Badge text={t('models.default')} />}
        {model.is_demo && <Badge text={t('demo.short')} />}
        <span className="flex min-w-0 items-center text-muted-foreground">
          <code className="truncate font-mono text-[13px]">{model.id}</code>
          <CopyButton text={() => model.id} label={t('models.copyId', { name: model.name })} />
        </span>
      </div>
      <dl className="mt-3 grid gap-x-6 gap-y-1.5 text-sm sm:grid-cols-[auto_1fr]">
        {rows.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4 sm:contents">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="text-right tabular sm:text-left">{value}</dd>
          </div>
        ))}
      </dl>
      {model.is_demo && (
        <div className="mt-4 rounded-lg bg-primary-soft px-3.5 py-3 text-sm">
          <HowToConnect text={t('demo.how')} />
        </div>
      )}
      <div className="mt-4 flex flex-wrap gap-2">
        <Button
          variant="outline"
          size="sm"
          aria-expanded={isTrying}
          data-testid="try-model"
          onClick={() => setIsTrying(!isTrying)}
        >
          {t('models.try')}
        </Button>
        <Button variant="outline" size="sm" onClick={onChat}>
          <MessageSquare size={15} aria-hidden />
          {t('models.chat')}
        </Button>
      </div>
      {isTrying && <TryModel model={model} />}
    </li>
  );
}

function Badge({ text }: { text: string }) {
  return (
    <span className="inline-flex min-h-6 items-center rounded-full bg-primary-soft px-2.5 text-primary text-xs">
      {text}
    </span>
  );
}
