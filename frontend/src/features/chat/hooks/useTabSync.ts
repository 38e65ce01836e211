import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { onOtherTab } from '@/lib/tabs';
import { lookAgain } from '../model/lookAgain';

/** What another tab did to a conversation is looked up here at once. */
export function useTabSync(): void {
  const client = useQueryClient();
  useEffect(
    () =>
      onOtherTab((message) =>
        lookAgain(client, (id) => message.kind === 'session' && message.sessionId === id),
      ),
    [client],
  );
}
