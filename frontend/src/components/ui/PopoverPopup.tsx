import { Popover as Base } from '@base-ui/react/popover';
import type { ReactElement, ReactNode } from 'react';
import type { TriggerProps } from './idleTrigger';

export interface PopoverProps {
  trigger: ReactElement<TriggerProps>;
  title: string;
  children: ReactNode;
}

export default function PopoverPopup({ trigger, title, children }: PopoverProps) {
  return (
    <Base.Root defaultOpen>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={8} align="start" collisionPadding={12} className="z-50">
          <Base.Popup className="w-80 max-w-[calc(100vw-24px)] rounded-2xl border bg-popover p-4 text-popover-foreground shadow-float outline-none">
            <Base.Title className="mb-3 font-semibold text-sm">{title}</Base.Title>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
