import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import type { AdminUserRead } from '@/lib/apiSchemas';
import { setLimits } from '../api/admin';

interface LimitsDialogProps {
  person: AdminUserRead;
  onClose: () => void;
  onSet: () => void;
}

const whole = /^\d*$/;
const amount = /^(\d+([.,]\d{1,9})?)?$/;
const fields = [
  { name: 'requests', label: 'admin.limits.requests', pattern: whole },
  { name: 'tokens', label: 'admin.limits.tokens', pattern: whole },
  { name: 'day', label: 'admin.limits.day', pattern: amount },
  { name: 'month', label: 'admin.limits.month', pattern: amount },
  { name: 'total', label: 'admin.limits.total', pattern: amount },
] as const;
type Name = (typeof fields)[number]['name'];

const textOf = (value: number | null | undefined) =>
  value === null || value === undefined ? '' : String(value);
const numberOf = (text: string) => (text.trim() === '' ? null : Number(text.replace(',', '.')));

/** What a person may use over all their keys and the page; empty is no limit. */
export function LimitsDialog({ person, onClose, onSet }: LimitsDialogProps) {
  const { t } = useTranslation();
  const [texts, setTexts] = useState<Record<Name, string>>({
    requests: textOf(person.requests_per_minute),
    tokens: textOf(person.tokens_per_minute),
    day: textOf(person.budget?.day),
    month: textOf(person.budget?.month),
    total: textOf(person.budget?.total),
  });
  const isWrong = ({ name, pattern }: (typeof fields)[number]) => !pattern.test(texts[name].trim());

  async function save() {
    const budget = { day: numberOf(texts.day), month: numberOf(texts.month), total: numberOf(texts.total) };
    await setLimits(person.id, {
      requests_per_minute: numberOf(texts.requests) || null,
      tokens_per_minute: numberOf(texts.tokens) || null,
      budget: Object.values(budget).some((value) => value !== null) ? budget : null,
    });
    onSet();
    onClose();
  }
  return (
    <FormDialog
      title={t('admin.limits.of', { email: person.email })}
      description={t('admin.limits.hint')}
      submitLabel={t('common.save')}
      isReady={!fields.some(isWrong)}
      onSubmit={save}
      onClose={onClose}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        {fields.map((field) => (
          <Field
            key={field.name}
            label={t(field.label)}
            inputMode={field.pattern === whole ? 'numeric' : 'decimal'}
            autoComplete="off"
            placeholder="–"
            value={texts[field.name]}
            error={isWrong(field) ? t('admin.priceInvalid') : undefined}
            onChange={(event) => setTexts({ ...texts, [field.name]: event.target.value })}
          />
        ))}
      </div>
    </FormDialog>
  );
}
