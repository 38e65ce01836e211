import { ArrowUp, Square } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useMedia } from '@/hooks/useMedia';
import { onFocusComposer } from '@/hooks/useShell';
import { composerAction } from '../model/composerKeys';
import { readDraft, writeDraft } from '../model/drafts';

interface ComposerProps {
  /** Whose draft it is; null for a new conversation. */
  sessionId: string | null;
  isRunning: boolean;
  isStopping: boolean;
  lastPrompt?: string;
  onSend: (text: string) => void;
  onStop: () => void;
  /** Text given back (a turn that could not be sent); a new object each time. */
  returned?: { text: string } | null;
  tools?: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { sessionId, isRunning, isStopping, lastPrompt, onSend, onStop, returned, tools } = props;
  const { t } = useTranslation();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => readDraft(sessionId));
  const isTouch = useMedia('(pointer: coarse)');
  const isEmpty = text.trim() === '';

  const change = (next: string) => {
    setText(next);
    writeDraft(sessionId, next);
  };
  useEffect(() => {
    if (!returned) return;
    setText(returned.text);
    writeDraft(sessionId, returned.text);
    field.current?.focus();
  }, [returned, sessionId]);
  useEffect(() => onFocusComposer(() => field.current?.focus()), []);
  useEffect(() => {
    if (!isTouch) field.current?.focus();
  }, [isTouch]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || CSS.supports('field-sizing', 'content')) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const send = () => {
    if (isEmpty || isRunning) return;
    const message = text.trim();
    change('');
    onSend(message);
    field.current?.focus();
  };
  const stop = () => {
    onStop();
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey, keyCode } = event;
    const press = {
      key,
      shiftKey,
      ctrlKey,
      metaKey,
      altKey,
      keyCode,
      isComposing: event.nativeEvent.isComposing,
    };
    const action = composerAction(press, { isEmpty: text === '', isRunning, isTouch });
    if (action === null) return;
    if (action === 'recall' && !lastPrompt) return;
    event.preventDefault();
    if (action === 'send') send();
    if (action === 'stop') stop();
    if (action === 'recall' && lastPrompt) change(lastPrompt);
  };

  return (
    <form
      aria-label={t('composer.label')}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      className="rounded-2xl border border-input bg-surface transition-[border-color] duration-100 focus-within:border-ring"
    >
      <textarea
        ref={field}
        rows={1}
        value={text}
        aria-label={t('composer.message')}
        placeholder={t('composer.placeholder')}
        data-testid="composer-input"
        enterKeyHint={isTouch ? 'enter' : 'send'}
        className="field-sizing-content block max-h-[40dvh] min-h-[52px] w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-[16px] leading-6 outline-none placeholder:text-muted-foreground"
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="flex items-center justify-between gap-2 px-2 pb-2">
        <div className="flex min-w-0 items-center gap-1">{tools}</div>
        {isRunning ? (
          <Button
            size="icon"
            className="rounded-full!"
            variant="primary"
            aria-label={t('composer.stop')}
            data-testid="stop-button"
            isBusy={isStopping}
            onClick={stop}
          >
            <Square size={13} fill="currentColor" aria-hidden />
          </Button>
        ) : (
          <Button
            type="submit"
            size="icon"
            className="rounded-full!"
            aria-label={t('composer.send')}
            data-testid="send-button"
            disabled={isEmpty}
          >
            <ArrowUp size={18} strokeWidth={2.4} aria-hidden />
          </Button>
        )}
      </div>
    </form>
  );
}
