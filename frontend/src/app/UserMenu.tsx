import { useNavigate } from '@tanstack/react-router';
import {
  Activity,
  Archive,
  ChevronsUpDown,
  CircleHelp,
  Gamepad2,
  KeyRound,
  LogOut,
  Monitor,
  Moon,
  Radio,
  Settings,
  Sun,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Menu } from '@/components/ui/Menu';
import { closeDrawer, useShell } from '@/hooks/useShell';
import { type ThemeChoice, useTheme } from '@/hooks/useTheme';
import { signOut, useAuthSession } from '@/lib/authSession';

const nextTheme: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
const themeIcons = { system: Monitor, light: Sun, dark: Moon };

/** The person's own corner: keys, settings, theme, leaving. */
export function UserMenu() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const email = useAuthSession((state) => state.user?.email) ?? '';
  const { choice, choose } = useTheme();
  const ThemeIcon = themeIcons[choice];
  const isUser = useAuthSession((state) => state.user?.role) === 'user';
  const go = (to: '/admin' | '/archive' | '/devices' | '/keys' | '/playground' | '/settings') => {
    closeDrawer();
    void navigate({ to });
  };
  return (
    <Menu
      align="start"
      side="top"
      trigger={
        <button
          type="button"
          data-testid="user-menu"
          className="flex h-10 w-full items-center gap-2.5 rounded-lg px-2 text-left text-sm hover:bg-accent touch:h-12"
        >
          <span
            aria-hidden
            className="grid size-6.5 shrink-0 place-items-center rounded-full bg-primary-soft font-semibold text-primary text-xs uppercase"
          >
            {email.slice(0, 1)}
          </span>
          <span className="sr-only">{t('shell.account')}</span>
          <span className="min-w-0 flex-1 truncate">{email}</span>
          <ChevronsUpDown size={15} className="text-muted-foreground" aria-hidden />
        </button>
      }
      entries={[
        { icon: <KeyRound size={15} />, label: t('keys.title'), run: () => go('/keys') },
        { icon: <Radio size={15} />, label: t('devices.title'), run: () => go('/devices') },
        { icon: <Gamepad2 size={15} />, label: t('playground.title'), run: () => go('/playground') },
        { icon: <Archive size={15} />, label: t('archive.title'), run: () => go('/archive') },
        { icon: <Settings size={15} />, label: t('settings.title'), run: () => go('/settings') },
        ...(isUser
          ? []
          : [{ icon: <Activity size={15} />, label: t('admin.title'), run: () => go('/admin') }]),
        {
          icon: <ThemeIcon size={15} />,
          label: t('shell.theme', { name: t(`settings.themes.${choice}`) }),
          run: () => choose(nextTheme[choice]),
        },
        {
          icon: <CircleHelp size={15} />,
          label: t('help.title'),
          run: () => useShell.setState({ isHelpOpen: true }),
        },
        'separator',
        { icon: <LogOut size={15} />, label: t('auth.signOut'), run: () => void signOut() },
      ]}
    />
  );
}
