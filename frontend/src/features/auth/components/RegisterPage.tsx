import '@/lib/moreWords';
import { zodResolver } from '@hookform/resolvers/zod';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { PasswordField } from '@/components/ui/PasswordField';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { adoptToken } from '@/lib/authSession';
import { authConfigQuery, login, register as registerAccount } from '../api/auth';
import { type RegisterForm, registerForm } from '../model/forms';
import { AuthFrame } from './AuthFrame';

export default function RegisterPage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data: config } = useQuery(authConfigQuery);
  const minLength = config?.min_password_length ?? 12;
  const resolver = useMemo(() => zodResolver(registerForm(minLength)), [minLength]);
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, formState } = useForm<RegisterForm>({ resolver });
  useTitle(t('auth.register'));

  const submit = handleSubmit(async ({ email, password, invite }) => {
    setFailure(null);
    try {
      await registerAccount({ email, password, ...(invite ? { invite } : {}) });
      await adoptToken((await login(email, password)).access_token);
    } catch (error) {
      setFailure(error);
    }
  });
  const messageOf = (key: string | undefined) => key && t(key, { count: minLength });
  const toSignIn = (
    <>
      {t('auth.haveAccount')}{' '}
      <Link to="/sign-in" className="text-primary underline underline-offset-4">
        {t('auth.signIn')}
      </Link>
    </>
  );
  if (config?.registration === 'closed') {
    return (
      <AuthFrame title={t('auth.closedTitle')} subtitle={t('auth.closedText')} footer={toSignIn}>
        {null}
      </AuthFrame>
    );
  }
  return (
    <AuthFrame
      title={t('auth.registerTitle')}
      subtitle={config?.has_users === false ? t('auth.firstAccount') : t('auth.registerSubtitle')}
      footer={toSignIn}
    >
      <form onSubmit={submit} noValidate className="space-y-4" aria-label={t('auth.register')}>
        {failure !== null && (
          <Notice tone="error" role="alert" testId="auth-error">
            {errorText(failure)}
          </Notice>
        )}
        <Field
          label={t('auth.email')}
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          error={messageOf(formState.errors.email?.message)}
          {...register('email')}
        />
        <PasswordField
          label={t('auth.password')}
          autoComplete="new-password"
          hint={t('auth.passwordHint', { count: minLength })}
          error={messageOf(formState.errors.password?.message)}
          {...register('password')}
        />
        {config?.registration === 'invite' && (
          <Field
            label={t('auth.invite')}
            autoComplete="off"
            hint={t('auth.inviteHint')}
            {...register('invite')}
          />
        )}
        <Button type="submit" className="w-full" isBusy={formState.isSubmitting}>
          {t('auth.register')}
        </Button>
      </form>
    </AuthFrame>
  );
}
