import { ArrowDown } from 'lucide-react';
import { type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useEarlierTurns } from '../hooks/useEarlierTurns';
import { useFollowStream } from '../hooks/useFollowStream';
import { useRestingTurns } from '../hooks/useRestingTurns';
import type { TurnActions } from '../hooks/useTurnActions';
import type { Conversation } from '../model/conversation';
import { branchPosition } from '../model/tree';
import { groupTurns } from '../model/turns';
import { AssistantMessage } from './AssistantMessage';
import { UserMessage } from './UserMessage';

/** How much of the turn before stays visible above a new one. */
const stripPx = 56;

interface TranscriptProps {
  sessionId: string;
  conversation: Conversation;
  isRunning: boolean;
  /** Was something sent or streamed in this visit? Then the last turn gets the height of the view. */
  isLively: boolean;
  /** Jump to this message (from search). */
  targetMessageId?: string;
  actions: TurnActions;
  onReturnText: (text: string) => void;
  notice?: ReactNode;
}

export function Transcript(props: TranscriptProps) {
  const { sessionId, conversation, isRunning, isLively, targetMessageId, actions, onReturnText, notice } =
    props;
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [viewHeight, setViewHeight] = useState(0);
  const { isAtEnd, jumpToEnd, showFromTop } = useFollowStream(scroller, content);
  const turns = useMemo(() => groupTurns(conversation.path), [conversation.path]);
  const targetIndex = turns.findIndex((turn) => turn.some((message) => message.id === targetMessageId));
  const { firstShown, sentinel } = useEarlierTurns(turns.length, targetIndex, scroller);
  useRestingTurns(content, firstShown, turns.length);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = new ResizeObserver(() => setViewHeight(element.clientHeight));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);

  // A conversation that is opened begins at its last question, or at the message that was searched for.
  const hasOpened = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when there is something to show
  useLayoutEffect(() => {
    if (hasOpened.current || turns.length === 0) return;
    hasOpened.current = true;
    if (isRunning) return jumpToEnd();
    const last = content.current?.querySelector('[data-turn]:last-of-type');
    if (targetIndex === -1 && last instanceof HTMLElement) showFromTop(last, stripPx / 2);
  }, [turns.length]);
  useEffect(() => {
    if (!targetMessageId || targetIndex === -1) return;
    const target = content.current?.querySelector(`[data-message-id="${CSS.escape(targetMessageId)}"]`);
    if (target instanceof HTMLElement) showFromTop(target, stripPx);
  }, [targetMessageId, targetIndex, showFromTop]);
  // A turn that begins takes hold of the end again.
  useLayoutEffect(() => {
    if (isRunning) jumpToEnd();
  }, [isRunning, jumpToEnd]);

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        tabIndex={0}
        aria-label={t('chat.transcript')}
        role="log"
        aria-live="off"
        data-testid="transcript"
        className="h-full overflow-y-auto overflow-x-hidden overscroll-contain -outline-offset-2"
      >
        <div ref={content} className="mx-auto w-full max-w-reading px-4 pt-4 pb-6 sm:px-6">
          {notice}
          {firstShown > 0 && <div ref={sentinel} className="h-px" aria-hidden />}
          {turns.slice(firstShown).map((turn, offset) => {
            const index = firstShown + offset;
            const isLast = index === turns.length - 1;
            return (
              <section
                // Its place: naming the messages of a turn must not draw it anew.
                key={index}
                data-turn
                className="space-y-0.5 pt-5"
                style={isLast && isLively && index > 0 ? { minHeight: viewHeight - stripPx } : undefined}
              >
                {turn.map((message) =>
                  message.role === 'user' ? (
                    <UserMessage
                      key={message.id}
                      message={message}
                      branch={branchPosition(conversation.tree, message)}
                      isBusy={isRunning}
                      actions={actions}
                    />
                  ) : (
                    <AssistantMessage
                      key={message.id}
                      message={message}
                      sessionId={sessionId}
                      branch={branchPosition(conversation.tree, message)}
                      isLast={isLast}
                      isBusy={isRunning}
                      actions={actions}
                      onReturnText={onReturnText}
                    />
                  ),
                )}
              </section>
            );
          })}
        </div>
      </div>
      {!isAtEnd && (
        <Button
          variant="outline"
          size="sm"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full! shadow-float"
          data-testid="jump-to-latest"
          onClick={jumpToEnd}
        >
          <ArrowDown size={15} aria-hidden />
          {t('chat.jumpToLatest')}
        </Button>
      )}
    </div>
  );
}
