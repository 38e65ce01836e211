/** How the portal answers each kind of game. */
import { queryOptions } from '@tanstack/react-query';
import type { ProjectList, ProjectRead, ProjectSettings } from '@/lib/apiSchemas';
import type { Template } from '@/lib/contracts';
import { requestData } from '@/lib/http';

export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: async ({ signal }) => (await requestData<ProjectList>('/api/projects', { signal })).items,
});

/** Templates that a project may begin with. */
export const promptTemplatesQuery = queryOptions({
  queryKey: ['projects', 'templates'],
  queryFn: ({ signal }) => requestData<Template[]>('/api/templates?mine=false&limit=100', { signal }),
  staleTime: 15_000,
});

export function saveProject(name: string, settings: ProjectSettings): Promise<ProjectRead> {
  return requestData(`/api/projects/${encodeURIComponent(name)}`, { method: 'PUT', body: settings });
}

/** Put a built-in one back to what it was, or remove an own one. */
export function dropProject(name: string): Promise<unknown> {
  return requestData(`/api/projects/${encodeURIComponent(name)}`, { method: 'DELETE' });
}
