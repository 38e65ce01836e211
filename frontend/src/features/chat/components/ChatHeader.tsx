import { useNavigate } from '@tanstack/react-router';
import { Archive, Columns2, Ellipsis, PanelLeft, ScrollText, SquarePen } from 'lucide-react';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import { hotkeyLabel } from '@/hooks/useHotkeys';
import { useIsWide } from '@/hooks/useMedia';
import { toggleSidebar, useShell } from '@/hooks/useShell';
import type { SessionDetail } from '@/lib/contracts';
import { latePart } from '@/lib/latePieces';
import { useSessionActions } from '../hooks/useSessionActions';
import { dropTemplate } from '../model/templateUse';
import { RenameField } from './RenameField';
import { SessionMenu } from './SessionMenu';

const InstructionsDialog = latePart(() => import('./InstructionsDialog'));

interface ChatHeaderProps {
  title: string;
  detail?: SessionDetail;
}

export function ChatHeader({ title, detail }: ChatHeaderProps) {
  const { t } = useTranslation();
  const isWide = useIsWide();
  const navigate = useNavigate();
  const isSidebarOpen = useShell((state) => state.isSidebarOpen);
  const { update } = useSessionActions();
  const [isRenaming, setIsRenaming] = useState(false);
  const [isInstructing, setIsInstructing] = useState(false);
  const isSidebarShown = isWide && isSidebarOpen;
  return (
    <header className="flex h-13 shrink-0 items-center gap-1 px-2 touch:h-14">
      {!isSidebarShown && (
        <IconButton
          label={t('shell.showSidebar')}
          keys={hotkeyLabel('B')}
          data-testid="sidebar-toggle"
          onClick={() => toggleSidebar(isWide)}
        >
          <PanelLeft size={18} />
        </IconButton>
      )}
      {!isSidebarShown && (
        <IconButton
          label={t('shell.newChat')}
          keys={hotkeyLabel('O', true)}
          onClick={() => navigate({ to: '/' })}
        >
          <SquarePen size={18} />
        </IconButton>
      )}
      <div className="min-w-0 flex-1 px-2">
        {detail && isRenaming ? (
          <RenameField
            title={detail.title}
            onDone={(next) => {
              setIsRenaming(false);
              if (next) void update(detail.id, { title: next });
            }}
          />
        ) : title ? (
          <h1 dir="auto" className="truncate font-medium text-sm" data-testid="chat-title">
            {title}
          </h1>
        ) : null}
      </div>
      {detail && (
        <>
          {detail.archived && (
            <span
              data-testid="archived-mark"
              className="flex items-center gap-1.5 rounded-lg bg-muted px-2 py-1 text-muted-foreground text-xs"
            >
              <Archive size={13} aria-hidden />
              {t('archive.mark')}
            </span>
          )}
          {detail.system_prompt && (
            <IconButton label={t('instructions.active')} onClick={() => setIsInstructing(true)}>
              <ScrollText size={17} className="text-primary" />
            </IconButton>
          )}
          <SessionMenu
            session={detail}
            onRename={() => setIsRenaming(true)}
            trigger={
              <IconButton label={t('chat.options')} data-testid="chat-options">
                <Ellipsis size={18} />
              </IconButton>
            }
            more={[
              {
                icon: <ScrollText size={15} />,
                label: t('instructions.title'),
                run: () => setIsInstructing(true),
              },
              {
                icon: <Columns2 size={15} />,
                label: t('compare.open'),
                run: () => void navigate({ to: '/compare', search: { c: detail.id } }),
              },
            ]}
          />
          {isInstructing && (
            <Suspense>
              <InstructionsDialog
                text={detail.system_prompt ?? ''}
                onClose={() => setIsInstructing(false)}
                onSave={(text) => {
                  // Instructions written by hand take the place of a template's.
                  dropTemplate(detail.id);
                  void update(detail.id, { system_prompt: text || null });
                }}
              />
            </Suspense>
          )}
        </>
      )}
    </header>
  );
}
