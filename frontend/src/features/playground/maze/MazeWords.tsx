import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp, Lightbulb } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import type { Game } from './game';
import type { Said } from './useGuide';
import { useHintWords } from './useHintWords';
import { legsOf } from './words';

const arrows = { up: ArrowUp, right: ArrowRight, down: ArrowDown, left: ArrowLeft };
const shownLegs = 4;

interface MazeWordsProps {
  game: Game;
  last: Said | undefined;
  isAsking: boolean;
}

/** What the guide said last, where a player looks, read aloud as it comes; beside it the next steps of the way it shows. */
export function MazeWords({ game, last, isAsking }: MazeWordsProps) {
  const { t } = useTranslation();
  const say = useHintWords();
  const words = last ? (last.isError ? last.text : say(last.text)) || t('maze.noWords') : t('maze.askHint');
  const legs = game.timeMs < game.wayUntil ? legsOf(game.way).slice(0, shownLegs) : [];
  return (
    <div className="mx-auto mb-2 flex h-10 min-w-64 max-w-(--maze-board) items-center gap-3 text-sm leading-snug">
      <p
        role="status"
        data-testid="maze-words"
        className={cn(
          'flex min-w-0 flex-1 items-center gap-2',
          last?.isError ? 'text-destructive' : 'text-muted-foreground',
        )}
      >
        <Lightbulb
          size={15}
          aria-hidden
          className={cn('shrink-0', isAsking && 'animate-breathe', last && !last.isError && 'text-primary')}
        />
        <span className="line-clamp-2">{words}</span>
      </p>
      {legs.length > 0 && (
        <ol aria-label={t('maze.steps')} data-testid="maze-steps" className="flex gap-1 tabular">
          {legs.map(({ direction, count }, place) => {
            const Arrow = arrows[direction];
            return (
              <li
                key={`${place}-${direction}`}
                className={cn(
                  'flex items-center gap-0.5 rounded-md px-1.5 py-0.5 font-medium text-[13px]',
                  place === 0 ? 'bg-primary text-primary-foreground' : 'bg-primary-soft text-primary',
                )}
              >
                <Arrow size={14} aria-hidden />
                <span className="sr-only">{t(`maze.direction.${direction}`)}</span>
                {count}
              </li>
            );
          })}
        </ol>
      )}
    </div>
  );
}
