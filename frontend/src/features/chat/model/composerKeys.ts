/** What a key does in the composer. Pure, so that the rules can be read and tested in one place. */
export type ComposerAction = 'send' | 'stop' | 'recall' | null;

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

export interface ComposerSituation {
  isEmpty: boolean;
  isRunning: boolean;
  /** On a touch keyboard Enter breaks the line; the button sends. */
  isTouch: boolean;
}

export function composerAction(press: KeyPress, situation: ComposerSituation): ComposerAction {
  // 229 is what browsers report for keys that an input method takes; Safari ends composing before its Enter.
  if (press.isComposing || press.keyCode === 229) return null;
  if (press.key === 'Escape') return situation.isRunning ? 'stop' : null;
  if (press.key === 'ArrowUp' && situation.isEmpty && !press.shiftKey) return 'recall';
  if (press.key !== 'Enter' || press.shiftKey || press.altKey) return null;
  if (situation.isTouch && !press.ctrlKey && !press.metaKey) return null;
  return 'send';
}
