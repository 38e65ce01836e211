import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/Button';
import { Dialog, DialogActions, DialogBody } from '@/components/ui/Dialog';
import { Field } from '@/components/ui/Field';
import type { PriceDefinition } from '@/lib/apiSchemas';

interface PriceDialogProps {
  name: string;
  price: PriceDefinition | null | undefined;
  onClose: () => void;
  onSet: (price: PriceDefinition | null) => void;
}

const amount = /^(\d+([.,]\d{1,9})?)?$/;
const numberOf = (text: string) => (text.trim() === '' ? null : Number(text.replace(',', '.')));
const textOf = (value: number | null | undefined) => (value ? String(value) : '');

/** What a million tokens cost; all of it empty is no price. */
export function PriceDialog({ name, price, onClose, onSet }: PriceDialogProps) {
  const { t } = useTranslation();
  const [input, setInput] = useState(textOf(price?.input));
  const [output, setOutput] = useState(textOf(price?.output));
  const [cached, setCached] = useState(price?.cached === 0 ? '0' : textOf(price?.cached));
  const fields = [
    { label: t('admin.priceInput'), value: input, set: setInput },
    { label: t('admin.priceOutput'), value: output, set: setOutput },
    { label: t('admin.priceCached'), value: cached, set: setCached },
  ];
  const isWrong = (text: string) => !amount.test(text.trim());

  function submit(event: FormEvent) {
    event.preventDefault();
    const isEmpty = fields.every(({ value }) => value.trim() === '');
    onSet(
      isEmpty
        ? null
        : { input: numberOf(input) ?? 0, output: numberOf(output) ?? 0, cached: numberOf(cached) },
    );
  }
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={t('admin.priceOf', { model: name })}
      description={t('admin.priceHint')}
    >
      <form onSubmit={submit} className="flex min-h-0 flex-col">
        <DialogBody>
          <div className="grid gap-4 sm:grid-cols-3">
            {fields.map(({ label, value, set }) => (
              <Field
                key={label}
                label={label}
                inputMode="decimal"
                autoComplete="off"
                value={value}
                error={isWrong(value) ? t('admin.priceInvalid') : undefined}
                onChange={(event) => set(event.target.value)}
              />
            ))}
          </div>
        </DialogBody>
        <DialogActions>
          <Button variant="ghost" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" disabled={fields.some(({ value }) => isWrong(value))}>
            {t('common.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
