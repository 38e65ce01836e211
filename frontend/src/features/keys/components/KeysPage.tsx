import '@/lib/moreWords';
import { useQuery } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { PageFrame } from '@/components/ui/PageFrame';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { keySpendingQuery, keysQuery } from '../api/keys';
import { KeyDialog } from './KeyDialog';
import { KeyRow } from './KeyRow';
import { NewKeyDialog } from './NewKeyDialog';
import { Snippets } from './Snippets';

export default function KeysPage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data: keys, error } = useQuery(keysQuery);
  const { data: spending } = useQuery(keySpendingQuery);
  const [isCreating, setIsCreating] = useState(false);
  const [newKey, setNewKey] = useState<string | null>(null);
  useTitle(t('keys.title'));
  return (
    <PageFrame
      title={t('keys.title')}
      subtitle={t('keys.subtitle')}
      action={
        <Button onClick={() => setIsCreating(true)} data-testid="create-key">
          <Plus size={16} aria-hidden />
          {t('keys.create')}
        </Button>
      }
    >
      {error && (
        <Notice tone="error" role="alert">
          {errorText(error)}
        </Notice>
      )}
      {!keys && !error && <Skeleton className="h-32" />}
      {keys?.length === 0 && (
        <div className="rounded-2xl border border-dashed px-6 py-9 text-center">
          <KeyRound size={22} className="mx-auto text-muted-foreground" aria-hidden />
          <p className="mt-2.5 font-medium">{t('keys.none')}</p>
          <p className="mx-auto mt-0.5 max-w-md text-muted-foreground text-sm">{t('keys.noneHint')}</p>
        </div>
      )}
      {keys && keys.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} spending={spending} />
          ))}
        </ul>
      )}
      <section className="mt-10" aria-labelledby="use-it">
        <h2 id="use-it" className="font-semibold">
          {t('keys.useTitle')}
        </h2>
        <p className="mt-0.5 mb-4 text-muted-foreground text-sm">{t('keys.useHint')}</p>
        <Snippets apiKey="YOUR_KEY" />
      </section>
      {isCreating && (
        <KeyDialog
          currency={spending?.currency ?? ''}
          onClose={() => setIsCreating(false)}
          onCreated={(key) => {
            setIsCreating(false);
            setNewKey(key);
          }}
        />
      )}
      {newKey && <NewKeyDialog apiKey={newKey} onClose={() => setNewKey(null)} />}
    </PageFrame>
  );
}
