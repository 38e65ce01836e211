import { useEffect, useRef } from 'react';

/** "mod" is ⌘ on a Mac and Ctrl elsewhere. */
export interface Hotkey {
  key: string;
  mod?: boolean;
  /** `either`: a key that stands behind Shift on some keyboards. */
  shift?: boolean | 'either';
  run: () => void;
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function matchesHotkey(event: KeyboardEvent, hotkey: Hotkey): boolean {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const otherMod = isMac ? event.ctrlKey : event.metaKey;
  if (otherMod || event.altKey || event.isComposing) return false;
  if (mod !== Boolean(hotkey.mod)) return false;
  const isSameKey = event.key.toLowerCase() === hotkey.key.toLowerCase() || event.code === hotkey.key;
  return isSameKey && (hotkey.shift === 'either' || event.shiftKey === Boolean(hotkey.shift));
}

export function useHotkeys(hotkeys: Hotkey[]): void {
  const latest = useRef(hotkeys);
  useEffect(() => {
    latest.current = hotkeys;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const hotkey = latest.current.find((candidate) => matchesHotkey(event, candidate));
      if (!hotkey) return;
      event.preventDefault();
      hotkey.run();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}

/** "⌘K" or "Ctrl K". */
export function hotkeyLabel(key: string, shift = false): string {
  if (isMac) return `⌘${shift ? '⇧' : ''}${key}`;
  return `Ctrl ${shift ? 'Shift ' : ''}${key}`;
}
