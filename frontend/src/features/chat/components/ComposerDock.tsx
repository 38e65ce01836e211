import type { ReactNode } from 'react';

/** The foot of the page: notices, then the composer; beside the scroller, never over it. */
export function ComposerDock({ notice, children }: { notice?: ReactNode; children: ReactNode }) {
  return (
    <div className="mx-auto w-full max-w-reading shrink-0 space-y-2.5 px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6">
      {notice}
      {children}
    </div>
  );
}
