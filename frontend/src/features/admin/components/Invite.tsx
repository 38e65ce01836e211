import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import { inputStyle } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
import type { InvitationRead } from '@/lib/apiSchemas';
import { cn } from '@/lib/cn';
import { makeInvitation, type Role } from '../api/admin';
import { invitationsQuery } from '../api/announcements';
import { OpenInvitations } from './OpenInvitations';

const roles: Role[] = ['user', 'operator', 'admin'];
const validDays = 7;

/** A code that lets one person register; shown once. */
export function Invite() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [role, setRole] = useState<Role>('user');
  const [made, setMade] = useState<InvitationRead | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function invite() {
    setIsBusy(true);
    setFailure(null);
    try {
      setMade(await makeInvitation(role, validDays));
      await client.invalidateQueries({ queryKey: invitationsQuery.queryKey });
    } catch (error) {
      setFailure(error);
    }
    setIsBusy(false);
  }
  return (
    <div className="mb-6">
      <div className="flex flex-wrap items-center gap-2.5">
        <select
          className={cn(inputStyle, 'max-w-44')}
          aria-label={t('admin.inviteAs')}
          value={role}
          onChange={(event) => setRole(event.target.value as Role)}
        >
          {roles.map((one) => (
            <option key={one} value={one}>
              {t(`settings.role.${one}`)}
            </option>
          ))}
        </select>
        <Button isBusy={isBusy} data-testid="invite" onClick={() => void invite()}>
          {t('admin.invite')}
        </Button>
      </div>
      {failure !== null && (
        <Notice tone="error" role="alert" className="mt-3">
          {errorText(failure)}
        </Notice>
      )}
      {made && (
        <Notice tone="info" role="status" className="mt-3">
          <p>{t('admin.inviteHint', { count: made.expires_in_days })}</p>
          <p className="mt-1 flex items-center gap-1">
            <code data-testid="invitation" className="break-all font-mono">
              {made.code}
            </code>
            <CopyButton text={() => made.code} label={t('admin.copyCode')} />
          </p>
        </Notice>
      )}
      <OpenInvitations />
    </div>
  );
}
