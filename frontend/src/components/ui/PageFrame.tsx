import { PanelLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { hotkeyLabel } from '@/hooks/useHotkeys';
import { useIsWide } from '@/hooks/useMedia';
import { toggleSidebar, useShell } from '@/hooks/useShell';
import { cn } from '@/lib/cn';
import { IconButton } from './IconButton';

interface PageFrameProps {
  title: string;
  subtitle?: string;
  action?: ReactNode;
  /** For what stands side by side. */
  isWide?: boolean;
  children: ReactNode;
}

/** A page beside the chat: a heading, one column, its own scroller. */
export function PageFrame({ title, subtitle, action, isWide: isBroad, children }: PageFrameProps) {
  const { t } = useTranslation();
  const isWide = useIsWide();
  const isSidebarOpen = useShell((state) => state.isSidebarOpen);
  const needsToggle = !isWide || !isSidebarOpen;
  return (
    <div className="h-full overflow-y-auto">
      <div className="flex h-13 items-center px-2 touch:h-14">
        {needsToggle && (
          <IconButton
            label={t('shell.showSidebar')}
            keys={hotkeyLabel('B')}
            data-testid="sidebar-toggle"
            onClick={() => toggleSidebar(isWide)}
          >
            <PanelLeft size={18} />
          </IconButton>
        )}
      </div>
      <div
        className={cn(
          'mx-auto w-full px-4 pb-16 sm:px-6 sm:pt-4',
          isBroad ? 'max-w-[1120px]' : 'max-w-reading',
        )}
      >
        <div className="mb-7 flex flex-wrap items-end justify-between gap-4">
          <div className="min-w-0 flex-1 basis-72">
            <h1 className="font-semibold text-2xl leading-tight tracking-[-0.02em]">{title}</h1>
            {subtitle && <p className="mt-1 text-muted-foreground">{subtitle}</p>}
          </div>
          {action}
        </div>
        {children}
      </div>
    </div>
  );
}
