/** Limits as they stand in a form: texts, which are read when they are saved. Empty is no limit. */
import type { Budget } from './apiSchemas';
import { z } from './validation';

export const periods = ['day', 'month', 'total'] as const;

const limit = z.string().regex(/^\d*$/, 'keys.limitInvalid');
const money = z
  .string()
  .trim()
  .regex(/^(\d+([.,]\d{1,9})?)?$/, 'keys.moneyInvalid');

/** Part of the form of a key or a device. */
export const limitFields = {
  requestsPerMinute: limit,
  tokensPerMinute: limit,
  budget: z.object({ day: money, month: money, total: money }),
};

export interface LimitsForm {
  requestsPerMinute: string;
  tokensPerMinute: string;
  budget: Record<(typeof periods)[number], string>;
}

export interface Limits {
  requests_per_minute?: number | null;
  tokens_per_minute?: number | null;
  budget?: Budget | null;
}

const textOf = (value: number | null | undefined) => (value == null ? '' : String(value));
const numberOf = (text: string) => (Number(text) > 0 ? Number(text) : null);
/** A budget of 0 is one: only what costs nothing may be asked. */
const moneyOf = (text: string) => (text.trim() === '' ? null : Number(text.replace(',', '.')));

export function limitsForm(limits: Limits): LimitsForm {
  return {
    requestsPerMinute: textOf(limits.requests_per_minute),
    tokensPerMinute: textOf(limits.tokens_per_minute),
    budget: {
      day: textOf(limits.budget?.day),
      month: textOf(limits.budget?.month),
      total: textOf(limits.budget?.total),
    },
  };
}

export function limitsOf(form: LimitsForm): Required<Limits> {
  const { day, month, total } = form.budget;
  const budget = { day: moneyOf(day), month: moneyOf(month), total: moneyOf(total) };
  return {
    requests_per_minute: numberOf(form.requestsPerMinute),
    tokens_per_minute: numberOf(form.tokensPerMinute),
    budget: periods.some((period) => budget[period] !== null) ? budget : null,
  };
}
