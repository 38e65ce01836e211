import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { formatCount } from '@/lib/format';
import type { Game } from './game';
import type { Direction } from './grid';
import { MazeDrawing } from './MazeDrawing';
import type { GameAction } from './useGame';

const keys: Record<string, Direction> = {
  ArrowUp: 'up',
  ArrowRight: 'right',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  w: 'up',
  d: 'right',
  s: 'down',
  a: 'left',
};
const repeatMs = 135;
const fastRepeatMs = 70;
const swipePixels = 18;

interface MazeBoardProps {
  game: Game;
  onStep: (direction: Direction, isBreaking?: boolean) => void;
  onAsk: () => void;
  dispatch: (action: GameAction) => void;
}

/** The board: arrows or WASD walk, Shift breaks, H asks, P pauses; a swipe walks too. */
export function MazeBoard({ game, onStep, onAsk, dispatch }: MazeBoardProps) {
  const { t } = useTranslation();
  const board = useRef<HTMLDivElement>(null);
  const lastStep = useRef(0);
  const touched = useRef<[number, number] | null>(null);
  const isPlaying = game.phase === 'playing';
  useEffect(() => {
    if (isPlaying) board.current?.focus({ preventScroll: true });
  }, [isPlaying]);

  function press(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const direction = keys[key];
    if (direction && isPlaying) {
      event.preventDefault();
      const pause = game.timeMs < game.fastUntil ? fastRepeatMs : repeatMs;
      if (event.repeat && event.timeStamp - lastStep.current < pause) return;
      lastStep.current = event.timeStamp;
      onStep(direction, event.shiftKey);
    } else if (key === 'h') onAsk();
    else if (key === 'p') dispatch({ type: isPlaying ? 'pause' : 'play' });
  }
  function drag(event: PointerEvent) {
    if (!touched.current || !isPlaying) return;
    const [dx, dy] = [event.clientX - touched.current[0], event.clientY - touched.current[1]];
    if (Math.max(Math.abs(dx), Math.abs(dy)) < swipePixels) return;
    touched.current = [event.clientX, event.clientY];
    if (Math.abs(dx) > Math.abs(dy)) onStep(dx > 0 ? 'right' : 'left');
    else onStep(dy > 0 ? 'down' : 'up');
  }
  return (
    <div className="relative mx-auto aspect-square w-full min-w-64 max-w-(--maze-board)">
      <div
        ref={board}
        role="application"
        aria-label={t('maze.board')}
        aria-describedby="maze-keys"
        tabIndex={0}
        data-testid="maze-board"
        data-player={game.player.join()}
        data-exit={game.exit.join()}
        data-walls={game.walls.filter(Boolean).length}
        data-level={game.level}
        className="size-full touch-none select-none overflow-hidden rounded-2xl border bg-surface"
        onKeyDown={press}
        onPointerDown={(event) => {
          touched.current = [event.clientX, event.clientY];
        }}
        onPointerMove={drag}
        onPointerUp={() => {
          touched.current = null;
        }}
        onPointerCancel={() => {
          touched.current = null;
        }}
      >
        <MazeDrawing game={game} />
      </div>
      {!isPlaying && (
        <div className="absolute inset-0 grid place-items-center rounded-2xl bg-background/70 p-4">
          <div className="max-w-xs rounded-2xl border bg-popover px-6 py-5 text-center shadow-float">
            <p role="status" className="font-semibold text-base">
              {t(`maze.phase.${game.phase}`, { number: game.level })}
            </p>
            <p className="mt-1 text-muted-foreground text-sm">
              {t(`maze.phaseHint.${game.phase}`, { score: formatCount(game.score) })}
            </p>
            <Button
              className="mt-4"
              data-testid="maze-go"
              onClick={() => {
                const next = {
                  ready: 'play',
                  paused: 'play',
                  won: 'next',
                  lost: 'again',
                  playing: 'play',
                } as const;
                dispatch({ type: next[game.phase] });
              }}
            >
              {t(`maze.go.${game.phase}`)}
            </Button>
          </div>
        </div>
      )}
    </div>
  );
}
