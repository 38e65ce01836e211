/** The game as it runs: a clock while it is played, and keys that repeat while they are held. */
import { useCallback, useEffect, useReducer } from 'react';
import { advance, type Game, move, newLevel } from './game';
import type { Direction } from './grid';
import { applyHint, type Hint } from './hints';

const tickMs = 100;

export type GameAction =
  | { type: 'step'; direction: Direction; isBreaking: boolean }
  | { type: 'pass'; milliseconds: number }
  | { type: 'play' | 'pause' | 'next' | 'again' }
  | { type: 'seed'; seed: number }
  | { type: 'asked' }
  | { type: 'hint'; hint: Hint };

export function reduceGame(game: Game, action: GameAction): Game {
  switch (action.type) {
    case 'step':
      return move(game, action.direction, action.isBreaking);
    case 'pass':
      return advance(game, action.milliseconds);
    case 'play':
      return game.phase === 'ready' || game.phase === 'paused' ? { ...game, phase: 'playing' } : game;
    case 'pause':
      return game.phase === 'playing' ? { ...game, phase: 'paused' } : game;
    case 'next':
      return { ...newLevel(game.seed, game.level + 1, game.score), phase: 'playing' };
    case 'again':
      return { ...newLevel(game.seed, game.level, game.score), phase: 'playing' };
    case 'seed':
      return newLevel(action.seed, 1);
    case 'asked':
      return { ...game, hints: game.hints + 1 };
    case 'hint':
      return isUnderWay(game) ? applyHint(game, action.hint).game : game;
  }
}

export const isUnderWay = (game: Game) => game.phase === 'playing' || game.phase === 'paused';

export function useGame(seed: number) {
  const [game, dispatch] = useReducer(reduceGame, seed, (first) => newLevel(first, 1));
  useEffect(() => {
    if (game.seed !== seed) dispatch({ type: 'seed', seed });
  }, [game.seed, seed]);

  const isPlaying = game.phase === 'playing';
  useEffect(() => {
    if (!isPlaying) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      // A tab that slept has not played.
      dispatch({ type: 'pass', milliseconds: Math.min(3 * tickMs, now - last) });
      last = now;
    }, tickMs);
    const pauseWhenHidden = () => document.hidden && dispatch({ type: 'pause' });
    document.addEventListener('visibilitychange', pauseWhenHidden);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', pauseWhenHidden);
    };
  }, [isPlaying]);

  const go = useCallback(
    (direction: Direction, isBreaking: boolean) => dispatch({ type: 'step', direction, isBreaking }),
    [],
  );
  return { game, dispatch, go };
}
