import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useToasts } from '@/hooks/useToasts';
import { Button } from './Button';
import { IconButton } from './IconButton';

/** Short notes at the foot of the page, most with a way back. */
export function Toaster() {
  const { t } = useTranslation();
  const { toasts, dismiss } = useToasts();
  return (
    <section
      aria-label={t('common.notifications')}
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-[max(1rem,env(safe-area-inset-bottom))] z-50 flex flex-col items-center gap-2 px-4"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className="pointer-events-auto flex max-w-full animate-in items-center gap-2 rounded-lg border bg-popover py-1.5 pr-1.5 pl-4 text-sm shadow-float"
        >
          <span className="min-w-0 truncate">{toast.text}</span>
          {toast.action && (
            <Button
              variant="ghost"
              size="sm"
              className="text-primary!"
              onClick={() => {
                toast.action?.run();
                dismiss(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <IconButton label={t('common.dismiss')} size="icon-sm" onClick={() => dismiss(toast.id)}>
            <X size={14} />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
