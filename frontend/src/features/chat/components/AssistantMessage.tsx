import { RefreshCw } from 'lucide-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/ui/CopyButton';
import { IconButton } from '@/components/ui/IconButton';
import { cn } from '@/lib/cn';
import type { Message } from '@/lib/contracts';
import type { TurnActions } from '../hooks/useTurnActions';
import { Markdown } from '../markdown/Markdown';
import { useLiveTurns } from '../model/liveTurns';
import { reasoningTime } from '../model/reasoningTimes';
import type { BranchPosition } from '../model/tree';
import { BranchSwitcher } from './BranchSwitcher';
import { FailedAnswer } from './FailedAnswer';
import { Reasoning } from './Reasoning';
import { StreamingAnswer } from './StreamingAnswer';
import { actionRowStyle } from './styles';
import { TurnFigures } from './TurnFigures';

interface AssistantMessageProps {
  message: Message;
  sessionId: string;
  branch: BranchPosition | null;
  isLast: boolean;
  isBusy: boolean;
  actions: TurnActions;
  onReturnText: (text: string) => void;
}

export const AssistantMessage = memo(function AssistantMessage(props: AssistantMessageProps) {
  const { message, sessionId, branch, isLast, isBusy, actions, onReturnText } = props;
  const { t } = useTranslation();
  const isLive = useLiveTurns((state) => {
    const live = state.bySession[sessionId];
    return live?.assistantMessage.id === message.id && live.outcome === null;
  });
  const isUnsent = message.id.startsWith('local-');
  return (
    <article
      aria-label={t('message.answer')}
      aria-busy={isLive}
      data-testid="assistant-message"
      data-message-id={message.id}
      data-status={isLive ? 'streaming' : message.status}
      className="group min-w-0"
    >
      {isLive ? (
        <StreamingAnswer sessionId={sessionId} />
      ) : (
        <>
          {message.reasoning && (
            <Reasoning text={message.reasoning} isThinking={false} milliseconds={reasoningTime(message.id)} />
          )}
          {message.content && <Markdown text={message.content} isStreaming={false} />}
          {message.status === 'stopped' && (
            <p className="mt-2 text-muted-foreground text-sm" data-testid="stopped-mark">
              {t('message.stopped')}
            </p>
          )}
          {message.status === 'failed' && (
            <FailedAnswer
              error={message.error}
              isBusy={isBusy}
              onRetry={() => (isUnsent ? actions.retryUnsent() : actions.regenerate(message))}
              onTakeBack={isUnsent ? () => onReturnText(actions.discardUnsent()) : undefined}
            />
          )}
          {!isUnsent && (
            <div className={cn(actionRowStyle, '-ml-1.5 flex-wrap', isLast && 'opacity-100')}>
              <CopyButton kind="answer" text={() => message.content} label={t('message.copyAnswer')} />
              <IconButton
                size="icon-sm"
                label={t('message.regenerate')}
                disabled={isBusy}
                onClick={() => actions.regenerate(message)}
              >
                <RefreshCw size={15} />
              </IconButton>
              {branch && <BranchSwitcher branch={branch} isDisabled={isBusy} onShow={actions.showBranch} />}
              <TurnFigures message={message} />
            </div>
          )}
        </>
      )}
    </article>
  );
});
