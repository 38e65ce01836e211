import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { afterScroll, type FollowState, isReadingKey } from '../model/follow';

/** Keeps the end of the transcript in view while the reader is there, and lets go at any sign of reading. */
export function useFollowStream(
  scroller: RefObject<HTMLDivElement | null>,
  content: RefObject<HTMLDivElement | null>,
) {
  const state = useRef<FollowState>({ isFollowing: true, lastTop: 0 });
  const [isAtEnd, setIsAtEnd] = useState(true);

  const publish = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const distance = element.scrollHeight - element.scrollTop - element.clientHeight;
    setIsAtEnd(state.current.isFollowing || distance < 64);
  }, [scroller]);

  const jumpToEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    element.scrollTop = element.scrollHeight;
    state.current = { isFollowing: true, lastTop: element.scrollTop };
    setIsAtEnd(true);
  }, [scroller]);

  /** Put an element near the top, without following. */
  const showFromTop = useCallback(
    (target: HTMLElement, gapPx: number) => {
      const element = scroller.current;
      if (!element) return;
      const offset = target.getBoundingClientRect().top - element.getBoundingClientRect().top;
      element.scrollTop += offset - gapPx;
      state.current = { isFollowing: false, lastTop: element.scrollTop };
      publish();
    },
    [scroller, publish],
  );

  useEffect(() => {
    const element = scroller.current;
    const inner = content.current;
    if (!element || !inner) return;
    const letGo = () => {
      state.current = { ...state.current, isFollowing: false };
      publish();
    };
    const onScroll = () => {
      const distance = element.scrollHeight - element.scrollTop - element.clientHeight;
      state.current = afterScroll(state.current, element.scrollTop, distance);
      publish();
    };
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && letGo();
    const onKey = (event: KeyboardEvent) => isReadingKey(event.key) && letGo();
    const onPointer = (event: PointerEvent) => {
      // On the scrollbar: the hand that holds it decides.
      if (event.target === element && event.offsetX > element.clientWidth) letGo();
    };
    const onSelection = () => {
      const selection = document.getSelection();
      if (selection && !selection.isCollapsed && inner.contains(selection.anchorNode)) letGo();
    };
    const keepEnd = new ResizeObserver(() => {
      if (state.current.isFollowing) jumpToEnd();
      else publish();
    });
    keepEnd.observe(inner);
    keepEnd.observe(element);
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('wheel', onWheel, { passive: true });
    element.addEventListener('keydown', onKey);
    element.addEventListener('pointerdown', onPointer);
    document.addEventListener('selectionchange', onSelection);
    return () => {
      keepEnd.disconnect();
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('keydown', onKey);
      element.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('selectionchange', onSelection);
    };
  }, [scroller, content, jumpToEnd, publish]);

  return { isAtEnd, jumpToEnd, showFromTop };
}
