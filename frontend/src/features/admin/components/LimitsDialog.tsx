import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Field } from '@/components/ui/Field';
import { Notice } from '@/components/ui/Notice';
import { useErrorText } from '@/hooks/useErrorText';
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
  const errorText = useErrorText();
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [texts, setTexts] = useState<Record<Name, string>>({
    requests: textOf(person.requests_per_minute),
    tokens: textOf(person.tokens_per_minute),
    day: textOf(person.budget?.day),
    month: textOf(person.budget?.month),
    total: textOf(person.budget?.total),
  });
  const isWrong = ({ name, pattern }: (typeof fields)[number]) => !pattern.test(texts[name].trim());

  async function submit(event: FormEvent) {
    event.preventDefault();
    setIsBusy(true);
    setFailure(null);
    const budget = { day: numberOf(texts.day), month: numberOf(texts.month), total: numberOf(texts.total) };
    try {
      await setLimits(person.id, {
        requests_per_minute: numberOf(texts.requests) || null,
        tokens_per_minute: numberOf(texts.tokens) || null,
        budget: Object.values(budget).some((value) => value !== null) ? budget : null,
      });
      onSet();
      onClose();
    } catch (error) {
      setFailure(error);
      setIsBusy(false);
    }
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('admin.limits.of', { email: person.email })}
      description={t('admin.limits.hint')}
    >
      <form onSubmit={(event) => void submit(event)} className="flex min-h-0 flex-col">
        <DialogBody className="space-y-4">
          {failure !== null && (
            <Notice tone="error" role="alert">
              {errorText(failure)}
            </Notice>
          )}
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
        </DialogBody>
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" isBusy={isBusy} disabled={fields.some(isWrong)}>
            {t('common.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
