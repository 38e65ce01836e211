import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { buttonStyle } from './Button';

interface DialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
  className?: string;
  /** The title is read aloud but not drawn (search). */
  isTitleHidden?: boolean;
}

export function Dialog({
  isOpen,
  onOpenChange,
  title,
  description,
  children,
  className,
  isTitleHidden,
}: DialogProps) {
  const { t } = useTranslation();
  // One that is drawn open takes the focus before the library sees who had it.
  const [opener] = useState(() => (isOpen ? document.activeElement : null));
  const finalFocus = () =>
    opener instanceof HTMLElement && opener !== document.body && opener.isConnected ? opener : true;
  return (
    <Base.Root open={isOpen} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-overlay" />
        <Base.Popup
          finalFocus={finalFocus}
          className={cn(
            'fixed top-[max(1rem,9dvh)] left-1/2 z-50 flex max-h-[82dvh] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 flex-col rounded-2xl border bg-popover text-popover-foreground shadow-float outline-none',
            className,
          )}
        >
          <div className={cn('flex items-start gap-4 px-6 pt-5', isTitleHidden && 'sr-only')}>
            <div className="min-w-0 flex-1">
              <Base.Title className="font-semibold text-base">{title}</Base.Title>
              {description && (
                <Base.Description className="mt-1 text-muted-foreground text-sm">
                  {description}
                </Base.Description>
              )}
            </div>
            {!isTitleHidden && (
              <Base.Close
                aria-label={t('common.close')}
                className={cn(buttonStyle({ variant: 'quiet', size: 'icon-sm' }), '-mr-2')}
              >
                <X size={16} />
              </Base.Close>
            )}
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export function DialogBody({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cn('min-h-0 overflow-y-auto px-6 py-4', className)}>{children}</div>;
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2 px-6 pt-1 pb-5">{children}</div>;
}
