/** All conversations as one file, and files of conversations taken in. */
import type { ImportResult } from '@/lib/contracts';
import { download } from '@/lib/download';
import { requestData } from '@/lib/http';

export const exportAll = () => download('/api/sessions/export', 'prompt-portal-conversations.json');

export function importPart(document: unknown): Promise<ImportResult> {
  return requestData('/api/sessions/import', { method: 'POST', body: document });
}
