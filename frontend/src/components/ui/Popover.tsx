import { Suspense, useState } from 'react';
import { latePart } from '@/lib/latePieces';
import { idleTrigger } from './idleTrigger';
import type { PopoverProps } from './PopoverPopup';

const load = () => import('./PopoverPopup');
const PopoverPopup = latePart(load);

/** A small panel behind a button, fetched when the button is approached. */
export function Popover(props: PopoverProps) {
  const [isWanted, setIsWanted] = useState(false);
  const idle = idleTrigger(props.trigger, 'dialog', load, () => setIsWanted(true));
  if (!isWanted) return idle;
  return (
    <Suspense fallback={idle}>
      <PopoverPopup {...props} />
    </Suspense>
  );
}
