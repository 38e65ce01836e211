import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronRight, Ellipsis, Folder as FolderIcon, FolderMinus, Pencil } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { IconButton } from '@/components/ui/IconButton';
import { Menu } from '@/components/ui/Menu';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import { cn } from '@/lib/cn';
import type { Folder } from '@/lib/contracts';
import { formatCount } from '@/lib/format';
import { fillFolder, renameFolder } from '../../api/folders';
import { folderSessionsQuery } from '../../api/sessions';
import { renameOpenFolder, toggleFolder, useOpenFolders } from '../../model/openFolders';
import { refreshSideBar, sessionsOf } from '../../model/sessionLists';
import { RenameField } from '../RenameField';
import { SessionRow } from './SessionRow';

/** A folder of the side bar: its name, and below it, while it is open, what it holds. */
export default function FolderSection({ folder }: { folder: Folder }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const isOpen = useOpenFolders((state) => state.names.includes(folder.name));
  const [isRenaming, setIsRenaming] = useState(false);

  async function rename(newName: string | null) {
    try {
      const { session_ids: sessionIds } = await renameFolder(folder.name, newName);
      renameOpenFolder(folder.name, newName);
      if (newName === null) {
        showToast(t('folders.removed', { name: folder.name }), {
          label: t('common.undo'),
          run: () => void putBack(sessionIds),
        });
      }
    } catch (error) {
      showToast(errorText(error));
    }
    refreshSideBar(client);
  }
  async function putBack(sessionIds: string[]) {
    try {
      await fillFolder(folder.name, sessionIds);
      if (isOpen) toggleFolder(folder.name);
    } catch (error) {
      showToast(errorText(error));
    }
    refreshSideBar(client);
  }
  if (isRenaming) {
    return (
      <RenameField
        title={folder.name}
        onDone={(name) => {
          setIsRenaming(false);
          if (name) void rename(name);
        }}
      />
    );
  }
  return (
    <section aria-label={folder.name} data-testid="folder">
      <div className="group/folder relative">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => toggleFolder(folder.name)}
          className="flex h-9 w-full items-center gap-2 rounded-lg pr-9 pl-2 text-left text-sm hover:bg-accent touch:h-11"
        >
          <ChevronRight
            size={14}
            className={cn('shrink-0 text-muted-foreground transition-transform', isOpen && 'rotate-90')}
            aria-hidden
          />
          <FolderIcon size={15} className="shrink-0 text-muted-foreground" aria-hidden />
          <span className="min-w-0 truncate">{folder.name}</span>
          <span className="ml-auto text-muted-foreground text-xs tabular">
            {formatCount(folder.sessions)}
          </span>
        </button>
        <div className="absolute inset-y-0 right-1 flex items-center opacity-0 group-focus-within/folder:opacity-100 group-hover/folder:opacity-100 touch:opacity-100">
          <Menu
            trigger={
              <IconButton size="icon-sm" label={t('folders.options', { name: folder.name })}>
                <Ellipsis size={16} />
              </IconButton>
            }
            entries={[
              { icon: <Pencil size={15} />, label: t('sessions.rename'), run: () => setIsRenaming(true) },
              {
                icon: <FolderMinus size={15} />,
                label: t('folders.remove'),
                run: () => void rename(null),
              },
            ]}
          />
        </div>
      </div>
      {isOpen && <FolderContent name={folder.name} />}
    </section>
  );
}

function FolderContent({ name }: { name: string }) {
  const { t } = useTranslation();
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    folderSessionsQuery(name),
  );
  // What was just moved out or archived is gone from view before the list is read again.
  const sessions = sessionsOf(data).filter((session) => session.folder === name && !session.archived);
  return (
    <>
      <ul className="ml-4 space-y-px border-l pl-1">
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
      {hasNextPage && (
        <Button
          variant="quiet"
          size="sm"
          className="ml-5"
          isBusy={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t('common.more')}
        </Button>
      )}
    </>
  );
}
