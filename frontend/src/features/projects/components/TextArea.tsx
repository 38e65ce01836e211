import { type ComponentProps, useId } from 'react';
import { cn } from '@/lib/cn';

interface TextAreaProps extends ComponentProps<'textarea'> {
  label: string;
  hint?: string;
  error?: string;
}

/** A labelled text of several lines; its hint and its error are tied to it. */
export function TextArea({ label, hint, error, className, ...props }: TextAreaProps) {
  const id = useId();
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="block font-medium text-sm">
        {label}
      </label>
      <textarea
        id={id}
        className={cn(
          'block w-full resize-y rounded-lg border border-input bg-surface px-3 py-2 text-[16px] aria-invalid:border-destructive sm:text-[15px]',
          className,
        )}
        aria-invalid={error ? true : undefined}
        aria-describedby={error || hint ? `${id}-note` : undefined}
        {...props}
      />
      {(error || hint) && (
        <p
          id={`${id}-note`}
          className={cn('text-[13px]', error ? 'text-destructive' : 'text-muted-foreground')}
        >
          {error ?? hint}
        </p>
      )}
    </div>
  );
}
