import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Skeleton } from '@/components/ui/Skeleton';
import type { HistoryItem, HistoryRead } from '@/lib/apiSchemas';
import { ApiError } from '@/lib/errors';
import { requestData } from '@/lib/http';
import { readHint } from './hints';
import { useHintWords } from './useHintWords';
import { withoutPlace } from './words';

interface State {
  player_pos?: number[];
  exit_pos?: number[];
  oxygen?: number;
}

async function history(sessionId: string, signal: AbortSignal): Promise<HistoryItem[]> {
  try {
    const path = `/api/llm/chat/session/${encodeURIComponent(sessionId)}/history`;
    return (await requestData<HistoryRead>(path, { signal })).messages;
  } catch (error) {
    // Nobody has asked yet: there is no conversation.
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

/** The game as the portal keeps it: states are the player's messages, hints the model's answers. */
export function MazeConversation({ sessionId, count }: { sessionId: string; count: number }) {
  const { t } = useTranslation();
  const say = useHintWords();
  const { data } = useQuery({
    queryKey: ['maze', sessionId, count],
    queryFn: ({ signal }) => history(sessionId, signal),
    placeholderData: (before) => before,
    // What is typed in the chat, on this device or another, comes here too.
    refetchInterval: 4_000,
  });
  const list = useRef<HTMLOListElement>(null);
  const length = data?.length ?? 0;
  useEffect(() => {
    if (list.current && length > 0) list.current.scrollTop = list.current.scrollHeight;
  }, [length]);
  if (!data) return <Skeleton className="h-24" />;
  if (data.length === 0) return <p className="text-muted-foreground text-sm">{t('maze.noHints')}</p>;
  return (
    <ol ref={list} data-testid="maze-conversation" className="max-h-[32rem] space-y-2 overflow-y-auto">
      {data.map((message) => (
        <li
          key={message.id}
          className={
            message.role === 'user' ? 'ml-6 rounded-2xl bg-bubble px-3.5 py-2' : 'mr-6 rounded-2xl px-1 py-1'
          }
        >
          <p className="break-words text-sm">
            {message.role === 'user' ? (
              <StateLine text={message.content} />
            ) : (
              say(readHint(message.content).hint ?? '')
            )}
          </p>
          <details className="mt-0.5 text-muted-foreground text-xs">
            <summary>{t('maze.raw')}</summary>
            <code className="block break-all pt-1 font-mono">{message.content}</code>
          </details>
        </li>
      ))}
    </ol>
  );
}

function StateLine({ text }: { text: string }) {
  const { t } = useTranslation();
  const state = readHint(text) as State;
  if (!state.player_pos || !state.exit_pos) return withoutPlace(text);
  return t('maze.state', {
    player: state.player_pos.join(', '),
    exit: state.exit_pos.join(', '),
    oxygen: state.oxygen ?? '–',
  });
}
