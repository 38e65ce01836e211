import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { HowToConnect } from '@/components/HowToConnect';
import { IconButton } from '@/components/ui/IconButton';
import { Notice } from '@/components/ui/Notice';
import { Popover } from '@/components/ui/Popover';
import type { Model } from '@/lib/contracts';
import { healthQuery } from '@/lib/modelQueries';
import { readStored, writeStored } from '@/lib/storage';

/** Does the demo answer here? While the models are not known, what the portal says of itself counts. */
export function useIsDemo(model?: Model): boolean {
  const { data: health } = useQuery(healthQuery);
  return model ? model.is_demo : health?.is_demo === true;
}

/** On the first screen: a tiny model answers, and how to connect a real one. */
export function DemoNotice({ model }: { model?: Model }) {
  const { t } = useTranslation();
  const isDemo = useIsDemo(model);
  const [isFolded, setIsFolded] = useState(() => readStored('demoNoticeFolded', false));
  if (!isDemo) return null;
  if (isFolded) {
    return (
      <div className="flex justify-center">
        <DemoChip model={model} />
      </div>
    );
  }
  const fold = () => {
    setIsFolded(true);
    writeStored('demoNoticeFolded', true);
  };
  return (
    <Notice
      tone="info"
      role="status"
      testId="demo-notice"
      actions={
        <IconButton size="icon-sm" label={t('demo.fold')} onClick={fold}>
          <X size={15} />
        </IconButton>
      }
    >
      <p className="font-medium">{t('demo.title')}</p>
      <HowToConnect text={t('demo.how')} />
    </Notice>
  );
}

/** Everywhere else: a word beside the model's name; a press says the same as the notice. */
export function DemoChip({ model }: { model?: Model }) {
  const { t } = useTranslation();
  const isDemo = useIsDemo(model);
  if (!isDemo) return null;
  return (
    <Popover
      title={t('demo.title')}
      trigger={
        <button
          type="button"
          data-testid="demo-chip"
          className="inline-flex min-h-6 items-center whitespace-nowrap rounded-full bg-primary-soft px-2.5 text-primary text-xs hover:underline touch:min-h-9"
        >
          {t('demo.short')}
        </button>
      }
    >
      <div className="text-sm">
        <HowToConnect text={t('demo.how')} />
      </div>
    </Popover>
  );
}
