import { type RefObject, useEffect } from 'react';

/**
 * Turns that were drawn once rest: while they are out of sight the browser skips them, however many there are.
 * They are drawn first, so that it knows their height and nothing jumps (CSS Sizing 4, "last remembered size").
 * The last one never rests: it grows.
 */
export function useRestingTurns(content: RefObject<HTMLElement | null>, firstShown: number, count: number) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each step, when there are new ones
  useEffect(() => {
    const drawn = [...(content.current?.querySelectorAll('[data-turn]') ?? [])].slice(0, -1);
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        for (const turn of drawn) turn.toggleAttribute('data-resting', true);
      });
    });
    return () => cancelAnimationFrame(frame);
  }, [content, firstShown, count]);
}
