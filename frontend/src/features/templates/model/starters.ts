/** Templates to begin with; what they say comes from the locale, so that it is in the person's language. */
export const starterKeys = ['review', 'game', 'tutor'] as const;
export type StarterKey = (typeof starterKeys)[number];

export const isStarterKey = (key: unknown): key is StarterKey =>
  typeof key === 'string' && (starterKeys as readonly string[]).includes(key);
