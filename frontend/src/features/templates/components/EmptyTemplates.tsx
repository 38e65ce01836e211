import { Link } from '@tanstack/react-router';
import { Gamepad2, GraduationCap, ListChecks } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { starterKeys } from '../model/starters';

const icons = { review: ListChecks, game: Gamepad2, tutor: GraduationCap };

/** What a template is, and three to begin with. */
export function EmptyTemplates() {
  const { t } = useTranslation();
  return (
    <div data-testid="templates-empty" className="rounded-2xl border border-dashed px-5 py-7 sm:px-7">
      <p className="font-medium">{t('templates.emptyTitle')}</p>
      <p className="mt-0.5 max-w-xl text-muted-foreground text-sm">
        {t('templates.emptyText', { example: '{{name}}' })}
      </p>
      <ul className="mt-5 grid gap-2.5 sm:grid-cols-3">
        {starterKeys.map((key) => {
          const Icon = icons[key];
          return (
            <li key={key}>
              <Link
                to="/templates/new"
                search={{ from: key }}
                className="flex h-full items-start gap-3 rounded-2xl border bg-surface px-4 py-3.5 transition-colors duration-100 hover:border-input hover:bg-accent sm:flex-col"
              >
                <Icon size={19} className="mt-0.5 shrink-0 text-primary" aria-hidden />
                <span>
                  <span className="block font-medium text-sm">{t(`templates.starters.${key}.title`)}</span>
                  <span className="mt-0.5 block text-[13px] text-muted-foreground leading-snug">
                    {t(`templates.starters.${key}.description`)}
                  </span>
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
