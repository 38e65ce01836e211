import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';

interface InstructionsDialogProps {
  text: string;
  onSave: (text: string) => void;
  onClose: () => void;
}

/** The system prompt of one conversation; it holds from the next message on. */
export default function InstructionsDialog({ text: original, onSave, onClose }: InstructionsDialogProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(original);
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('instructions.title')}
      description={t('instructions.hint')}
    >
      <DialogBody>
        <textarea
          value={text}
          rows={7}
          aria-label={t('instructions.title')}
          placeholder={t('instructions.placeholder')}
          className="block w-full resize-y rounded-lg border border-input bg-surface px-3 py-2 text-[16px] sm:text-[15px]"
          onChange={(event) => setText(event.target.value)}
        />
      </DialogBody>
      <DialogActions>
        <Button variant="ghost" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button
          onClick={() => {
            onSave(text.trim());
            onClose();
          }}
        >
          {t('common.save')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
