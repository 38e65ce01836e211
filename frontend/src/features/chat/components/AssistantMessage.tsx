import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { Markdown } from '@/components/markdown/Markdown';
import { Reasoning } from '@/components/Reasoning';
import { CopyButton } from '@/components/ui/CopyButton';
import { cn } from '@/lib/cn';
import type { Message } from '@/lib/contracts';
import { useLiveAnswer } from '../hooks/useLiveAnswer';
import type { TurnActions } from '../hooks/useTurnActions';
import type { BranchPosition } from '../model/tree';
import { BranchSwitcher } from './BranchSwitcher';
import { FailedAnswer } from './FailedAnswer';
import { RegenerateButton } from './RegenerateButton';
import { actionRowStyle } from './styles';
import { TurnFigures } from './TurnFigures';
import { TurnProgress } from './TurnProgress';

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
  const live = useLiveAnswer(sessionId, message.id);
  const isUnsent = message.id.startsWith('local-');
  const content = live?.content ?? message.content;
  const reasoning = live?.reasoning ?? message.reasoning;
  return (
    <article
      aria-label={t('message.answer')}
      aria-busy={live !== null}
      data-testid="assistant-message"
      data-message-id={message.id}
      data-status={live ? 'streaming' : message.status}
      className="group min-w-0"
    >
      {reasoning && (
        <Reasoning
          text={reasoning}
          isThinking={live?.isThinking ?? false}
          milliseconds={live ? live.reasoningMs : (message.timings?.reasoning_ms ?? null)}
        />
      )}
      {content && <Markdown text={content} isStreaming={live !== null} />}
      {live && <TurnProgress sessionId={sessionId} />}
      {!live && message.status === 'stopped' && (
        <p className="mt-2 text-muted-foreground text-sm" data-testid="stopped-mark">
          {t('message.stopped')}
        </p>
      )}
      {!live && message.finish_reason === 'length' && (
        <p className="mt-2 text-muted-foreground text-sm" data-testid="length-mark">
          {t('message.lengthLimit')}
        </p>
      )}
      {!live && message.status === 'failed' && (
        <FailedAnswer
          error={message.error}
          isBusy={isBusy}
          onRetry={() => (isUnsent ? actions.retryUnsent() : actions.regenerate(message))}
          onTakeBack={isUnsent ? () => onReturnText(actions.discardUnsent()) : undefined}
        />
      )}
      {!live && !isUnsent && (
        <div className={cn(actionRowStyle, '-ml-1.5 flex-wrap', isLast && 'opacity-100')}>
          <CopyButton kind="answer" text={() => message.content} label={t('message.copyAnswer')} />
          <RegenerateButton
            isDisabled={isBusy}
            onRegenerate={(model) => actions.regenerate(message, model)}
          />
          {branch && <BranchSwitcher branch={branch} isDisabled={isBusy} onShow={actions.showBranch} />}
          <TurnFigures message={message} />
        </div>
      )}
    </article>
  );
});
