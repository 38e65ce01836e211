import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Logo } from '@/components/ui/Logo';
import { Toaster } from '@/components/ui/Toaster';
import { TooltipLayer } from '@/components/ui/TooltipLayer';
import { restoreSession, useAuthSession } from '@/lib/authSession';
import { queryClient } from '@/lib/queryClient';
import { router } from './router';

export function App() {
  const status = useAuthSession((state) => state.status);
  const mustChange = useAuthSession((state) => state.user?.must_change_password);
  // Signing in or out, and a new password, decide anew which page may be seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the two are the reason, not the means
  useEffect(() => {
    if (status !== 'loading' && status !== 'unreachable') void router.invalidate();
  }, [status, mustChange]);
  if (status === 'loading') return null;
  if (status === 'unreachable') return <Unreachable />;
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toaster />
      <TooltipLayer />
    </QueryClientProvider>
  );
}

function Unreachable() {
  const { t } = useTranslation();
  useEffect(() => {
    const again = () => void restoreSession();
    const timer = setInterval(again, 5000);
    window.addEventListener('online', again);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', again);
    };
  }, []);
  return (
    <main className="mx-auto max-w-sm px-6 pt-[20dvh]">
      <Logo size={40} />
      <h1 className="mt-5 font-semibold text-xl">{t('unreachable.title')}</h1>
      <p className="mt-1 mb-5 text-muted-foreground">{t('unreachable.text')}</p>
      <Button variant="outline" onClick={() => void restoreSession()}>
        {t('common.retry')}
      </Button>
    </main>
  );
}
