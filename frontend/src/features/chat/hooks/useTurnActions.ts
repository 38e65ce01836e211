import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { Message, SessionDetail } from '@/lib/contracts';
import { sessionQuery, switchLeaf } from '../api/sessions';
import { giveFilesBack } from '../model/draftFiles';
import { dropLiveTurn, getLiveTurn } from '../model/liveTurns';
import { buildTree, newestLeafUnder } from '../model/tree';
import { sendTurn } from '../model/turnRunner';
import { forgetUnsent } from '../model/unsent';

export interface TurnActions {
  edit: (message: Message, text: string) => void;
  regenerate: (message: Message, model?: string) => void;
  retryUnsent: () => void;
  /** Let go of a message that was not sent, if there is one; answers its text. */
  discardUnsent: () => string;
  showBranch: (messageId: string) => void;
}

/** What the buttons under a message do. The object stays the same, so rows are not drawn again for it. */
export function useTurnActions(sessionId: string): TurnActions {
  const client = useQueryClient();
  const errorText = useErrorText();
  // biome-ignore lint/correctness/useExhaustiveDependencies: errorText is a new function each time, with the same meaning
  return useMemo(() => {
    const detailKey = sessionQuery(sessionId).queryKey;
    return {
      edit: (message, text) =>
        void sendTurn({
          sessionId,
          message: text,
          attachments: message.attachments,
          parentId: message.parent_id,
        }),
      regenerate: (message, model) =>
        void sendTurn({ sessionId, message: '', regenerateOf: message.id, model }),
      retryUnsent: () => {
        const request = getLiveTurn(sessionId)?.request;
        if (request) void sendTurn(request);
      },
      discardUnsent: () => {
        const live = getLiveTurn(sessionId);
        if (live?.outcome !== 'failed' || live.turnId !== null) return '';
        const { request } = live;
        dropLiveTurn(sessionId);
        forgetUnsent(sessionId);
        if (request?.attachments?.length) giveFilesBack(sessionId, request.attachments);
        return request?.message ?? '';
      },
      showBranch: async (messageId) => {
        // A turn that has ended but was not let go yet would hold its own branch in view.
        if (getLiveTurn(sessionId)?.outcome) dropLiveTurn(sessionId);
        const before = client.getQueryData(detailKey);
        const leafId = newestLeafUnder(buildTree(before?.messages ?? []), messageId);
        const setLeaf = (id: string | null) =>
          client.setQueryData(
            detailKey,
            (detail: SessionDetail | undefined) => detail && { ...detail, active_leaf_id: id },
          );
        await client.cancelQueries({ queryKey: detailKey });
        setLeaf(leafId);
        try {
          setLeaf((await switchLeaf(sessionId, messageId)).active_leaf_id);
        } catch (error) {
          setLeaf(before?.active_leaf_id ?? null);
          showToast(errorText(error));
        }
      },
    };
  }, [client, sessionId]);
}
