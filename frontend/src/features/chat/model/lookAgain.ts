/** What changed elsewhere is looked up again: the lists, and those conversations that are shown. */
import type { QueryClient } from '@tanstack/react-query';
import { foldersQuery } from '../api/folders';
import { sessionsQuery } from '../api/sessions';

export function lookAgain(client: QueryClient, hasChanged: (sessionId: string) => boolean): void {
  void client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  void client.invalidateQueries({ queryKey: foldersQuery.queryKey });
  void client.invalidateQueries({
    queryKey: ['session'],
    predicate: ({ queryKey: [, id] }) => typeof id === 'string' && hasChanged(id),
  });
}
