/** What administrators say to everybody, and what of it this browser has put away. */
import { queryOptions } from '@tanstack/react-query';
import type { AnnouncementList, AnnouncementRead } from '@/lib/apiSchemas';
import { requestData } from '@/lib/http';
import { readStored, writeStored } from '@/lib/storage';

const storageKey = 'dismissed-announcements';
const kept = 50;

export const announcementsQuery = queryOptions({
  queryKey: ['announcements'],
  queryFn: ({ signal }) => requestData<AnnouncementList>('/api/announcements', { signal }),
  refetchInterval: 60_000,
  refetchOnWindowFocus: true,
  retry: false,
});

export const dismissedIds = (): string[] => readStored<string[]>(storageKey, []);

export function dismiss(announcement: AnnouncementRead): string[] {
  const ids = [...dismissedIds().slice(-kept), announcement.id];
  writeStored(storageKey, ids);
  return ids;
}
