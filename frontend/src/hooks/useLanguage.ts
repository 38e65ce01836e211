import { create } from 'zustand';
import { type Language, languages, matchLanguage, showLanguage } from '@/lib/i18n';
import { readStored, writeStored } from '@/lib/storage';

export type LanguageChoice = Language | 'system';

const wantedBy = (choice: LanguageChoice): Language =>
  choice === 'system' ? matchLanguage(navigator.languages) : choice;

function storedChoice(): LanguageChoice {
  const stored = readStored<string>('language', 'system');
  return languages.find((language) => language === stored) ?? 'system';
}

interface LanguageState {
  choice: LanguageChoice;
  choose: (choice: LanguageChoice) => void;
}

export const useLanguage = create<LanguageState>((set) => ({
  choice: storedChoice(),
  choose: (choice) => {
    writeStored('language', choice === 'system' ? null : choice);
    set({ choice });
    void showLanguage(wantedBy(choice));
  },
}));

/** Show the chosen language, and follow the system's while that is the choice. Call once, before the first drawing. */
export function startLanguage(): Promise<void> {
  const show = () => showLanguage(wantedBy(useLanguage.getState().choice));
  window.addEventListener('languagechange', () => void show());
  return show();
}
