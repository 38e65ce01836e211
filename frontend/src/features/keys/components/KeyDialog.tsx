import { zodResolver } from '@hookform/resolvers/zod';
import { useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Field, inputStyle } from '@/components/ui/Field';
import { FormDialog } from '@/components/ui/FormDialog';
import type { ApiKey } from '@/lib/contracts';
import { createKey, keysQuery, updateKey } from '../api/keys';
import {
  emptyKeyForm,
  fromKey,
  type KeyForm,
  keyForm,
  lifetimes,
  periods,
  toKeyCreate,
  toKeyUpdate,
} from '../model/form';
import { ModelChoice } from './ModelChoice';

interface KeyDialogProps {
  /** The key to change; without one a new key is made. */
  apiKey?: ApiKey;
  currency: string;
  onClose: () => void;
  onCreated?: (key: string) => void;
}

export function KeyDialog({ apiKey, currency, onClose, onCreated }: KeyDialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { register, handleSubmit, formState, setValue, watch } = useForm<KeyForm>({
    resolver: zodResolver(keyForm),
    defaultValues: apiKey ? fromKey(apiKey) : emptyKeyForm,
  });
  const { errors } = formState;
  const save = handleSubmit(async (form) => {
    if (apiKey) await updateKey(apiKey.id, toKeyUpdate(form, new Date()));
    else onCreated?.((await createKey(toKeyCreate(form, new Date()))).key);
    void client.invalidateQueries({ queryKey: keysQuery.queryKey });
    if (apiKey) onClose();
  });
  const messageOf = (key: string | undefined) => key && t(key);
  const choices = apiKey ? (['keep', ...lifetimes] as const) : lifetimes;
  return (
    <FormDialog
      title={apiKey ? t('keys.changeOf', { name: apiKey.name }) : t('keys.create')}
      description={t(apiKey ? 'keys.changeHint' : 'keys.createHint')}
      submitLabel={t(apiKey ? 'common.save' : 'keys.createSubmit')}
      onSubmit={save}
      onClose={onClose}
    >
      <Field
        label={t('keys.name')}
        placeholder={t('keys.namePlaceholder')}
        autoComplete="off"
        error={messageOf(errors.name?.message)}
        {...register('name')}
      />
      <label className="block space-y-1.5">
        <span className="block font-medium text-sm">{t('keys.expires')}</span>
        <select className={inputStyle} {...register('lifetime')}>
          {choices.map((lifetime) => (
            <option key={lifetime} value={lifetime}>
              {lifetime === 'never' || lifetime === 'keep'
                ? t(`keys.${lifetime}`)
                : t('keys.days', { count: Number(lifetime) })}
            </option>
          ))}
        </select>
      </label>
      <div className="grid gap-4 sm:grid-cols-2">
        {(['requestsPerMinute', 'tokensPerMinute'] as const).map((name) => (
          <Field
            key={name}
            label={t(`keys.${name}`)}
            inputMode="numeric"
            placeholder={t('keys.unlimited')}
            error={messageOf(errors[name]?.message)}
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
              error={messageOf(errors.budget?.[period]?.message)}
              {...register(`budget.${period}`)}
            />
          ))}
        </div>
      </fieldset>
      <ModelChoice
        chosen={watch('models')}
        onChange={(models) => setValue('models', models, { shouldDirty: true })}
      />
    </FormDialog>
  );
}
