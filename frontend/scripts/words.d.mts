import type { Plugin } from 'vite';

export const laterSections: Record<string, string[]>;
export function pickWords(words: object, part: 'first' | 'later'): Record<string, Record<string, unknown>>;
export function splitWords(): Plugin;
