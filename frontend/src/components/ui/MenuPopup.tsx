import { Menu as Base } from '@base-ui/react/menu';
import { Check } from 'lucide-react';
import { type ReactElement, type ReactNode, useEffect, useRef } from 'react';
import { cn } from '@/lib/cn';
import type { TriggerProps } from './idleTrigger';

export interface MenuAction {
  icon?: ReactNode;
  label: ReactNode;
  run: () => void;
  isDanger?: boolean;
}

export interface MenuChoice {
  value: string;
  options: { value: string; label: ReactNode }[];
  choose: (value: string) => void;
}

export type MenuEntry = MenuAction | MenuChoice | 'separator';

export interface MenuProps {
  trigger: ReactElement<TriggerProps>;
  entries: MenuEntry[];
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom';
  onOpenChange?: (isOpen: boolean) => void;
}

const itemStyle =
  'flex min-h-8 cursor-pointer select-none items-center gap-2.5 rounded-[5px] px-2.5 py-1.5 outline-none data-highlighted:bg-accent touch:min-h-11';

/** The menu itself; it opens as it appears, because it was asked for. */
export default function MenuPopup({
  trigger,
  entries,
  align = 'end',
  side = 'bottom',
  onOpenChange,
}: MenuProps) {
  const tell = useRef(onOpenChange);
  useEffect(() => tell.current?.(true), []);
  return (
    <Base.Root defaultOpen onOpenChange={onOpenChange}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} side={side} sideOffset={6} className="z-50">
          <Base.Popup className="min-w-44 max-w-80 rounded-lg border bg-popover p-1 text-popover-foreground text-sm shadow-float outline-none">
            {entries.map((entry, index) => (
              <Entry key={index} entry={entry} />
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  if (entry === 'separator') return <Base.Separator className="my-1 h-px bg-border" />;
  if ('options' in entry) return <Choice choice={entry} />;
  return (
    <Base.Item onClick={entry.run} className={cn(itemStyle, entry.isDanger && 'text-destructive')}>
      {entry.icon}
      {entry.label}
    </Base.Item>
  );
}

function Choice({ choice }: { choice: MenuChoice }) {
  return (
    <Base.RadioGroup value={choice.value} onValueChange={choice.choose}>
      {choice.options.map((option) => (
        <Base.RadioItem key={option.value} value={option.value} closeOnClick className={itemStyle}>
          <span className="min-w-0 flex-1">{option.label}</span>
          <Base.RadioItemIndicator>
            <Check size={15} className="text-primary" />
          </Base.RadioItemIndicator>
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  );
}
