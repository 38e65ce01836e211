/** What the form of a key accepts, and what it becomes. */
import type { Budget, KeyUpdate } from '@/lib/apiSchemas';
import type { ApiKey, ApiKeyCreate } from '@/lib/contracts';
import { z } from '@/lib/validation';

export const lifetimes = ['never', '30', '90', '365'] as const;
/** `keep` leaves the expiry of a key that is changed as it is. */
export type Lifetime = (typeof lifetimes)[number] | 'keep';

export const periods = ['day', 'month', 'total'] as const;

const limit = z.string().regex(/^\d*$/, 'keys.limitInvalid');
const money = z
  .string()
  .trim()
  .regex(/^(\d+([.,]\d{1,9})?)?$/, 'keys.moneyInvalid');

export const keyForm = z.object({
  name: z.string().trim().min(1, 'keys.nameMissing').max(100),
  lifetime: z.enum([...lifetimes, 'keep']),
  requestsPerMinute: limit,
  tokensPerMinute: limit,
  budget: z.object({ day: money, month: money, total: money }),
  /** Nothing: every model. */
  models: z.array(z.string()),
});

export type KeyForm = z.infer<typeof keyForm>;

export const emptyKeyForm: KeyForm = {
  name: '',
  lifetime: 'never',
  requestsPerMinute: '',
  tokensPerMinute: '',
  budget: { day: '', month: '', total: '' },
  models: [],
};

export function fromKey(key: ApiKey): KeyForm {
  const text = (value: number | null | undefined) =>
    value === null || value === undefined ? '' : String(value);
  return {
    name: key.name,
    lifetime: 'keep',
    requestsPerMinute: text(key.requests_per_minute),
    tokensPerMinute: text(key.tokens_per_minute),
    budget: {
      day: text(key.budget?.day),
      month: text(key.budget?.month),
      total: text(key.budget?.total),
    },
    models: key.allowed_models ?? [],
  };
}

const numberOf = (text: string) => (Number(text) > 0 ? Number(text) : null);

/** A budget of 0 is one: only what costs nothing may be asked. */
function moneyOf(text: string): number | null {
  return text.trim() === '' ? null : Number(text.replace(',', '.'));
}

function budgetOf(form: KeyForm): Budget | null {
  const budget = {
    day: moneyOf(form.budget.day),
    month: moneyOf(form.budget.month),
    total: moneyOf(form.budget.total),
  };
  return periods.some((period) => budget[period] !== null) ? budget : null;
}

/** What changes of a key that is there: everything that the form shows. */
export function toKeyUpdate(form: KeyForm, now: Date): KeyUpdate {
  const change: KeyUpdate = {
    name: form.name.trim(),
    allowed_models: form.models.length > 0 ? form.models : null,
    requests_per_minute: numberOf(form.requestsPerMinute),
    tokens_per_minute: numberOf(form.tokensPerMinute),
    budget: budgetOf(form),
  };
  if (form.lifetime === 'never') change.expires_at = null;
  else if (form.lifetime !== 'keep')
    change.expires_at = new Date(now.getTime() + Number(form.lifetime) * 86_400_000).toISOString();
  return change;
}

export function toKeyCreate(form: KeyForm, now: Date): ApiKeyCreate {
  return { scopes: ['chat', 'gateway'], ...toKeyUpdate(form, now), name: form.name.trim() };
}
