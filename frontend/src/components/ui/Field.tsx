import { type ComponentProps, type ReactNode, useId } from 'react';
import { cn } from '@/lib/cn';

export const inputStyle =
  'h-10 w-full rounded-lg border border-input bg-surface px-3 text-[16px] text-foreground placeholder:text-muted-foreground focus-visible:outline-2 focus-visible:outline-offset-0 aria-invalid:border-destructive sm:text-[15px] touch:h-11';

export interface LabelledProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: string;
}

interface ControlProps {
  id: string;
  'aria-invalid'?: true;
  'aria-describedby'?: string;
}

/** A label above a control, its hint or its error below; both are tied to it for screen readers. */
export function Labelled({
  label,
  hint,
  error,
  children,
}: LabelledProps & { children: (control: ControlProps) => ReactNode }) {
  const id = useId();
  const noteId = error || hint ? `${id}-note` : undefined;
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className="block font-medium text-sm">
        {label}
      </label>
      {children({ id, 'aria-invalid': error ? true : undefined, 'aria-describedby': noteId })}
      {noteId && (
        <p id={noteId} className={cn('text-[13px]', error ? 'text-destructive' : 'text-muted-foreground')}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

/** A labelled input. */
export function Field({ label, hint, error, className, ...props }: LabelledProps & ComponentProps<'input'>) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(control) => <input {...control} className={cn(inputStyle, className)} {...props} />}
    </Labelled>
  );
}
