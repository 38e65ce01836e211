/** What the form for a new key accepts, and what it becomes. */
import type { ApiKeyCreate } from '@/lib/contracts';
import { z } from '@/lib/validation';

export const lifetimes = ['never', '30', '90', '365'] as const;
export type Lifetime = (typeof lifetimes)[number];

const limit = z.string().regex(/^\d*$/, 'keys.limitInvalid');

export const keyForm = z.object({
  name: z.string().trim().min(1, 'keys.nameMissing').max(100),
  lifetime: z.enum(lifetimes),
  requestsPerMinute: limit,
  tokensPerMinute: limit,
});

export type KeyForm = z.infer<typeof keyForm>;

export const emptyKeyForm: KeyForm = {
  name: '',
  lifetime: 'never',
  requestsPerMinute: '',
  tokensPerMinute: '',
};

export function toKeyCreate(form: KeyForm, now: Date): ApiKeyCreate {
  const key: ApiKeyCreate = { name: form.name.trim(), scopes: ['chat', 'gateway'] };
  if (form.lifetime !== 'never') {
    key.expires_at = new Date(now.getTime() + Number(form.lifetime) * 86_400_000).toISOString();
  }
  if (Number(form.requestsPerMinute) > 0) key.requests_per_minute = Number(form.requestsPerMinute);
  if (Number(form.tokensPerMinute) > 0) key.tokens_per_minute = Number(form.tokensPerMinute);
  return key;
}
