import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLiveTurns } from '../model/liveTurns';

/** Says "started", "complete", "stopped" to screen readers; the text itself is not read out as it streams. */
export function TurnAnnouncer({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const current = useLiveTurns((store) => {
    const live = store.bySession[sessionId];
    return live ? (live.outcome ?? 'running') : null;
  });
  // A turn that ended is let go soon; its end stays announced until the next one begins.
  const [last, setLast] = useState(current);
  if (current !== null && current !== last) setLast(current);
  return (
    <p role="status" aria-live="polite" className="sr-only" data-testid="turn-status">
      {last ? t(`announce.${last}`) : ''}
    </p>
  );
}
