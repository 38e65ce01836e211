import { memo } from 'react';
import { type Game, sightReach } from './game';
import { type Cell, cellAt, indexOf, visibleFrom } from './grid';

const square = (x: number, y: number) => `M${x} ${y}h1v1h-1z`;
const squares = (size: number, has: (index: number) => boolean) => {
  let path = '';
  for (let index = 0; index < size * size; index++) if (has(index)) path += square(...cellAt(size, index));
  return path;
};
const centre = (cell: Cell) => cell.map((part) => part + 0.5) as unknown as Cell;
const at = ([x, y]: Cell) => ({ transform: `translate(${x}px, ${y}px)` });

/** The maze as the player knows it: what is in sight, what is remembered, and fog. */
export function MazeDrawing({ game }: { game: Game }) {
  const { size, walls, player, timeMs } = game;
  const isRevealed = timeMs < game.revealedUntil;
  const sight = visibleFrom(size, walls, player, sightReach);
  const isShown = (cell: Cell) => isRevealed || sight.has(indexOf(size, cell));
  const isKnown = (cell: Cell) => isRevealed || game.seen[indexOf(size, cell)] === true;
  const isFrozen = timeMs < game.frozenUntil;
  const isMarked = timeMs < game.marksUntil;
  const isSafe = timeMs < game.safeUntil && timeMs > 0;
  return (
    <svg viewBox={`0 0 ${size} ${size}`} className="block size-full" aria-hidden>
      <title>{''}</title>
      <Walls size={size} walls={walls} />
      {game.pellets
        .map((index) => cellAt(size, index))
        .filter(isKnown)
        .map((cell) => (
          <circle
            key={cell.join()}
            cx={cell[0] + 0.5}
            cy={cell[1] + 0.5}
            r={0.19}
            fill="var(--success)"
            className="animate-breathe"
          />
        ))}
      {isKnown(game.exit) && <Exit cell={game.exit} />}
      <Fog size={size} seen={game.seen} sight={sight} isRevealed={isRevealed} />
      {timeMs < game.wayUntil && game.way.length > 1 && (
        <polyline
          points={game.way.map((cell) => centre(cell).join()).join(' ')}
          fill="none"
          stroke="var(--maze-way)"
          strokeWidth={0.16}
          strokeLinecap="round"
          strokeLinejoin="round"
          strokeDasharray="0.01 0.4"
          data-testid="maze-way"
        />
      )}
      {game.germs
        .filter((germ) => isShown(germ.cell))
        .map((germ, place) => (
          <GermShape key={place} cell={germ.cell} isFrozen={isFrozen} />
        ))}
      {isMarked &&
        game.marks.map((cell) => (
          <rect
            key={cell.join()}
            x={cell[0] + 0.08}
            y={cell[1] + 0.08}
            width={0.84}
            height={0.84}
            rx={0.2}
            fill="none"
            stroke="var(--maze-mark)"
            strokeWidth={0.12}
            className="animate-breathe"
            data-testid="maze-mark"
          />
        ))}
      {game.broken && timeMs - game.broken.at < 500 && (
        <rect
          key={game.broken.at}
          x={game.broken.cell[0]}
          y={game.broken.cell[1]}
          width={1}
          height={1}
          fill="var(--foreground)"
          className="animate-crumble"
          data-testid="maze-broken"
        />
      )}
      <g style={at(player)} className="transition-transform duration-100" opacity={isSafe ? 0.6 : 1}>
        <circle cx={0.5} cy={0.5} r={0.36} fill="var(--primary)" />
        <circle cx={0.39} cy={0.45} r={0.065} fill="var(--primary-foreground)" />
        <circle cx={0.61} cy={0.45} r={0.065} fill="var(--primary-foreground)" />
      </g>
    </svg>
  );
}

const Walls = memo(function Walls({ size, walls }: { size: number; walls: readonly boolean[] }) {
  return (
    <path
      d={squares(size, (index) => walls[index] === true)}
      fill="var(--maze-wall)"
      shapeRendering="crispEdges"
    />
  );
});

interface FogProps {
  size: number;
  seen: readonly boolean[];
  sight: Set<number>;
  isRevealed: boolean;
}

function Fog({ size, seen, sight, isRevealed }: FogProps) {
  if (isRevealed) return null;
  return (
    <>
      <path
        d={squares(size, (index) => seen[index] !== true)}
        fill="var(--maze-fog)"
        shapeRendering="crispEdges"
      />
      <path
        d={squares(size, (index) => seen[index] === true && !sight.has(index))}
        fill="var(--maze-fog)"
        opacity={0.5}
        shapeRendering="crispEdges"
      />
    </>
  );
}

function Exit({ cell: [x, y] }: { cell: Cell }) {
  return (
    <g style={at([x, y])}>
      <path d="M.2 .95V.45a.3 .3 0 0 1 .6 0v.5z" fill="var(--warning)" />
      <circle cx={0.66} cy={0.62} r={0.05} fill="var(--surface)" />
    </g>
  );
}

function GermShape({ cell, isFrozen }: { cell: Cell; isFrozen: boolean }) {
  const colour = isFrozen ? 'var(--muted-foreground)' : 'var(--destructive)';
  return (
    <g style={at(cell)} className="transition-transform duration-150">
      <circle
        cx={0.5}
        cy={0.5}
        r={0.3}
        fill={colour}
        stroke={colour}
        strokeWidth={0.14}
        strokeDasharray="0.12 0.117"
      />
      <circle cx={0.4} cy={0.45} r={0.06} fill="var(--surface)" />
      <circle cx={0.6} cy={0.45} r={0.06} fill="var(--surface)" />
    </g>
  );
}
