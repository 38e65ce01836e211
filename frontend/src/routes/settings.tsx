import '@/lib/moreWords';
import { useTranslation } from 'react-i18next';
import { NewPasswordForm } from '@/features/auth/components/NewPasswordForm';
import { SettingsPage } from '@/features/settings/components/SettingsPage';
import { showToast } from '@/hooks/useToasts';

export default function SettingsRoute() {
  const { t } = useTranslation();
  return (
    <SettingsPage
      passwordForm={
        <NewPasswordForm
          currentLabel={t('auth.currentPassword')}
          submitLabel={t('auth.changeSubmit')}
          onChanged={() => showToast(t('auth.passwordChanged'))}
        />
      }
    />
  );
}
