import {
  Archive,
  ArchiveRestore,
  Download,
  FolderInput,
  Pencil,
  Pin,
  PinOff,
  Share2,
  Trash2,
} from 'lucide-react';
import { type ComponentProps, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Menu } from '@/components/ui/Menu';
import MenuPopup from '@/components/ui/MenuPopup';
import type { Session } from '@/lib/contracts';
import { latePart } from '@/lib/latePieces';
import { useSessionActions } from '../hooks/useSessionActions';

const FolderDialog = latePart(() => import('./FolderDialog'));
const ShareDialog = latePart(() => import('./ShareDialog'));

export interface SessionMenuProps extends Pick<ComponentProps<typeof Menu>, 'trigger' | 'onOpenChange'> {
  session: Session;
  onRename: () => void;
  /** What only this place offers. */
  more?: ComponentProps<typeof Menu>['entries'];
}

/** The menu itself, with the dialogs that it opens; fetched when its button is approached. */
export default function SessionMenuPopup({
  session,
  trigger,
  onOpenChange,
  onRename,
  more = [],
}: SessionMenuProps) {
  const { t } = useTranslation();
  const { update, archive, remove, exportAs } = useSessionActions();
  const [dialog, setDialog] = useState<'folder' | 'share' | null>(null);
  const close = () => setDialog(null);
  return (
    <>
      <MenuPopup
        trigger={trigger}
        onOpenChange={onOpenChange}
        entries={[
          { icon: <Pencil size={15} />, label: t('sessions.rename'), run: onRename },
          {
            icon: session.pinned ? <PinOff size={15} /> : <Pin size={15} />,
            label: session.pinned ? t('sessions.unpin') : t('sessions.pin'),
            run: () => void update(session.id, { pinned: !session.pinned }),
          },
          { icon: <FolderInput size={15} />, label: t('sessions.move'), run: () => setDialog('folder') },
          ...more,
          'separator',
          { icon: <Share2 size={15} />, label: t('sessions.share'), run: () => setDialog('share') },
          {
            icon: <Download size={15} />,
            label: t('sessions.exportMarkdown'),
            run: () => void exportAs(session, 'markdown'),
          },
          {
            icon: <Download size={15} />,
            label: t('sessions.exportJson'),
            run: () => void exportAs(session, 'json'),
          },
          'separator',
          session.archived
            ? {
                icon: <ArchiveRestore size={15} />,
                label: t('sessions.unarchive'),
                run: () => void update(session.id, { archived: false }),
              }
            : { icon: <Archive size={15} />, label: t('sessions.archive'), run: () => void archive(session) },
          {
            icon: <Trash2 size={15} />,
            label: t('sessions.delete'),
            isDanger: true,
            run: () => void remove(session),
          },
        ]}
      />
      <Suspense>
        {dialog === 'folder' && (
          <FolderDialog
            current={session.folder}
            onClose={close}
            onChoose={(folder) => void update(session.id, { folder })}
          />
        )}
        {dialog === 'share' && <ShareDialog session={session} onClose={close} />}
      </Suspense>
    </>
  );
}
