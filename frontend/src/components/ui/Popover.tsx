import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react';
import type { TriggerProps } from './Menu';

export interface PopoverProps {
  trigger: ReactElement<TriggerProps>;
  title: string;
  children: ReactNode;
}

const load = () => import('./PopoverPopup');
const PopoverPopup = lazy(load);

/** A small panel behind a button, fetched when the button is approached. */
export function Popover(props: PopoverProps) {
  const [isWanted, setIsWanted] = useState(false);
  const idle = cloneElement(props.trigger, {
    onClick: () => setIsWanted(true),
    onPointerEnter: () => void load(),
    onFocus: () => void load(),
    'aria-haspopup': 'dialog',
    'aria-expanded': false,
  });
  if (!isWanted) return idle;
  return (
    <Suspense fallback={idle}>
      <PopoverPopup {...props} />
    </Suspense>
  );
}
