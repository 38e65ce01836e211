import { Lightbulb } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import type { Said } from './useGuide';

/** What the guide said last, where a player looks; read aloud as it comes. */
export function MazeWords({ last, isAsking }: { last: Said | undefined; isAsking: boolean }) {
  const { t } = useTranslation();
  const words = last ? last.text || t('maze.noWords') : t('maze.askHint');
  return (
    <p
      role="status"
      data-testid="maze-words"
      className={cn(
        'mx-auto mb-2 flex h-8 min-w-64 max-w-(--maze-board) items-center gap-2 text-sm',
        last?.isError ? 'text-destructive' : 'text-muted-foreground',
      )}
    >
      <Lightbulb
        size={15}
        aria-hidden
        className={cn('shrink-0', isAsking && 'animate-breathe', last && !last.isError && 'text-primary')}
      />
      <span className="truncate">{words}</span>
    </p>
  );
}
