import { Heart, Pickaxe, Timer, Trophy } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { formatCount } from '@/lib/format';
import { fullHealth, fullOxygen, type Game } from './game';

const lowOxygen = 25;

/** Level, hearts, oxygen, breaks, time and score: always in the same place. */
export function MazeFigures({ game }: { game: Game }) {
  const { t } = useTranslation();
  const seconds = Math.floor(game.timeMs / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const isLow = game.oxygen <= lowOxygen;
  return (
    <div
      className="mx-auto mb-2 min-w-64 max-w-(--maze-board)"
      data-testid="maze-figures"
      data-phase={game.phase}
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm tabular">
        <span className="font-medium">{t('maze.level', { number: game.level })}</span>
        <span className="flex gap-0.5 text-destructive">
          <span className="sr-only">{t('maze.health', { count: game.health })}</span>
          {Array.from({ length: fullHealth }, (_, place) => (
            <Heart key={place} size={16} aria-hidden fill={place < game.health ? 'currentColor' : 'none'} />
          ))}
        </span>
        <span className="flex items-center gap-1.5" data-tip={t('maze.breaks')}>
          <Pickaxe size={16} aria-hidden />
          <span className="sr-only">{t('maze.breaks')}</span>
          {game.breaks}
        </span>
        <span className="flex-1" />
        <span className="flex items-center gap-1.5 text-muted-foreground">
          <Timer size={16} aria-hidden />
          <span className="sr-only">{t('maze.time')}</span>
          {time}
        </span>
        <span className="flex items-center gap-1.5 text-muted-foreground">
          <Trophy size={16} aria-hidden />
          <span className="sr-only">{t('maze.score')}</span>
          {formatCount(game.score)}
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a meter element takes no colours of the page */}
      <div
        role="meter"
        aria-label={t('maze.oxygen')}
        aria-valuemin={0}
        aria-valuemax={fullOxygen}
        aria-valuenow={Math.round(game.oxygen)}
        className="mt-2 h-1.5 overflow-hidden rounded-full bg-muted"
      >
        <div
          className={cn(
            'h-full rounded-full transition-[width] duration-100',
            isLow ? 'bg-destructive' : 'bg-primary',
          )}
          style={{ width: `${game.oxygen}%` }}
        />
      </div>
    </div>
  );
}
