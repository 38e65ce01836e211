import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { onOtherTab } from '@/lib/tabs';
import { foldersQuery } from '../api/folders';
import { sessionsQuery } from '../api/sessions';

/** What another tab did to a conversation is looked up here at once. */
export function useTabSync(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      onOtherTab((message) => {
        void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
        void client.invalidateQueries({ queryKey: foldersQuery.queryKey });
        if (message.kind === 'session')
          void client.invalidateQueries({ queryKey: ['session', message.sessionId] });
      }),
    [client],
  );
}
