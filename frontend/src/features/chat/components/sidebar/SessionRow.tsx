import { Link } from '@tanstack/react-router';
import { Ellipsis } from 'lucide-react';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import { closeDrawer } from '@/hooks/useShell';
import { cn } from '@/lib/cn';
import type { Session } from '@/lib/contracts';
import { useSessionActions } from '../../hooks/useSessionActions';
import { isRunning, useLiveTurns } from '../../model/liveTurns';
import { RenameField } from '../RenameField';
import { SessionMenu } from '../SessionMenu';

export const SessionRow = memo(function SessionRow({ session }: { session: Session }) {
  const { t } = useTranslation();
  const { update } = useSessionActions();
  const [isRenaming, setIsRenaming] = useState(false);
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const isLive = useLiveTurns((state) => isRunning(state.bySession[session.id]));
  const isAnswering = isLive || session.active_turn_id !== null;

  if (isRenaming) {
    return (
      <li className="px-0.5 py-0.5">
        <RenameField
          title={session.title}
          onDone={(title) => {
            setIsRenaming(false);
            if (title) void update(session.id, { title });
          }}
        />
      </li>
    );
  }
  return (
    <li className="group/session relative" data-testid="session-row">
      <Link
        to="/c/$sessionId"
        params={{ sessionId: session.id }}
        onClick={closeDrawer}
        onDoubleClick={() => setIsRenaming(true)}
        className={cn(
          'flex h-9 items-center gap-2 rounded-lg pr-9 pl-2.5 text-sm touch:h-11',
          'hover:bg-accent data-[status=active]:bg-accent data-[status=active]:font-medium',
          isMenuOpen && 'bg-accent',
        )}
      >
        <span dir="auto" className="min-w-0 truncate">
          {session.title || t('sessions.untitled')}
        </span>
        {isAnswering && (
          <span className="size-1.5 shrink-0 animate-breathe rounded-full bg-primary">
            <span className="sr-only">{t('sessions.answering')}</span>
          </span>
        )}
      </Link>
      <div
        className={cn(
          'absolute inset-y-0 right-1 flex items-center opacity-0 group-focus-within/session:opacity-100 group-hover/session:opacity-100 touch:opacity-100',
          isMenuOpen && 'opacity-100',
        )}
      >
        <SessionMenu
          session={session}
          onOpenChange={setIsMenuOpen}
          onRename={() => setIsRenaming(true)}
          trigger={
            <IconButton
              size="icon-sm"
              label={t('sessions.options', { title: session.title })}
              className="hover:bg-transparent!"
            >
              <Ellipsis size={16} />
            </IconButton>
          }
        />
      </div>
    </li>
  );
});
