import { Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { PageFrame } from '@/components/ui/PageFrame';
import { Segmented } from '@/components/ui/Segmented';
import { type LanguageChoice, useLanguage } from '@/hooks/useLanguage';
import { type ThemeChoice, useTheme } from '@/hooks/useTheme';
import { useTitle } from '@/hooks/useTitle';
import { signOut, useAuthSession } from '@/lib/authSession';
import { formatDate } from '@/lib/format';
import { ConversationFiles } from './ConversationFiles';
import { DeleteAccount } from './DeleteAccount';
import { SettingsSection } from './SettingsSection';
import { SignInList } from './SignInList';

const themes: { value: ThemeChoice; icon: typeof Sun }[] = [
  { value: 'system', icon: Monitor },
  { value: 'light', icon: Sun },
  { value: 'dark', icon: Moon },
];

/** Each language by its own name, so that whoever wants it can read it. */
const languageNames: { value: LanguageChoice; name?: string; tag?: string }[] = [
  { value: 'system' },
  { value: 'en', name: 'English', tag: 'en' },
  { value: 'de', name: 'Deutsch', tag: 'de' },
  { value: 'zh', name: '中文', tag: 'zh-Hans' },
];

/** `passwordForm` is another feature's; the route puts the two together. */
export function SettingsPage({ passwordForm }: { passwordForm: ReactNode }) {
  const { t } = useTranslation();
  const user = useAuthSession((state) => state.user);
  const theme = useTheme();
  const language = useLanguage();
  useTitle(t('settings.title'));
  return (
    <PageFrame title={t('settings.title')}>
      <SettingsSection title={t('settings.profile')}>
        <div className="flex flex-wrap items-center gap-4 rounded-2xl border bg-surface px-4 py-3.5">
          <div className="min-w-0 flex-1">
            <p className="truncate font-medium" data-testid="profile-email">
              {user?.email}
            </p>
            <p className="text-[13px] text-muted-foreground">
              {user &&
                [
                  t(`settings.role.${user.role}`),
                  t('settings.since', { date: formatDate(user.created_at) }),
                ].join(' · ')}
            </p>
          </div>
          <Button variant="outline" size="sm" data-testid="sign-out" onClick={() => void signOut()}>
            {t('auth.signOut')}
          </Button>
        </div>
      </SettingsSection>
      <SettingsSection title={t('settings.appearance')}>
        <Segmented
          label={t('settings.theme')}
          value={theme.choice}
          onChange={theme.choose}
          options={themes.map(({ value, icon: Icon }) => ({
            value,
            label: (
              <>
                <Icon size={15} aria-hidden />
                {t(`settings.themes.${value}`)}
              </>
            ),
          }))}
        />
      </SettingsSection>
      <SettingsSection title={t('settings.language')}>
        <Segmented
          label={t('settings.language')}
          value={language.choice}
          onChange={language.choose}
          options={languageNames.map(({ value, name, tag }) => ({
            value,
            label: name ? <span lang={tag}>{name}</span> : t('settings.themes.system'),
          }))}
        />
      </SettingsSection>
      <SettingsSection title={t('files.title')} hint={t('files.hint')}>
        <ConversationFiles />
      </SettingsSection>
      <SettingsSection title={t('settings.signIns')} hint={t('settings.signInsHint')}>
        <SignInList />
      </SettingsSection>
      <SettingsSection title={t('auth.password')} hint={t('settings.passwordHint')}>
        <div className="max-w-sm">{passwordForm}</div>
      </SettingsSection>
      <SettingsSection title={t('settings.deleteAccount')} hint={t('settings.deleteAccountHint')}>
        <DeleteAccount />
      </SettingsSection>
    </PageFrame>
  );
}
