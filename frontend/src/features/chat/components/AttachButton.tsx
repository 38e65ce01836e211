import { Paperclip } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';

/** Opens the system's file picker. */
export function AttachButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        className="sr-only"
        tabIndex={-1}
        aria-label={t('attachments.pick')}
        data-testid="attach-input"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // The same file can be picked again.
          event.target.value = '';
          onFiles(files);
        }}
      />
      <IconButton
        label={t('attachments.add')}
        data-testid="attach-button"
        onClick={() => picker.current?.click()}
      >
        <Paperclip size={18} />
      </IconButton>
    </>
  );
}
