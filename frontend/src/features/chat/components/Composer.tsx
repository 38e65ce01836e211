import { ArrowUp, Square } from 'lucide-react';
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type ReactNode,
  Suspense,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { useMedia } from '@/hooks/useMedia';
import { onFocusComposer } from '@/hooks/useShell';
import { showToast } from '@/hooks/useToasts';
import { cn } from '@/lib/cn';
import type { AttachmentRef, Model } from '@/lib/contracts';
import { latePart } from '@/lib/latePieces';
import { useDraftFileList } from '../hooks/useDraftFileList';
import { useFileDrop } from '../hooks/useFileDrop';
import { composerAction } from '../model/composerKeys';
import { addFiles, areFilesReady, maxFiles, sendWaiting, takeFiles } from '../model/draftFiles';
import { readDraft, writeDraft } from '../model/drafts';
import { AttachButton } from './AttachButton';

const AttachmentTray = latePart(() => import('./AttachmentTray'));

interface ComposerProps {
  /** Whose draft it is; null for a new conversation. */
  sessionId: string | null;
  isRunning: boolean;
  isStopping: boolean;
  lastPrompt?: string;
  /** Who answers; while it is not known, the portal decides what can be sent. */
  model?: Model;
  onSend: (text: string, attachments: AttachmentRef[]) => void;
  onStop: () => void;
  /** Text given back (a turn that could not be sent); a new object each time. */
  returned?: { text: string } | null;
  tools?: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { sessionId, isRunning, isStopping, lastPrompt, onSend, onStop, returned, tools, model } = props;
  const { t } = useTranslation();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => readDraft(sessionId));
  const isTouch = useMedia('(pointer: coarse)');
  const files = useDraftFileList(sessionId);
  const canSee = model?.capabilities.includes('vision') ?? true;
  const isEmpty = text.trim() === '' && files.length === 0;
  const isReady = !isEmpty && areFilesReady(files, canSee);

  const change = (next: string) => {
    setText(next);
    writeDraft(sessionId, next);
  };
  useEffect(() => {
    if (!returned) return;
    // In front of what was typed since.
    const next = [returned.text, readDraft(sessionId)].filter(Boolean).join('\n\n');
    setText(next);
    writeDraft(sessionId, next);
    field.current?.focus();
  }, [returned, sessionId]);
  // Another model may see what the last one could not.
  useEffect(() => sendWaiting(sessionId, canSee), [sessionId, canSee]);
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

  const add = (added: File[]) => {
    const excess = addFiles(sessionId, added, canSee);
    if (excess > 0) showToast(t('attachments.tooMany', { count: maxFiles }));
    if (added.length > 0) field.current?.focus();
  };
  const isDropping = useFileDrop(add);
  const onPaste = (event: ClipboardEvent) => {
    const pasted = [...event.clipboardData.files];
    // A table copied from a spreadsheet comes as text and as its picture: the text is meant.
    if (pasted.length === 0 || event.clipboardData.types.includes('text/plain')) return;
    event.preventDefault();
    add(pasted);
  };
  const send = () => {
    if (!isReady || isRunning) return;
    const message = text.trim();
    change('');
    onSend(message, takeFiles(sessionId));
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
      className={cn(
        'relative rounded-2xl border border-input bg-surface transition-[border-color] duration-100 focus-within:border-ring',
        isDropping && 'border-primary border-dashed',
      )}
    >
      {isDropping && (
        <p className="pointer-events-none absolute inset-0 z-10 grid place-items-center rounded-2xl bg-primary-soft font-medium text-primary text-sm">
          {t('attachments.drop')}
        </p>
      )}
      {files.length > 0 && (
        <Suspense fallback={<div className="h-17" />}>
          <AttachmentTray
            sessionId={sessionId}
            files={files}
            blindModel={canSee ? null : (model?.name ?? '')}
          />
        </Suspense>
      )}
      <textarea
        ref={field}
        rows={1}
        value={text}
        dir="auto"
        aria-label={t('composer.message')}
        placeholder={t('composer.placeholder')}
        data-testid="composer-input"
        enterKeyHint={isTouch ? 'enter' : 'send'}
        className="field-sizing-content block max-h-[40dvh] min-h-[52px] w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-[16px] leading-6 outline-none placeholder:text-muted-foreground"
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className="flex items-center justify-between gap-2 px-2 pb-2">
        <div className="flex min-w-0 items-center gap-1">
          <AttachButton onFiles={add} />
          {tools}
        </div>
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
            disabled={!isReady}
          >
            <ArrowUp size={18} strokeWidth={2.4} aria-hidden />
          </Button>
        )}
      </div>
    </form>
  );
}
