import '@/lib/moreWords';
import { zodResolver } from '@hookform/resolvers/zod';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { PasswordField } from '@/components/ui/PasswordField';
import { useErrorText } from '@/hooks/useErrorText';
import { useTitle } from '@/hooks/useTitle';
import { adoptToken } from '@/lib/authSession';
import { authConfigQuery, login } from '../api/auth';
import { type SignInForm, signInForm } from '../model/forms';
import { AuthFrame } from './AuthFrame';

export default function SignInPage() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { data: config } = useQuery(authConfigQuery);
  const [failure, setFailure] = useState<unknown>(null);
  const { register, handleSubmit, formState } = useForm<SignInForm>({ resolver: zodResolver(signInForm) });
  useTitle(t('auth.signIn'));

  const submit = handleSubmit(async ({ email, password }) => {
    setFailure(null);
    try {
      const token = await login(email, password);
      await adoptToken(token.access_token);
    } catch (error) {
      setFailure(error);
    }
  });
  const messageOf = (key: string | undefined) => key && t(key);
  const canRegister = config && config.registration !== 'closed';
  return (
    <AuthFrame
      title={t('auth.signInTitle')}
      subtitle={t('auth.signInSubtitle')}
      footer={
        canRegister && (
          <>
            {t('auth.noAccount')}{' '}
            <Link to="/register" className="text-primary underline underline-offset-4">
              {t('auth.register')}
            </Link>
          </>
        )
      }
    >
      <form onSubmit={submit} noValidate className="space-y-4" aria-label={t('auth.signIn')}>
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
          autoComplete="current-password"
          error={messageOf(formState.errors.password?.message)}
          {...register('password')}
        />
        <Button type="submit" className="w-full" isBusy={formState.isSubmitting}>
          {t('auth.signIn')}
        </Button>
      </form>
    </AuthFrame>
  );
}
