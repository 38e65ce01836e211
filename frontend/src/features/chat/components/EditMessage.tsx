import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';

interface EditMessageProps {
  text: string;
  /** Its files are message enough. */
  canBeEmpty?: boolean;
  /** An answer is on its way: nothing can be sent until it has ended. */
  isBusy: boolean;
  onSave: (text: string) => void;
  onCancel: () => void;
}

/** Editing makes a branch: the old version stays. */
export default function EditMessage({
  text: original,
  canBeEmpty = false,
  isBusy,
  onSave,
  onCancel,
}: EditMessageProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(original);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(original.length, original.length);
  }, [original]);
  const canSave = !isBusy && (text.trim() !== '' || canBeEmpty);
  const save = () => {
    if (canSave) onSave(text.trim());
  };
  return (
    <div className="ml-auto w-full rounded-2xl bg-bubble p-3 mb-4">
      <textarea
        ref={field}
        value={text}
        dir="auto"
        aria-label={t('message.editText')}
        data-testid="edit-input"
        className="field-sizing-content block max-h-[50dvh] min-h-16 w-full resize-none bg-transparent px-1 text-[16px] outline-none"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Escape') onCancel();
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) save();
        }}
      />
      <div className="mt-2 flex flex-wrap items-center justify-end gap-2">
        <span className="mr-auto px-1 text-muted-foreground text-xs">{t('message.editHint')}</span>
        <Button variant="ghost" size="sm" onClick={onCancel}>
          {t('common.cancel')}
        </Button>
        <Button size="sm" onClick={save} disabled={!canSave}>
          {t('message.editSend')}
        </Button>
      </div>
    </div>
  );
}
