import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/ui/CopyButton';
import { IconButton } from '@/components/ui/IconButton';
import { Notice } from '@/components/ui/Notice';
import { useIsOnline } from '@/hooks/useMedia';
import { readStored, writeStored } from '@/lib/storage';
import { healthQuery } from '../api/models';

const connectCommand = './setup_llm.sh --server http://localhost:8080';

/** What a person should know before typing: no network, no model, or only the demo model. */
export function HealthNotices() {
  const { t } = useTranslation();
  const isOnline = useIsOnline();
  const { data: health } = useQuery(healthQuery);
  if (!isOnline) {
    return (
      <Notice tone="warning" role="status" testId="offline-notice">
        {t('health.offline')}
      </Notice>
    );
  }
  if (health?.status === 'unavailable') {
    return (
      <Notice tone="error" role="status" testId="unavailable-notice">
        <p className="font-medium">{t('health.unavailable')}</p>
        <p>{health.message ?? t('health.unavailableHint')}</p>
      </Notice>
    );
  }
  return health?.is_demo ? <DemoNotice /> : null;
}

function DemoNotice() {
  const { t } = useTranslation();
  const [isFolded, setIsFolded] = useState(() => readStored('demoNoticeFolded', false));
  const fold = (next: boolean) => {
    setIsFolded(next);
    writeStored('demoNoticeFolded', next);
  };
  if (isFolded) {
    return (
      <button
        type="button"
        data-testid="demo-notice"
        onClick={() => fold(false)}
        className="mx-auto block rounded-full bg-primary-soft px-3 py-1 text-primary text-xs hover:underline"
      >
        {t('demo.short')}
      </button>
    );
  }
  return (
    <Notice
      tone="info"
      role="status"
      testId="demo-notice"
      actions={
        <IconButton size="icon-sm" label={t('demo.fold')} onClick={() => fold(true)}>
          <X size={15} />
        </IconButton>
      }
    >
      <p className="font-medium">{t('demo.title')}</p>
      <p className="text-muted-foreground">{t('demo.how')}</p>
      <div className="mt-2 flex max-w-full items-center gap-1 rounded-lg bg-surface py-0.5 pr-1 pl-3">
        <code className="min-w-0 flex-1 overflow-x-auto whitespace-nowrap font-mono text-xs">
          {connectCommand}
        </code>
        <CopyButton text={() => connectCommand} label={t('demo.copyCommand')} />
      </div>
    </Notice>
  );
}
