import { Link } from '@tanstack/react-router';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { useConversation } from '../hooks/useConversation';
import { useCurrentModel } from '../hooks/useCurrentModel';
import { useShowTarget } from '../hooks/useShowTarget';
import { useTurnActions } from '../hooks/useTurnActions';
import { useLiveTurns } from '../model/liveTurns';
import { useChosenModel } from '../model/modelChoice';
import { sendTurn, stopTurn } from '../model/turnRunner';
import { ChatHeader } from './ChatHeader';
import { Composer } from './Composer';
import { ComposerDock } from './ComposerDock';
import { DemoChip, useIsDemo } from './DemoNotice';
import { HealthNotices } from './HealthNotices';
import { ModelPicker } from './ModelPicker';
import { Transcript } from './Transcript';
import { TranscriptSkeleton } from './TranscriptSkeleton';
import { TurnAnnouncer } from './TurnAnnouncer';

interface ChatViewProps {
  sessionId: string;
  targetMessageId?: string;
  /** More in the composer's row. */
  tools?: ReactNode;
}

/** One conversation. */
export function ChatView({ sessionId, targetMessageId, tools }: ChatViewProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { detail, conversation, isRunning, hasLiveTurn, isLoading, isMissing, error, refetch } =
    useConversation(sessionId);
  const actions = useTurnActions(sessionId);
  const chosenModel = useChosenModel(sessionId);
  const { current } = useCurrentModel(sessionId, detail?.model);
  const isDemo = useIsDemo(current);
  const isStopping = useLiveTurns((state) => state.bySession[sessionId]?.isStopping ?? false);
  const [returned, setReturned] = useState<{ text: string } | null>(null);
  const [isLively, setIsLively] = useState(hasLiveTurn);
  const onReturnText = useCallback((text: string) => setReturned({ text }), []);
  const title = detail?.title ?? t('shell.newChat');
  const lastPrompt = conversation.path.findLast((message) => message.role === 'user')?.content;
  useTitle(title);
  useEffect(() => {
    if (hasLiveTurn) setIsLively(true);
  }, [hasLiveTurn]);
  useShowTarget(conversation, targetMessageId, actions);

  if (isMissing) {
    return (
      <>
        <ChatHeader title={t('chat.missingTitle')} />
        <div className="mx-auto w-full max-w-reading px-6 pt-16">
          <p className="mt-1 mb-5 text-muted-foreground">{t('chat.missingText')}</p>
          <Link to="/" className="text-primary underline-offset-4 hover:underline">
            {t('shell.newChat')}
          </Link>
        </div>
      </>
    );
  }
  return (
    <>
      <ChatHeader title={title} detail={detail} />
      {isLoading ? (
        <TranscriptSkeleton />
      ) : error ? (
        <div className="mx-auto w-full max-w-reading flex-1 px-4 pt-8">
          <Notice
            tone="error"
            role="alert"
            actions={
              <Button variant="outline" size="sm" onClick={() => void refetch()}>
                {t('common.retry')}
              </Button>
            }
          >
            {errorText(error)}
          </Notice>
        </div>
      ) : (
        <Transcript
          sessionId={sessionId}
          conversation={conversation}
          isRunning={isRunning}
          isLively={isLively || hasLiveTurn}
          targetMessageId={targetMessageId}
          actions={actions}
          onReturnText={onReturnText}
        />
      )}
      <ComposerDock notice={<HealthNotices />}>
        <Composer
          sessionId={sessionId}
          isRunning={isRunning}
          isStopping={isStopping}
          lastPrompt={lastPrompt}
          returned={returned}
          model={current}
          onSend={(message, attachments) => {
            const left = actions.discardUnsent();
            void sendTurn({ sessionId, message, attachments, model: chosenModel });
            if (left) onReturnText(left);
          }}
          onStop={() => void stopTurn(sessionId)}
          tools={
            <>
              {tools}
              <ModelPicker sessionId={sessionId} sessionModel={detail?.model} isOnlyOneNamed={!isDemo} />
              <DemoChip model={current} />
            </>
          }
        />
      </ComposerDock>
      <TurnAnnouncer sessionId={sessionId} />
    </>
  );
}
