import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { Field } from '@/components/ui/Field';
import { periods } from '@/lib/limitFields';

type LimitName = 'requestsPerMinute' | 'tokensPerMinute' | `budget.${(typeof periods)[number]}`;

interface LimitFieldsProps {
  currency: string;
  /** What ties a field to its form. */
  register: (name: LimitName) => Omit<ComponentProps<typeof Field>, 'label'>;
}

/** Requests and tokens a minute, and a budget by period. */
export function LimitFields({ currency, register }: LimitFieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        {(['requestsPerMinute', 'tokensPerMinute'] as const).map((name) => (
          <Field
            key={name}
            label={t(`keys.${name}`)}
            inputMode="numeric"
            autoComplete="off"
            placeholder={t('keys.unlimited')}
            {...register(name)}
          />
        ))}
      </div>
      <fieldset>
        <legend className="font-medium text-sm">{t('keys.budget', { currency })}</legend>
        <p className="mt-0.5 mb-2 text-[13px] text-muted-foreground">{t('keys.budgetHint')}</p>
        <div className="grid grid-cols-3 gap-3">
          {periods.map((period) => (
            <Field
              key={period}
              label={t(`keys.period.${period}`)}
              inputMode="decimal"
              autoComplete="off"
              placeholder="–"
              {...register(`budget.${period}`)}
            />
          ))}
        </div>
      </fieldset>
    </>
  );
}
