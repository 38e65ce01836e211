import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { MoreButton } from '@/components/ui/MoreButton';
import { Notice } from '@/components/ui/Notice';
import { Skeleton } from '@/components/ui/Skeleton';
import { useDebounced } from '@/hooks/useDebounced';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { AdminUserRead } from '@/lib/apiSchemas';
import { useAuthSession } from '@/lib/authSession';
import { cn } from '@/lib/cn';
import { formatDate } from '@/lib/format';
import { peopleQuery, type Role, updatePerson } from '../api/admin';
import { Invite } from './Invite';
import { LimitsDialog } from './LimitsDialog';

const roles: Role[] = ['user', 'operator', 'admin'];

/** Everybody who has an account: roles, and who may come in. */
export function People({ canChange }: { canChange: boolean }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [text, setText] = useState('');
  const query = useInfiniteQuery(peopleQuery(useDebounced(useDeferredValue(text.trim()), 200)));
  const { data, error } = query;
  const people = data?.pages.flatMap((page) => page.items);
  return (
    <section aria-label={t('admin.view.people')}>
      {canChange && <Invite />}
      <input
        type="search"
        value={text}
        aria-label={t('admin.findPeople')}
        placeholder={t('admin.findPeople')}
        className={cn(inputStyle, 'mb-4 max-w-sm')}
        onChange={(event) => setText(event.target.value)}
      />
      {error && <Notice tone="error">{errorText(error)}</Notice>}
      {!people && !error && <Skeleton className="h-40" />}
      {people?.length === 0 && <p className="text-muted-foreground text-sm">{t('admin.nobody')}</p>}
      {people && people.length > 0 && (
        <ul className="divide-y rounded-2xl border bg-surface">
          {people.map((person) => (
            <PersonRow key={person.id} person={person} canChange={canChange} />
          ))}
        </ul>
      )}
      <MoreButton query={query} />
    </section>
  );
}

function PersonRow({ person, canChange }: { person: AdminUserRead; canChange: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const isMe = useAuthSession((state) => state.user?.id === person.id);
  const [isBusy, setIsBusy] = useState(false);
  const [isLimiting, setIsLimiting] = useState(false);
  const isFixed = !canChange || isMe || isBusy;

  async function change(wish: { role?: Role; is_active?: boolean }) {
    setIsBusy(true);
    try {
      await updatePerson(person.id, wish);
    } catch (error) {
      showToast(errorText(error));
    }
    await client.invalidateQueries({ queryKey: ['admin', 'people'] });
    setIsBusy(false);
  }
  return (
    <li data-testid="person" className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-60">
        <p
          className={cn(
            'truncate font-medium text-sm',
            !person.is_active && 'text-muted-foreground line-through',
          )}
        >
          {person.email}
        </p>
        <p className="text-[13px] text-muted-foreground tabular">
          {[
            t('settings.since', { date: formatDate(person.created_at) }),
            !person.is_active && t('admin.shutOff'),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      <select
        className={cn(inputStyle, 'max-w-44')}
        aria-label={t('admin.roleOf', { email: person.email })}
        value={person.role}
        disabled={isFixed}
        onChange={(event) => void change({ role: event.target.value as Role })}
      >
        {roles.map((role) => (
          <option key={role} value={role}>
            {t(`settings.role.${role}`)}
          </option>
        ))}
      </select>
      {canChange && (
        <Button
          variant="outline"
          size="sm"
          aria-label={t('admin.limits.of', { email: person.email })}
          onClick={() => setIsLimiting(true)}
        >
          {t('admin.limits.title')}
        </Button>
      )}
      <Button
        variant={person.is_active ? 'danger' : 'outline'}
        size="sm"
        disabled={isFixed}
        aria-label={t(person.is_active ? 'admin.shutOffOf' : 'admin.letInOf', { email: person.email })}
        onClick={() => void change({ is_active: !person.is_active })}
      >
        {t(person.is_active ? 'admin.shutOffNow' : 'admin.letIn')}
      </Button>
      {isLimiting && (
        <LimitsDialog
          person={person}
          onClose={() => setIsLimiting(false)}
          onSet={() => void client.invalidateQueries({ queryKey: ['admin', 'people'] })}
        />
      )}
    </li>
  );
}
