import { type ClassValue, clsx } from 'clsx';

/** Join class names. Two that contradict each other are a mistake of the caller: mark the stronger one with `!`. */
export const cn = (...classes: ClassValue[]): string => clsx(classes);
