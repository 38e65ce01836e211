import { cloneElement, type ReactElement, type ReactNode } from 'react';
import { fetchEarly } from '@/lib/latePieces';

export interface TriggerProps {
  children?: ReactNode;
  onClick?: () => void;
  onPointerEnter?: () => void;
  onFocus?: () => void;
  'aria-haspopup'?: 'menu' | 'dialog';
  'aria-expanded'?: boolean;
}

/** A button as it is before what it opens was fetched: that begins when it is approached. */
export function idleTrigger(
  trigger: ReactElement<TriggerProps>,
  kind: 'menu' | 'dialog',
  load: () => Promise<unknown>,
  onWanted: () => void,
): ReactElement<TriggerProps> {
  return cloneElement(trigger, {
    onClick: onWanted,
    onPointerEnter: () => fetchEarly(load),
    onFocus: () => fetchEarly(load),
    'aria-haspopup': kind,
    'aria-expanded': false,
  });
}
