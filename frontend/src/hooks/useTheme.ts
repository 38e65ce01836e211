import { create } from 'zustand';

export type ThemeChoice = 'light' | 'dark' | 'system';

/** The same key and rule as public/start.js, which sets it before the first paint. */
const storageKey = 'portal.theme';

function storedChoice(): ThemeChoice {
  try {
    const value = localStorage.getItem(storageKey);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

function apply(choice: ThemeChoice): void {
  const isDark =
    choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
  document.documentElement.style.colorScheme = isDark ? 'dark' : 'light';
}

interface ThemeState {
  choice: ThemeChoice;
  choose: (choice: ThemeChoice) => void;
}

export const useTheme = create<ThemeState>((set) => ({
  choice: storedChoice(),
  choose: (choice) => {
    try {
      localStorage.setItem(storageKey, choice);
    } catch {
      // It holds for this visit.
    }
    apply(choice);
    set({ choice });
  },
}));

/** Follow the system while "system" is chosen. Call once. */
export function watchSystemTheme(): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    apply(useTheme.getState().choice),
  );
}
