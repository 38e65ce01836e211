import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '@/hooks/useErrorText';
import { Button } from './Button';
import { Dialog, DialogActions, DialogBody } from './Dialog';
import { Notice } from './Notice';

interface FormDialogProps {
  title: ReactNode;
  description?: ReactNode;
  /** Absent: it is only looked at. */
  submitLabel?: string;
  /** What is filled in can be sent. */
  isReady?: boolean;
  /** What it throws is shown above the fields, and what was typed stays. */
  onSubmit: () => Promise<void>;
  onClose: () => void;
  children: ReactNode;
  className?: string;
}

/** A dialog with fields that are sent together. */
export function FormDialog({
  title,
  description,
  submitLabel,
  isReady = true,
  onSubmit,
  onClose,
  children,
  className,
}: FormDialogProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setIsBusy(true);
    setFailure(null);
    try {
      await onSubmit();
    } catch (error) {
      setFailure(error);
    }
    setIsBusy(false);
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={title}
      description={description}
      className={className}
    >
      <form noValidate onSubmit={(event) => void submit(event)} className="flex min-h-0 flex-col">
        <DialogBody className="space-y-4">
          {failure !== null && (
            <Notice tone="error" role="alert">
              {errorText(failure)}
            </Notice>
          )}
          {children}
        </DialogBody>
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            {t(submitLabel ? 'common.cancel' : 'common.close')}
          </Button>
          {submitLabel && (
            <Button type="submit" isBusy={isBusy} disabled={!isReady}>
              {submitLabel}
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}
