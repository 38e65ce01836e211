import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

export const buttonStyle = cva(
  'inline-flex select-none items-center justify-center gap-2 whitespace-nowrap rounded-lg font-medium transition-colors duration-100 disabled:pointer-events-none disabled:opacity-50 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-primary text-primary-foreground hover:bg-primary-hover',
        outline: 'border border-input bg-surface text-foreground hover:bg-accent',
        ghost: 'text-foreground hover:bg-accent',
        quiet: 'text-muted-foreground hover:bg-accent hover:text-foreground',
        danger: 'border border-destructive/40 bg-surface text-destructive hover:bg-destructive-soft',
        link: 'h-auto! px-0! text-primary underline-offset-4 hover:underline',
      },
      size: {
        sm: 'h-8 px-3 text-[13px] touch:h-10',
        md: 'h-10 px-4 text-sm touch:h-11',
        icon: 'size-9 touch:size-11',
        'icon-sm': 'size-7.5 rounded-lg touch:size-10',
      },
    },
    defaultVariants: { variant: 'primary', size: 'md' },
  },
);

type ButtonProps = ComponentProps<'button'> & VariantProps<typeof buttonStyle> & { isBusy?: boolean };

export function Button({
  className,
  variant,
  size,
  isBusy,
  disabled,
  type = 'button',
  ...props
}: ButtonProps) {
  return (
    <button
      type={type}
      className={cn(buttonStyle({ variant, size }), className)}
      disabled={disabled || isBusy}
      aria-busy={isBusy || undefined}
      {...props}
    />
  );
}
