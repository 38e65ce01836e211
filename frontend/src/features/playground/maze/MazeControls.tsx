import {
  ArrowDown,
  ArrowLeft,
  ArrowRight,
  ArrowUp,
  Dices,
  Lightbulb,
  Pause,
  Pickaxe,
  Play,
} from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { IconButton } from '@/components/ui/IconButton';
import { cn } from '@/lib/cn';
import type { Game } from './game';
import type { Direction } from './grid';
import type { GameAction } from './useGame';

const pad: { direction: Direction; icon: typeof ArrowUp; place: string }[] = [
  { direction: 'up', icon: ArrowUp, place: 'col-start-2' },
  { direction: 'left', icon: ArrowLeft, place: 'col-start-1 row-start-2' },
  { direction: 'down', icon: ArrowDown, place: 'col-start-2 row-start-2' },
  { direction: 'right', icon: ArrowRight, place: 'col-start-3 row-start-2' },
];

interface MazeControlsProps {
  game: Game;
  isBreaking: boolean;
  onBreaking: (isBreaking: boolean) => void;
  onStep: (direction: Direction) => void;
  dispatch: (action: GameAction) => void;
  seed: number;
  onNewGame: (seed: number) => void;
  anySeed: () => number;
  canAsk: boolean;
  isAsking: boolean;
  onAsk: () => void;
}

/** Under the board: arrows for fingers, the pickaxe, pause, and which maze it is. */
export function MazeControls(props: MazeControlsProps) {
  const {
    game,
    isBreaking,
    onBreaking,
    onStep,
    dispatch,
    seed,
    onNewGame,
    anySeed,
    canAsk,
    isAsking,
    onAsk,
  } = props;
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const isPlaying = game.phase === 'playing';
  function submit(event: FormEvent) {
    event.preventDefault();
    const wanted = Number.parseInt(typed, 10);
    onNewGame(wanted > 0 ? wanted : seed);
    setTyped('');
  }
  return (
    <div className="mx-auto mt-3 min-w-64 max-w-[max(22rem,var(--maze-board))] space-y-3">
      <div className="flex items-center justify-between gap-4">
        <div className="grid w-fit shrink-0 grid-cols-3 gap-1">
          {pad.map(({ direction, icon: Icon, place }) => (
            <IconButton
              key={direction}
              label={t(`maze.direction.${direction}`)}
              variant="outline"
              disabled={!isPlaying}
              className={cn(place, 'touch-manipulation')}
              onClick={() => onStep(direction)}
            >
              <Icon size={18} />
            </IconButton>
          ))}
        </div>
        <div className="flex flex-wrap justify-end gap-2">
          <Button data-testid="maze-ask" disabled={!canAsk} isBusy={isAsking} onClick={onAsk}>
            <Lightbulb size={16} aria-hidden />
            {t(isAsking ? 'maze.asking' : 'maze.ask')}
          </Button>
          <Button
            variant="outline"
            aria-pressed={isBreaking}
            disabled={!isPlaying || game.breaks === 0}
            className="aria-pressed:border-primary aria-pressed:bg-primary-soft"
            onClick={() => onBreaking(!isBreaking)}
          >
            <Pickaxe size={16} aria-hidden />
            {t('maze.break')}
          </Button>
          <Button
            variant="outline"
            disabled={game.phase === 'won' || game.phase === 'lost'}
            onClick={() => dispatch({ type: isPlaying ? 'pause' : 'play' })}
          >
            {isPlaying ? <Pause size={16} aria-hidden /> : <Play size={16} aria-hidden />}
            {t(isPlaying ? 'maze.pause' : 'maze.play')}
          </Button>
        </div>
      </div>
      <p id="maze-keys" className="text-[13px] text-muted-foreground">
        {t('maze.keys')}
      </p>
      <form onSubmit={submit} className="flex items-center gap-2">
        <input
          aria-label={t('maze.seed')}
          className={cn(inputStyle, 'w-32 tabular')}
          inputMode="numeric"
          autoComplete="off"
          placeholder={String(seed)}
          value={typed}
          onChange={(event) => setTyped(event.target.value.replace(/\D/g, '').slice(0, 6))}
        />
        <Button type="submit" variant="outline">
          {t('maze.newGame')}
        </Button>
        <IconButton label={t('maze.anySeed')} onClick={() => onNewGame(anySeed())}>
          <Dices size={18} />
        </IconButton>
      </form>
    </div>
  );
}
