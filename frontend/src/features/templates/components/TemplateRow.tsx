import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Template } from '@/lib/contracts';
import { formatRelative } from '@/lib/format';

export function TemplateRow({ template, isOwn }: { template: Template; isOwn: boolean }) {
  const { t } = useTranslation();
  const facts = [
    t('templates.versionNumber', { number: template.version }),
    t('templates.changed', { when: formatRelative(template.updated_at) }),
    isOwn && template.is_public && t('templates.isShared'),
    !template.is_active && t('templates.isOff'),
    ...template.tags.map((tag) => `#${tag}`),
  ].filter(Boolean);
  return (
    <li data-testid="template-row">
      <Link
        to="/templates/$templateId"
        params={{ templateId: String(template.id) }}
        className="block rounded-[inherit] px-4 py-3.5 hover:bg-accent"
      >
        <span className="block truncate font-medium">{template.title}</span>
        <span className="block truncate text-muted-foreground text-sm">
          {template.description || template.content}
        </span>
        <span className="mt-0.5 block text-[13px] text-muted-foreground tabular">{facts.join(' · ')}</span>
      </Link>
    </li>
  );
}
