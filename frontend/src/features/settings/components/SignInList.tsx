import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Monitor, Smartphone } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Notice } from '@/components/ui/Notice';
import { Skeleton } from '@/components/ui/Skeleton';
import { useErrorText } from '@/hooks/useErrorText';
import { showToast } from '@/hooks/useToasts';
import type { SignIn } from '@/lib/contracts';
import { formatRelative } from '@/lib/format';
import { endSignIn, signInsQuery } from '../api/account';
import { describeUserAgent } from '../model/userAgent';

/** Where this account is signed in, and the means to end it there. */
export function SignInList() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const { data: signIns, error } = useQuery(signInsQuery);
  if (error) return <Notice tone="error">{errorText(error)}</Notice>;
  if (!signIns) return <Skeleton className="h-20" />;

  async function end(id: string) {
    try {
      await endSignIn(id);
      showToast(t('settings.signedOutThere'));
    } catch (failure) {
      showToast(errorText(failure));
    }
    void client.invalidateQueries({ queryKey: signInsQuery.queryKey });
  }
  return (
    <ul className="divide-y rounded-2xl border bg-surface">
      {signIns.map((signIn) => (
        <SignInRow key={signIn.id} signIn={signIn} onEnd={() => void end(signIn.id)} />
      ))}
    </ul>
  );
}

function SignInRow({ signIn, onEnd }: { signIn: SignIn; onEnd: () => void }) {
  const { t } = useTranslation();
  const { browser, system } = describeUserAgent(signIn.user_agent);
  const name =
    browser && system
      ? t('settings.browserOn', { browser, system })
      : (browser ?? t('settings.unknownDevice'));
  const Icon = system === 'iOS' || system === 'Android' ? Smartphone : Monitor;
  return (
    <li data-testid="sign-in-row" className="flex items-center gap-3.5 px-4 py-3">
      <Icon size={19} className="shrink-0 text-muted-foreground" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium text-sm">{name}</p>
        <p className="truncate text-[13px] text-muted-foreground tabular">
          {[signIn.ip, t('settings.lastUsed', { when: formatRelative(signIn.last_used_at) })]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      {signIn.is_current ? (
        <span className="whitespace-nowrap text-[13px] text-success">{t('settings.thisDevice')}</span>
      ) : (
        <Button variant="outline" size="sm" onClick={onEnd} aria-label={t('settings.signOutOf', { name })}>
          {t('auth.signOut')}
        </Button>
      )}
    </li>
  );
}
