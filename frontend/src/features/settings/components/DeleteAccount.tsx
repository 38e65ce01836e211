import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Notice } from '@/components/ui/Notice';
import { PasswordField } from '@/components/ui/PasswordField';
import { useErrorText } from '@/hooks/useErrorText';
import { forgetSession } from '@/lib/authSession';
import { deleteAccount } from '../api/account';

export function DeleteAccount() {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const [isOpen, setIsOpen] = useState(false);
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function submit() {
    setIsBusy(true);
    setFailure(null);
    try {
      await deleteAccount(password);
      forgetSession(true);
    } catch (error) {
      setFailure(error);
      setIsBusy(false);
    }
  }
  return (
    <>
      <Button variant="danger" onClick={() => setIsOpen(true)}>
        {t('settings.deleteAccount')}
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        title={t('settings.deleteAccount')}
        description={t('settings.deleteAccountWarning')}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <DialogBody className="space-y-4">
            {failure !== null && (
              <Notice tone="error" role="alert">
                {errorText(failure)}
              </Notice>
            )}
            <PasswordField
              label={t('settings.confirmPassword')}
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </DialogBody>
          <DialogActions>
            <Button variant="ghost" onClick={() => setIsOpen(false)}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" variant="danger" disabled={!password} isBusy={isBusy}>
              {t('settings.deleteForever')}
            </Button>
          </DialogActions>
        </form>
      </Dialog>
    </>
  );
}
