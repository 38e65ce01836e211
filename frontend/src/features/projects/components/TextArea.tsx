import type { ComponentProps } from 'react';
import { Labelled, type LabelledProps } from '@/components/ui/Field';
import { cn } from '@/lib/cn';

/** A labelled text of several lines. */
export function TextArea({
  label,
  hint,
  error,
  className,
  ...props
}: LabelledProps & ComponentProps<'textarea'>) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(control) => (
        <textarea
          {...control}
          className={cn(
            'block w-full resize-y rounded-lg border border-input bg-surface px-3 py-2 text-[16px] aria-invalid:border-destructive sm:text-[15px]',
            className,
          )}
          {...props}
        />
      )}
    </Labelled>
  );
}
