import { zodResolver } from '@hookform/resolvers/zod';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { PasswordField } from '@/components/ui/PasswordField';
import { useErrorText } from '@/hooks/useErrorText';
import { adoptToken, useAuthSession } from '@/lib/authSession';
import { authConfigQuery, changePassword } from '../api/auth';
import { type NewPasswordForm as Form, newPasswordForm } from '../model/forms';

interface NewPasswordFormProps {
  currentLabel: string;
  submitLabel: string;
  onChanged?: () => void;
}

/** A new password signs every other device out; this one goes on with the token that comes back. */
export function NewPasswordForm({ currentLabel, submitLabel, onChanged }: NewPasswordFormProps) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const email = useAuthSession((state) => state.user?.email);
  const { data: config } = useQuery(authConfigQuery);
  const minLength = config?.min_password_length ?? 12;
  const resolver = useMemo(() => zodResolver(newPasswordForm(minLength)), [minLength]);
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, formState, reset } = useForm<Form>({ resolver });

  const submit = handleSubmit(async ({ current, next }) => {
    setFailure(null);
    try {
      await adoptToken((await changePassword(current, next)).access_token);
      reset({ current: '', next: '', repeat: '' });
      onChanged?.();
    } catch (error) {
      setFailure(error);
    }
  });
  const messageOf = (key: string | undefined) => key && t(key, { count: minLength });
  return (
    <form onSubmit={submit} noValidate className="space-y-4" aria-label={t('auth.changeTitle')}>
      {failure !== null && (
        <Notice tone="error" role="alert" testId="auth-error">
          {errorText(failure)}
        </Notice>
      )}
      <input type="text" name="username" autoComplete="username" value={email ?? ''} readOnly hidden />
      <PasswordField
        label={currentLabel}
        autoComplete="current-password"
        error={messageOf(formState.errors.current?.message)}
        {...register('current')}
      />
      <PasswordField
        label={t('auth.newPassword')}
        autoComplete="new-password"
        hint={t('auth.passwordHint', { count: minLength })}
        error={messageOf(formState.errors.next?.message)}
        {...register('next')}
      />
      <PasswordField
        label={t('auth.repeatPassword')}
        autoComplete="new-password"
        error={messageOf(formState.errors.repeat?.message)}
        {...register('repeat')}
      />
      <Button type="submit" isBusy={formState.isSubmitting}>
        {submitLabel}
      </Button>
    </form>
  );
}
