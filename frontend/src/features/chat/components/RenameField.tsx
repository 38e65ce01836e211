import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

interface RenameFieldProps {
  title: string;
  /** The new title, or null when nothing is to change. */
  onDone: (title: string | null) => void;
}

export function RenameField({ title, onDone }: RenameFieldProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(title);
  const field = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  useEffect(() => {
    // The menu that opened this gives focus back to its button first.
    const timer = setTimeout(() => {
      field.current?.focus();
      field.current?.select();
    }, 30);
    return () => clearTimeout(timer);
  }, []);
  const finish = (isSaved: boolean) => {
    if (isDone.current) return;
    isDone.current = true;
    // A title from a spreadsheet or a terminal comes with tabs.
    const next = text.replace(/\p{Cc}+/gu, ' ').trim();
    onDone(isSaved && next && next !== title ? next : null);
  };
  return (
    <input
      ref={field}
      value={text}
      dir="auto"
      maxLength={200}
      aria-label={t('sessions.titleField')}
      data-testid="rename-input"
      className="h-8 w-full rounded-lg border border-ring bg-surface px-2 text-[16px] outline-none sm:text-sm"
      onChange={(event) => setText(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === 'Enter') finish(true);
        if (event.key === 'Escape') finish(false);
      }}
    />
  );
}
