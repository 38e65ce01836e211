import { type RefObject, startTransition, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Turns drawn at first: a long conversation opens as fast as a short one. */
const firstTurns = 10;
/** Turns added with each step up: few, so that no step holds up a frame of a slow device. */
const stepTurns = 2;

/** Draws the end of a long conversation and adds earlier turns as the reader comes near the top. */
export function useEarlierTurns(
  count: number,
  targetIndex: number,
  scroller: RefObject<HTMLDivElement | null>,
) {
  const [shown, setShown] = useState(firstTurns);
  const sentinel = useRef<HTMLDivElement>(null);
  const heightBefore = useRef<number | null>(null);
  const needed = targetIndex === -1 ? shown : Math.max(shown, count - targetIndex + 2);
  const firstShown = Math.max(0, count - needed);

  // biome-ignore lint/correctness/useExhaustiveDependencies: observed anew after each step, or it would not fire again
  useEffect(() => {
    const mark = sentinel.current;
    const root = scroller.current;
    if (!mark || !root) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        heightBefore.current = root.scrollHeight - root.scrollTop;
        startTransition(() => setShown((current) => current + stepTurns));
      },
      { root, rootMargin: '1800px 0px 0px 0px' },
    );
    observer.observe(mark);
    return () => observer.disconnect();
  }, [firstShown, scroller]);

  // What is added above must not move what is being read.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each step
  useLayoutEffect(() => {
    const root = scroller.current;
    if (!root || heightBefore.current === null) return;
    root.scrollTop = root.scrollHeight - heightBefore.current;
    heightBefore.current = null;
  }, [firstShown, scroller]);

  return { firstShown, sentinel };
}
