/** Prompt templates: the person's own, and those that others share. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Template, TemplateWrite } from '@/lib/contracts';
import { requestData } from '@/lib/http';

const pageSize = 100;

/** Own ones and shared ones together, the last changed first. */
export const templatesQuery = infiniteQueryOptions({
  queryKey: ['templates'],
  queryFn: ({ pageParam, signal }) =>
    requestData<Template[]>(`/api/templates?mine=false&limit=${pageSize}&skip=${pageParam}`, { signal }),
  initialPageParam: 0,
  getNextPageParam: (page, pages) => (page.length < pageSize ? null : pages.length * pageSize),
  staleTime: 15_000,
});

export const templateQuery = (id: number) =>
  queryOptions({
    queryKey: ['template', id],
    queryFn: ({ signal }) => requestData<Template>(`/api/templates/${id}`, { signal }),
    staleTime: 15_000,
  });

export function createTemplate(template: TemplateWrite): Promise<Template> {
  return requestData('/api/templates', { method: 'POST', body: template });
}

export function changeTemplate(id: number, patch: Partial<TemplateWrite>): Promise<Template> {
  return requestData(`/api/templates/${id}`, { method: 'PATCH', body: patch });
}

export function deleteTemplate(id: number): Promise<unknown> {
  return requestData(`/api/templates/${id}`, { method: 'DELETE' });
}
