import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { CopyButton } from '@/components/ui/CopyButton';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Snippets } from './Snippets';

/** The one time that a key is shown. */
export function NewKeyDialog({ apiKey, onClose }: { apiKey: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('keys.readyTitle')}
      description={t('keys.shownOnce')}
      className="max-w-2xl!"
    >
      <DialogBody className="space-y-5">
        <div className="flex flex-wrap items-center gap-2 rounded-lg border border-input bg-surface p-1.5 pl-3.5">
          <code data-testid="new-key" className="min-w-0 flex-1 break-all font-mono text-sm">
            {apiKey}
          </code>
          <CopyButton text={() => apiKey} label={t('keys.copyKey')} isLabelled />
        </div>
        <Snippets apiKey={apiKey} />
      </DialogBody>
      <DialogActions>
        <Button onClick={onClose}>{t('common.done')}</Button>
      </DialogActions>
    </Dialog>
  );
}
