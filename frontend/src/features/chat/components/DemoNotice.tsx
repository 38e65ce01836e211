import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { HowToConnect } from '@/components/HowToConnect';
import { IconButton } from '@/components/ui/IconButton';
import { Notice } from '@/components/ui/Notice';
import { Popover } from '@/components/ui/Popover';
import { healthQuery } from '@/lib/modelQueries';
import { readStored, writeStored } from '@/lib/storage';

export function useIsDemo(): boolean {
  const { data: health } = useQuery(healthQuery);
  return health?.is_demo === true;
}

/** On the first screen: a tiny model answers, and how to connect a real one. */
export function DemoNotice() {
  const { t } = useTranslation();
  const isDemo = useIsDemo();
  const [isFolded, setIsFolded] = useState(() => readStored('demoNoticeFolded', false));
  if (!isDemo) return null;
  if (isFolded) {
    return (
      <div className="flex justify-center">
        <DemoChip />
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
export function DemoChip() {
  const { t } = useTranslation();
  const isDemo = useIsDemo();
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
