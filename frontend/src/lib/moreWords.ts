/** The English words that the first screen does not need. What is fetched later and says one of them imports this. */
import later from 'virtual:words/later';
import { i18next } from './i18n';

i18next.addResourceBundle('en', 'translation', later, true);
