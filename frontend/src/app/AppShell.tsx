import { Outlet } from '@tanstack/react-router';
import { Suspense, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { warmMarkdown } from '@/components/markdown/Markdown';
import { Sidebar } from '@/features/chat/components/sidebar/Sidebar';
import { useChangeSync } from '@/features/chat/hooks/useChangeSync';
import { useChatHotkeys } from '@/features/chat/hooks/useChatHotkeys';
import { useIsWide } from '@/hooks/useMedia';
import { closeDrawer, focusComposer, useShell } from '@/hooks/useShell';
import { cn } from '@/lib/cn';
import { latePart } from '@/lib/latePieces';
import { UserMenu } from './UserMenu';

const SearchDialog = latePart(() => import('@/features/chat/components/sidebar/SearchDialog'));
const Banners = latePart(() => import('@/features/announcements/components/Banners'));
const HelpDialog = latePart(() => import('@/features/chat/components/HelpDialog'));

/** The frame around every page of a person who is signed in. */
export function AppShell() {
  const { t } = useTranslation();
  const isWide = useIsWide();
  const { isSidebarOpen, isDrawerOpen, isSearchOpen, isHelpOpen } = useShell();
  const isShown = isWide ? isSidebarOpen : isDrawerOpen;
  useChatHotkeys();
  useChangeSync();
  useEffect(() => warmMarkdown(), []);
  // What administrators have to say can wait until the page stands.
  const [isSettled, setIsSettled] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSettled(true), 1000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="flex h-[var(--visible-height,100dvh)] w-full overflow-hidden">
      <button
        type="button"
        onClick={focusComposer}
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-foreground px-3 py-1.5 text-background text-sm focus-visible:translate-y-0"
      >
        {t('shell.skip')}
      </button>
      {!isWide && isShown && (
        <button
          type="button"
          aria-label={t('shell.hideSidebar')}
          onClick={closeDrawer}
          className="fixed inset-0 z-30 bg-overlay"
        />
      )}
      {isShown && (
        <div className={cn('shrink-0 border-r', !isWide && 'fixed inset-y-0 left-0 z-40 shadow-float')}>
          <Sidebar footer={<UserMenu />} />
        </div>
      )}
      <main id="main" className="flex h-full min-w-0 flex-1 flex-col" inert={!isWide && isShown}>
        <Suspense>{isSettled && <Banners />}</Suspense>
        <Outlet />
      </main>
      <Suspense>
        {isSearchOpen && <SearchDialog />}
        {isHelpOpen && <HelpDialog />}
      </Suspense>
    </div>
  );
}
