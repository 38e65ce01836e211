/** Files of the person: sent up, fetched with the token, thrown away while no message uses them. */
import { queryOptions } from '@tanstack/react-query';
import type { Attachment } from '@/lib/contracts';
import { openResponse, requestData } from '@/lib/http';
import { type UploadOptions, upload } from '@/lib/upload';

const pathOf = (id: string) => `/api/attachments/${encodeURIComponent(id)}`;

export function uploadAttachment(file: File, options: UploadOptions): Promise<Attachment> {
  return upload(
    `/api/attachments?name=${encodeURIComponent(file.name.slice(-1000) || 'file')}`,
    file,
    options,
  );
}

export function deleteAttachment(id: string): Promise<{ ok: boolean }> {
  return requestData(pathOf(id), { method: 'DELETE' });
}

export const contentPath = (id: string) => `${pathOf(id)}/content`;

/** A file never changes, so it is fetched once. */
export const attachmentBlobQuery = (id: string) =>
  queryOptions({
    queryKey: ['attachment', id],
    queryFn: async ({ signal }): Promise<Blob> => (await openResponse(contentPath(id), { signal })).blob(),
    staleTime: Number.POSITIVE_INFINITY,
  });
