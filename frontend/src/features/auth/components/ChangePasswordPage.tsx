import '@/lib/moreWords';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useTitle } from '@/hooks/useTitle';
import { signOut } from '@/lib/authSession';
import { AuthFrame } from './AuthFrame';
import { NewPasswordForm } from './NewPasswordForm';

/** Shown in place of everything else while the one-time password is still in use. */
export default function ChangePasswordPage() {
  const { t } = useTranslation();
  useTitle(t('auth.changeTitle'));
  return (
    <AuthFrame
      title={t('auth.changeTitle')}
      subtitle={t('auth.changeSubtitle')}
      footer={
        <Button variant="link" size="sm" onClick={() => void signOut()}>
          {t('auth.signOut')}
        </Button>
      }
    >
      <NewPasswordForm currentLabel={t('auth.oneTimePassword')} submitLabel={t('auth.changeSubmit')} />
    </AuthFrame>
  );
}
