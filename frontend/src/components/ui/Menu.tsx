import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react';
import type { MenuEntry } from './MenuPopup';

export interface MenuProps {
  trigger: ReactElement<TriggerProps>;
  entries: MenuEntry[];
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom';
  onOpenChange?: (isOpen: boolean) => void;
}

export interface TriggerProps {
  children?: ReactNode;
  onClick?: () => void;
  onPointerEnter?: () => void;
  onFocus?: () => void;
  'aria-haspopup'?: 'menu' | 'dialog';
  'aria-expanded'?: boolean;
}

const load = () => import('./MenuPopup');
const MenuPopup = lazy(load);

/** A menu behind a button. What draws it is fetched when the button is approached, not with the page. */
export function Menu(props: MenuProps) {
  const [isWanted, setIsWanted] = useState(false);
  const idle = cloneElement(props.trigger, {
    onClick: () => setIsWanted(true),
    onPointerEnter: () => void load(),
    onFocus: () => void load(),
    'aria-haspopup': 'menu',
    'aria-expanded': false,
  });
  if (!isWanted) return idle;
  return (
    <Suspense fallback={idle}>
      <MenuPopup {...props} />
    </Suspense>
  );
}
