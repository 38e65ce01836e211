import { useCallback, useEffect, useState } from 'react';
import { randomId } from '@/lib/ids';
import type { MqttLink } from '../model/mqttLink';
import { MazeBoard } from './MazeBoard';
import { MazeControls } from './MazeControls';
import { MazeFigures } from './MazeFigures';
import { MazeTalk } from './MazeTalk';
import { MazeWords } from './MazeWords';
import { isUnderWay, useGame } from './useGame';
import { useGuide } from './useGuide';

const followEveryMs = 4_000;
const anySeed = () => 1 + Math.floor(Math.random() * 9_999);

interface MazePanelProps {
  link: MqttLink;
  isConnected: boolean;
  seed: number | null;
  onSeed: (seed: number) => void;
}

/** The maze: the board, the figures, and the guide, who is the model behind the project "maze". */
export function MazePanel({ link, isConnected, seed: wanted, onSeed }: MazePanelProps) {
  const [chance] = useState(anySeed);
  const seed = wanted ?? chance;
  const { game, dispatch, go } = useGame(seed);
  const [sessionId, setSessionId] = useState(() => newSession(seed));
  const [isBreaking, setIsBreaking] = useState(false);
  const [isFollowing, setIsFollowing] = useState(false);
  const { said, ask, say, isAsking } = useGuide({
    link,
    game,
    sessionId,
    onHint: useCallback((hint) => dispatch({ type: 'hint', hint }), [dispatch]),
    onAsked: useCallback(() => dispatch({ type: 'asked' }), [dispatch]),
  });

  const isPlaying = game.phase === 'playing';
  const canAsk = isConnected && isPlaying && !isAsking;
  useEffect(() => {
    if (!isFollowing || !isConnected || !isPlaying || isAsking) return;
    const timer = setTimeout(ask, followEveryMs);
    return () => clearTimeout(timer);
  }, [isFollowing, isConnected, isPlaying, isAsking, ask]);

  const steer = useCallback(
    (direction: Parameters<typeof go>[0], breaks = false) => {
      go(direction, breaks || isBreaking);
      if (isBreaking) setIsBreaking(false);
    },
    [go, isBreaking],
  );
  const newGame = (next: number) => {
    setSessionId(newSession(next));
    if (next === seed) dispatch({ type: 'seed', seed: next });
    else onSeed(next);
  };
  return (
    <div className="grid gap-6 min-[1000px]:grid-cols-[minmax(0,1fr)_21rem]">
      <div className="min-w-0 [--maze-board:min(36rem,calc(var(--visible-height,100dvh)-27rem))]">
        <MazeFigures game={game} />
        <MazeWords game={game} last={said.at(-1)} isAsking={isAsking} />
        <MazeBoard game={game} onStep={steer} onAsk={() => canAsk && ask()} dispatch={dispatch} />
        <MazeControls
          game={game}
          isBreaking={isBreaking}
          onBreaking={setIsBreaking}
          onStep={steer}
          dispatch={dispatch}
          seed={seed}
          onNewGame={newGame}
          anySeed={anySeed}
          canAsk={canAsk}
          isAsking={isAsking}
          onAsk={ask}
        />
      </div>
      <MazeTalk
        said={said}
        sessionId={sessionId}
        canSay={isConnected && !isAsking && isUnderWay(game)}
        onWriting={() => dispatch({ type: 'pause' })}
        onSay={say}
        isFollowing={isFollowing}
        onFollowing={setIsFollowing}
      />
    </div>
  );
}

/** A conversation for each game, by the name of its maze. */
function newSession(seed: number): string {
  return `maze-${seed}-${randomId().slice(0, 8)}`;
}
