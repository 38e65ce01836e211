import { lazy, type ReactElement, Suspense, useState } from 'react';
import { idleTrigger, type TriggerProps } from './idleTrigger';
import type { MenuEntry } from './MenuPopup';

export interface MenuProps {
  trigger: ReactElement<TriggerProps>;
  entries: MenuEntry[];
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom';
  onOpenChange?: (isOpen: boolean) => void;
}

const load = () => import('./MenuPopup');
const MenuPopup = lazy(load);

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
