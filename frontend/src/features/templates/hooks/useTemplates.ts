import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useAuthSession } from '@/lib/authSession';
import type { Template } from '@/lib/contracts';
import { templatesQuery } from '../api/templates';
import { matchesSearch } from '../model/search';

/** The templates that a person may use; while they search, all of them are fetched. */
export function useTemplates(search = '') {
  const userId = useAuthSession((state) => state.user?.id);
  const query = useInfiniteQuery(templatesQuery);
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const isSearching = search.trim() !== '';
  useEffect(() => {
    if (isSearching && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [isSearching, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const templates = useMemo(() => {
    const unique = new Map<number, Template>();
    for (const template of data?.pages.flat() ?? []) unique.set(template.id, template);
    return [...unique.values()].filter((template) => matchesSearch(template, search));
  }, [data, search]);
  return { query, templates, isOwn: (template: Template) => template.user_id === userId };
}
