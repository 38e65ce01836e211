/** All words of the page. English comes with it (the first screen's; the rest by moreWords.ts); the other languages are fetched when they are wanted. */
import en from 'virtual:words/first';
import i18next, { type ResourceKey } from 'i18next';
import { initReactI18next } from 'react-i18next';

export const languages = ['en', 'de', 'zh'] as const;
export type Language = (typeof languages)[number];

/** What stands in the document's `lang`, and what dates and numbers go by. */
const tags: Record<Language, string> = { en: 'en', de: 'de', zh: 'zh-Hans' };

const loaders: Record<Exclude<Language, 'en'>, () => Promise<{ default: ResourceKey }>> = {
  de: () => import('@/locales/de.json'),
  zh: () => import('@/locales/zh.json'),
};

void i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false },
  initAsync: false,
});

/** The first of the wanted languages (as a browser lists them) that the page has; else English. */
export function matchLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const match = languages.find((language) => language === tag.toLowerCase().split('-')[0]);
    if (match) return match;
  }
  return 'en';
}

let lastWanted: Language = 'en';

/** Show the page in a language; one whose words cannot be fetched leaves it as it is. */
export async function showLanguage(language: Language): Promise<void> {
  lastWanted = language;
  if (language !== 'en' && !i18next.hasResourceBundle(language, 'translation')) {
    try {
      i18next.addResourceBundle(language, 'translation', (await loaders[language]()).default);
    } catch {
      return;
    }
  }
  if (lastWanted !== language) return;
  document.documentElement.lang = tags[language];
  await i18next.changeLanguage(language);
}

export { i18next };
