import { Link } from '@tanstack/react-router';
import { Boxes, Columns2, FileText, PanelLeft, Search, SquarePen } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '@/components/ui/IconButton';
import { Logo } from '@/components/ui/Logo';
import { hotkeyLabel } from '@/hooks/useHotkeys';
import { useIsWide } from '@/hooks/useMedia';
import { closeDrawer, focusComposer, openSearch, toggleSidebar } from '@/hooks/useShell';
import { SessionList } from './SessionList';

const rowStyle =
  'flex h-9 w-full items-center gap-2.5 rounded-lg px-2.5 text-sm hover:bg-accent touch:h-11 group/row';

/** The side bar: new chat, search, every conversation; `footer` is the person's own corner. */
export function Sidebar({ footer }: { footer: ReactNode }) {
  const { t } = useTranslation();
  const isWide = useIsWide();
  return (
    <nav
      aria-label={t('shell.sidebar')}
      data-testid="sidebar"
      className="flex h-full w-67 flex-col bg-sidebar"
    >
      <div className="flex h-13 shrink-0 items-center justify-between pr-2 pl-4 touch:h-14">
        <Link
          to="/"
          className="flex items-center gap-2.5 font-semibold tracking-[-0.01em]"
          onClick={closeDrawer}
        >
          <Logo size={22} />
          Prompt Portal
        </Link>
        <IconButton
          label={t('shell.hideSidebar')}
          keys={hotkeyLabel('B')}
          onClick={() => toggleSidebar(isWide)}
        >
          <PanelLeft size={18} />
        </IconButton>
      </div>
      <div className="space-y-0.5 px-2 pt-1 pb-2">
        <Link
          to="/"
          data-testid="new-chat"
          className={rowStyle}
          onClick={() => {
            closeDrawer();
            focusComposer();
          }}
        >
          <SquarePen size={16} aria-hidden />
          <span className="flex-1">{t('shell.newChat')}</span>
          <RowKeys text={hotkeyLabel('O', true)} />
        </Link>
        <button type="button" data-testid="open-search" className={rowStyle} onClick={openSearch}>
          <Search size={16} aria-hidden />
          <span className="flex-1 text-left">{t('search.open')}</span>
          <RowKeys text={hotkeyLabel('K')} />
        </button>
        <Link to="/templates" className={rowStyle} onClick={closeDrawer}>
          <FileText size={16} aria-hidden />
          {t('templates.title')}
        </Link>
        <Link to="/compare" className={rowStyle} onClick={closeDrawer}>
          <Columns2 size={16} aria-hidden />
          {t('compare.title')}
        </Link>
        <Link to="/models" className={rowStyle} onClick={closeDrawer}>
          <Boxes size={16} aria-hidden />
          {t('models.title')}
        </Link>
      </div>
      <SessionList />
      <div className="shrink-0 border-t p-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">{footer}</div>
    </nav>
  );
}

function RowKeys({ text }: { text: string }) {
  return (
    <kbd className="font-sans text-muted-foreground text-xs opacity-0 transition-opacity group-hover/row:opacity-100 touch:hidden">
      {text}
    </kbd>
  );
}
