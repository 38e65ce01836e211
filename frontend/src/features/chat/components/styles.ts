import { cn } from '@/lib/cn';

/** A message's buttons: there on hover, on focus and on touch; their place is always kept. */
export const actionRowStyle = cn(
  'mt-1 flex min-h-7.5 items-center gap-0.5 opacity-0 transition-opacity duration-100',
  'group-focus-within:opacity-100 group-hover:opacity-100 touch:opacity-100',
);
