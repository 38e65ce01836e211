import { RotateCcw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import type { TurnError } from '@/lib/contracts';

interface FailedAnswerProps {
  error: TurnError | null;
  isBusy: boolean;
  onRetry: () => void;
  /** Put the text back into the composer: for a message that never got through. */
  onTakeBack?: () => void;
}

export function FailedAnswer({ error, isBusy, onRetry, onTakeBack }: FailedAnswerProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  return (
    <Notice
      tone="error"
      role="alert"
      testId="turn-error"
      className="mt-2"
      actions={
        <>
          {onTakeBack && (
            <Button variant="ghost" size="sm" onClick={onTakeBack}>
              {t('message.takeBack')}
            </Button>
          )}
          <Button variant="outline" size="sm" isBusy={isBusy} onClick={onRetry} data-testid="retry-button">
            <RotateCcw size={14} aria-hidden />
            {t('common.retry')}
          </Button>
        </>
      }
    >
      <p>{errorText(error)}</p>
      {error?.request_id && (
        <p className="mt-0.5 text-muted-foreground text-xs">
          {t('errors.requestId', { id: error.request_id })}
        </p>
      )}
    </Notice>
  );
}
