import { Eye, EyeOff } from 'lucide-react';
import { type ComponentProps, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { inputStyle, Labelled, type LabelledProps } from './Field';

export function PasswordField({
  label,
  hint,
  error,
  className,
  ...props
}: LabelledProps & Omit<ComponentProps<'input'>, 'type'>) {
  const { t } = useTranslation();
  const [isShown, setIsShown] = useState(false);
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(control) => (
        <div className="relative">
          <input
            {...control}
            type={isShown ? 'text' : 'password'}
            className={cn(inputStyle, 'pr-11', className)}
            {...props}
          />
          <button
            type="button"
            aria-label={isShown ? t('auth.hidePassword') : t('auth.showPassword')}
            onClick={() => setIsShown(!isShown)}
            className="absolute inset-y-0 right-0 flex w-11 items-center justify-center rounded-lg text-muted-foreground hover:text-foreground"
          >
            {isShown ? <EyeOff size={17} aria-hidden /> : <Eye size={17} aria-hidden />}
          </button>
        </div>
      )}
    </Labelled>
  );
}
