import type { Template } from '@/lib/contracts';

/** Every word of the search is somewhere in the template. */
export function matchesSearch(template: Template, search: string): boolean {
  const text = [template.title, template.description, template.content, ...template.tags]
    .join('\n')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
