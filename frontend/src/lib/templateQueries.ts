/** What pages of several features ask of a template. */
import { queryOptions } from '@tanstack/react-query';
import type { TemplateVersion } from './contracts';
import { requestData } from './http';

export const versionsQuery = (id: number) =>
  queryOptions({
    queryKey: ['template', id, 'versions'],
    queryFn: ({ signal }) =>
      requestData<TemplateVersion[]>(`/api/templates/${id}/versions?limit=100`, { signal }),
    staleTime: 15_000,
  });
