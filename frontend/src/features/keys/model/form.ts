/** What the form of a key accepts, and what it becomes. */
import type { KeyUpdate } from '@/lib/apiSchemas';
import type { ApiKey, ApiKeyCreate } from '@/lib/contracts';
import { limitFields, limitsForm, limitsOf } from '@/lib/limitFields';
import { z } from '@/lib/validation';

export const lifetimes = ['never', '30', '90', '365'] as const;
/** `keep` leaves the expiry of a key that is changed as it is. */
export type Lifetime = (typeof lifetimes)[number] | 'keep';

export const keyForm = z.object({
  name: z.string().trim().min(1, 'keys.nameMissing').max(100),
  lifetime: z.enum([...lifetimes, 'keep']),
  ...limitFields,
  /** Nothing: every model. */
  models: z.array(z.string()),
});

export type KeyForm = z.infer<typeof keyForm>;

export const emptyKeyForm: KeyForm = {
  name: '',
  lifetime: 'never',
  ...limitsForm({}),
  models: [],
};

export function fromKey(key: ApiKey): KeyForm {
  return {
    name: key.name,
    lifetime: 'keep',
    ...limitsForm(key),
    models: key.allowed_models ?? [],
  };
}

/** What changes of a key that is there: everything that the form shows. */
export function toKeyUpdate(form: KeyForm, now: Date): KeyUpdate {
  const change: KeyUpdate = {
    name: form.name.trim(),
    allowed_models: form.models.length > 0 ? form.models : null,
    ...limitsOf(form),
  };
  if (form.lifetime === 'never') change.expires_at = null;
  else if (form.lifetime !== 'keep')
    change.expires_at = new Date(now.getTime() + Number(form.lifetime) * 86_400_000).toISOString();
  return change;
}

export function toKeyCreate(form: KeyForm, now: Date): ApiKeyCreate {
  return { scopes: ['chat', 'gateway'], ...toKeyUpdate(form, now), name: form.name.trim() };
}
