/** Which English words the first screen needs; the rest comes with the pages and dialogs that say them. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Sections that can wait, each with those of its words that cannot. `words.test.ts` finds what is listed wrongly. */
export const laterSections = {
  admin: ['title'],
  auth: ['signOut'],
  compare: ['open', 'title'],
  devices: ['title'],
  files: [],
  keys: ['title'],
  maze: [],
  models: ['choose', 'title'],
  playground: ['title'],
  projects: [],
  // English readers see the portal's own sentences, which say more.
  refusals: [],
  settings: ['themes', 'title'],
  share: [],
  shared: [],
  templates: ['inUse', 'stopUsing', 'title', 'useOne'],
};

/** `part` is `first` or `later`; a key is in one of the two. */
export function pickWords(words, part) {
  const picked = {};
  for (const [section, entries] of Object.entries(words)) {
    const early = laterSections[section];
    const own = Object.entries(entries).filter(
      ([key]) => (early === undefined || early.includes(key)) === (part === 'first'),
    );
    if (own.length > 0) picked[section] = Object.fromEntries(own);
  }
  return picked;
}

const source = fileURLToPath(new URL('../src/locales/en.json', import.meta.url));

/** Vite: `virtual:words/first` and `virtual:words/later` are the two parts of en.json. */
export function splitWords() {
  return {
    name: 'portal:split-words',
    resolveId: (id) => (id.startsWith('virtual:words/') ? `\0${id}` : null),
    async load(id) {
      if (!id.startsWith('\0virtual:words/')) return null;
      this.addWatchFile(source);
      const words = pickWords(JSON.parse(await readFile(source, 'utf8')), id.split('/').at(-1));
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(words))});`;
    },
  };
}
