import { Link } from '@tanstack/react-router';
import { MessageSquare } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, buttonStyle } from '@/components/ui/Button';
import { inputStyle } from '@/components/ui/Field';
import { Segmented } from '@/components/ui/Segmented';
import { formatDuration } from '@/lib/format';
import { MazeConversation } from './MazeConversation';
import type { Said } from './useGuide';
import { useHintWords } from './useHintWords';

interface MazeTalkProps {
  said: readonly Said[];
  sessionId: string;
  canSay: boolean;
  onSay: (message: string) => void;
  /** The game waits for who writes. */
  onWriting: () => void;
  isFollowing: boolean;
  onFollowing: (isFollowing: boolean) => void;
}

/** The guide: what was said and done; or the same as the conversation that it is. */
export function MazeTalk(props: MazeTalkProps) {
  const { said, sessionId, canSay, onSay, onWriting, isFollowing, onFollowing } = props;
  const { t } = useTranslation();
  const [view, setView] = useState<'hints' | 'conversation'>('hints');
  return (
    <section aria-label={t('maze.guide')} className="flex min-w-0 flex-col gap-3">
      <div className="flex min-h-10 flex-wrap items-center justify-between gap-2">
        <h2 className="font-medium text-base">{t('maze.guide')}</h2>
        <label className="flex items-center gap-2.5 text-sm">
          <input
            type="checkbox"
            className="size-4.5 accent-primary"
            checked={isFollowing}
            onChange={(event) => onFollowing(event.target.checked)}
          />
          {t('maze.follow')}
        </label>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Segmented
          label={t('maze.views')}
          value={view}
          onChange={setView}
          options={[
            { value: 'hints', label: t('maze.view.hints') },
            { value: 'conversation', label: t('maze.view.conversation') },
          ]}
        />
        {said.length > 0 && (
          <Link
            to="/c/$sessionId"
            params={{ sessionId }}
            search={{}}
            data-testid="maze-chat"
            className={buttonStyle({ variant: 'quiet', size: 'sm' })}
          >
            <MessageSquare size={15} aria-hidden />
            {t('maze.openChat')}
          </Link>
        )}
      </div>
      {view === 'hints' && <Hints said={said} />}
      {view === 'conversation' && (
        <>
          <MazeConversation sessionId={sessionId} count={said.length} />
          <SayLine canSay={canSay} onSay={onSay} onWriting={onWriting} />
        </>
      )}
    </section>
  );
}

/** What is written here goes over MQTT, and the guide may do something for it. */
function SayLine({ canSay, onSay, onWriting }: Pick<MazeTalkProps, 'canSay' | 'onSay' | 'onWriting'>) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  return (
    <form
      className="flex gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!canSay || !text.trim()) return;
        onSay(text);
        setText('');
      }}
    >
      <input
        aria-label={t('maze.say')}
        placeholder={t('maze.say')}
        className={inputStyle}
        value={text}
        autoComplete="off"
        data-testid="maze-say"
        onFocus={onWriting}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" variant="outline" disabled={!canSay || !text.trim()}>
        {t('maze.send')}
      </Button>
    </form>
  );
}

function Hints({ said }: { said: readonly Said[] }) {
  const { t } = useTranslation();
  const say = useHintWords();
  if (said.length === 0) return <p className="text-muted-foreground text-sm">{t('maze.noHints')}</p>;
  return (
    <ol aria-label={t('maze.view.hints')} className="space-y-2">
      {[...said].reverse().map((one) => (
        <li key={one.number} data-testid="maze-hint" className="rounded-lg border bg-surface px-3.5 py-2.5">
          <p className={one.isError ? 'text-destructive text-sm' : 'break-words text-sm'}>
            {(one.isError ? one.text : say(one.text)) || t('maze.noWords')}
          </p>
          <p className="mt-1.5 flex flex-wrap items-center gap-1.5 text-xs">
            {one.deeds.map((deed) => (
              <span key={deed} className="rounded-md bg-primary-soft px-1.5 text-primary leading-5">
                {t(`maze.deed.${deed}`)}
              </span>
            ))}
            <span className="text-muted-foreground tabular">{formatDuration(one.tookMs)}</span>
          </p>
        </li>
      ))}
    </ol>
  );
}
