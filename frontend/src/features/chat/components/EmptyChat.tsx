import { Link } from '@tanstack/react-router';
import { ArrowRight, Braces, Gamepad2, MessageCircleQuestion } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Logo } from '@/components/ui/Logo';

const starters = [
  { key: 'about', icon: MessageCircleQuestion },
  { key: 'code', icon: Braces },
  { key: 'game', icon: Gamepad2 },
] as const;

/** The first thing a person sees: three ways to begin, and where else the portal can be reached. */
export function EmptyChat({ onStart }: { onStart: (text: string) => void }) {
  const { t } = useTranslation();
  return (
    <div className="mx-auto flex min-h-full w-full max-w-reading flex-col justify-center px-4 py-8 sm:px-6">
      <div className="mb-7 flex items-center gap-3.5">
        <Logo size={38} />
        <div>
          <h1 className="font-semibold text-2xl leading-tight tracking-[-0.02em]">{t('empty.title')}</h1>
          <p className="text-muted-foreground">{t('empty.subtitle')}</p>
        </div>
      </div>
      <ul className="grid gap-2.5 sm:grid-cols-3">
        {starters.map(({ key, icon: Icon }) => (
          <li key={key}>
            <button
              type="button"
              data-testid={`starter-${key}`}
              onClick={() => onStart(t(`empty.${key}.prompt`))}
              className="flex h-full w-full items-start gap-3 rounded-2xl border bg-surface px-4 py-3.5 text-left transition-colors duration-100 hover:border-input hover:bg-accent sm:flex-col"
            >
              <Icon size={19} className="mt-0.5 shrink-0 text-primary" aria-hidden />
              <span>
                <span className="block font-medium text-sm">{t(`empty.${key}.title`)}</span>
                <span className="mt-0.5 block text-[13px] text-muted-foreground leading-snug">
                  {t(`empty.${key}.prompt`)}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className="mt-5 text-[13px] text-muted-foreground">
        {t('empty.api')}{' '}
        <Link to="/keys" className="inline-flex items-center gap-1 text-primary underline underline-offset-4">
          {t('empty.apiLink')}
          <ArrowRight size={13} aria-hidden />
        </Link>
      </p>
    </div>
  );
}
