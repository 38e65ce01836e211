import type { VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';
import { buttonStyle } from './Button';

type IconButtonProps = ComponentProps<'button'> & {
  /** What it does: read aloud, and shown on hover (by TooltipLayer). */
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
    <button
      type="button"
      aria-label={label}
      data-tip={label}
      data-tip-keys={keys}
      className={cn(buttonStyle({ variant, size }), className)}
      {...props}
    />
  );
}
