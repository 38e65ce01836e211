import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { LiveTurn } from '@/lib/apiSchemas';
import { formatRelative } from '@/lib/format';
import { cancelTurn } from '../api/admin';

/** What runs now, on every replica; anything can be stopped. Nobody's words are shown. */
export function LiveTurns({ turns }: { turns: LiveTurn[] | null }) {
  const { t } = useTranslation();
  if (!turns) return null;
  return (
    <section className="mt-9" aria-labelledby="live-turns">
      <h2 id="live-turns" className="font-semibold">
        {t('admin.live', { count: turns.length })}
      </h2>
      {turns.length === 0 ? (
        <p className="mt-1 text-muted-foreground text-sm">{t('admin.nothingLive')}</p>
      ) : (
        <ul className="mt-3 divide-y rounded-2xl border bg-surface">
          {turns.map((turn) => (
            <LiveRow key={turn.turn_id} turn={turn} />
          ))}
        </ul>
      )}
    </section>
  );
}

function LiveRow({ turn }: { turn: LiveTurn }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [isBusy, setIsBusy] = useState(false);
  async function stop() {
    setIsBusy(true);
    try {
      await cancelTurn(turn.turn_id);
      showToast(t('admin.stopped'));
    } catch (error) {
      showToast(errorText(error));
    }
    setIsBusy(false);
  }
  const facts = [
    turn.door,
    turn.model,
    turn.replica,
    formatRelative(turn.started_at ?? turn.created_at),
    turn.started_at === null && t('admin.waiting'),
  ];
  return (
    <li data-testid="live-turn" className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-56">
        <p className="truncate font-medium text-sm">{turn.email}</p>
        <p className="truncate text-[13px] text-muted-foreground tabular">
          {facts.filter(Boolean).join(' · ')}
        </p>
      </div>
      <Button
        variant="outline"
        size="sm"
        isBusy={isBusy}
        aria-label={t('admin.stopOf', { email: turn.email })}
        onClick={() => void stop()}
      >
        {t('composer.stop')}
      </Button>
    </li>
  );
}
