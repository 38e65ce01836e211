import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import { formatDateTime } from '@/lib/format';
import { invitationsQuery, withdrawInvitation } from '../api/announcements';

/** Invitations that somebody can still use; their codes are not known any more. */
export function OpenInvitations() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const { data } = useQuery(invitationsQuery);
  if (!data || data.items.length === 0) return null;

  async function withdraw(id: string) {
    try {
      await withdrawInvitation(id);
    } catch (error) {
      showToast(errorText(error));
    }
    await client.invalidateQueries({ queryKey: invitationsQuery.queryKey });
  }
  return (
    <details className="mt-3 rounded-2xl border bg-surface px-4 py-3 text-sm">
      <summary className="cursor-pointer">{t('admin.openInvitations', { count: data.items.length })}</summary>
      <ul className="mt-2 divide-y">
        {data.items.map((one) => (
          <li key={one.id} data-testid="open-invitation" className="flex flex-wrap items-center gap-3 py-2">
            <span className="min-w-0 flex-1 tabular">
              {t(`settings.role.${one.role}`)} · {t('admin.until', { when: formatDateTime(one.expires_at) })}
            </span>
            <Button variant="outline" size="sm" onClick={() => void withdraw(one.id)}>
              {t('admin.withdraw')}
            </Button>
          </li>
        ))}
      </ul>
    </details>
  );
}
