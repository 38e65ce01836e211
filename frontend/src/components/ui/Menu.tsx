import { Suspense, useState } from 'react';
import { latePart } from '@/lib/latePieces';
import { idleTrigger } from './idleTrigger';
import type { MenuProps } from './MenuPopup';

const load = () => import('./MenuPopup');
const MenuPopup = latePart(load);

/** A menu behind a button. What draws it is fetched when the button is approached, not with the page. */
export function Menu(props: MenuProps) {
  const [isWanted, setIsWanted] = useState(false);
  const idle = idleTrigger(props.trigger, 'menu', load, () => setIsWanted(true));
  if (!isWanted) return idle;
  return (
    <Suspense fallback={idle}>
      <MenuPopup {...props} />
    </Suspense>
  );
}
