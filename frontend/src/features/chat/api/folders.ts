/** Folders: names that conversations carry, counted and renamed as one. */
import { queryOptions } from '@tanstack/react-query';
import type { Folder, FoldersChanged } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export const foldersQuery = queryOptions({
  queryKey: ['folders'],
  queryFn: async ({ signal }) =>
    (await requestData<{ items: Folder[] }>('/api/sessions/folders', { signal })).items,
  staleTime: 15_000,
});

/** `newName: null` removes the folder and keeps what is in it; the ids lead back. */
export function renameFolder(name: string, newName: string | null): Promise<FoldersChanged> {
  return requestData('/api/sessions/folders/rename', {
    method: 'POST',
    body: { name, new_name: newName },
  });
}

/** Put conversations into a folder, which need not be there yet. */
export function fillFolder(name: string, sessionIds: string[]): Promise<FoldersChanged> {
  return requestData('/api/sessions/folders/fill', {
    method: 'POST',
    body: { name, session_ids: sessionIds },
  });
}
