import { useShallow } from 'zustand/react/shallow';
import { Markdown } from '../markdown/Markdown';
import { useLiveTurns } from '../model/liveTurns';
import { Reasoning } from './Reasoning';
import { TurnProgress } from './TurnProgress';

/** The one part of the page that is drawn again with every flush of the stream. */
export function StreamingAnswer({ sessionId }: { sessionId: string }) {
  const { content, reasoning, reasoningMs, phase } = useLiveTurns(
    useShallow((state) => {
      const live = state.bySession[sessionId];
      return {
        content: live?.content ?? '',
        reasoning: live?.reasoning ?? '',
        reasoningMs: live?.reasoningMs ?? null,
        phase: live?.phase,
      };
    }),
  );
  return (
    <>
      {reasoning && (
        <Reasoning text={reasoning} isThinking={phase === 'thinking'} milliseconds={reasoningMs} />
      )}
      {content && <Markdown text={content} isStreaming />}
      <TurnProgress sessionId={sessionId} />
    </>
  );
}
