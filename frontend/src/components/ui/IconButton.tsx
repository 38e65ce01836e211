import { Tooltip } from '@base-ui/react/tooltip';
import type { VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';
import { buttonStyle } from './Button';

type IconButtonProps = ComponentProps<'button'> & {
  /** What it does: read aloud, and shown on hover. */
  label: string;
  keys?: string;
  variant?: VariantProps<typeof buttonStyle>['variant'];
  size?: 'icon' | 'icon-sm';
};

export function IconButton({
  label,
  keys,
  variant = 'quiet',
  size = 'icon',
  className,
  ...props
}: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            aria-label={label}
            className={cn(buttonStyle({ variant, size }), className)}
            {...props}
          />
        }
      />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-50">
          <Tooltip.Popup className="flex items-center gap-2 rounded-lg bg-foreground px-2 py-1 text-background text-xs shadow-float">
            {label}
            {keys && <kbd className="font-sans opacity-70">{keys}</kbd>}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
