import { Suspense, useState } from 'react';
import { idleTrigger } from '@/components/ui/idleTrigger';
import { latePart } from '@/lib/latePieces';
import type { SessionMenuProps } from './SessionMenuPopup';

const load = () => import('./SessionMenuPopup');
const SessionMenuPopup = latePart(load);

/** Everything that can be done to a conversation; the same in the side bar and above the conversation. */
export function SessionMenu(props: SessionMenuProps) {
  const [isWanted, setIsWanted] = useState(false);
  const idle = idleTrigger(props.trigger, 'menu', load, () => setIsWanted(true));
  if (!isWanted) return idle;
  return (
    <Suspense fallback={idle}>
      <SessionMenuPopup {...props} />
    </Suspense>
  );
}
