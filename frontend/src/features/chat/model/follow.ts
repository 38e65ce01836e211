/** When the transcript follows the stream: only while the reader is at its end. Pure. */
export interface FollowState {
  isFollowing: boolean;
  lastTop: number;
}

/** So near the end counts as the end, when the reader comes from above. */
const reachPx = 24;

export function afterScroll(state: FollowState, top: number, distanceToEnd: number): FollowState {
  const movedUp = top < state.lastTop - 0.5;
  const movedDown = top > state.lastTop + 0.5;
  // Content that shrinks also moves the view up, but leaves it at the end: that is no letting go.
  if (movedUp && distanceToEnd > 2) return { isFollowing: false, lastTop: top };
  if (movedDown && distanceToEnd <= reachPx) return { isFollowing: true, lastTop: top };
  return { ...state, lastTop: top };
}

/** Keys that mean "I want to read further up". */
export function isReadingKey(key: string): boolean {
  return key === 'PageUp' || key === 'ArrowUp' || key === 'Home';
}
