/** Formulas: a chunk of its own, fetched with the first `$$`. */
import 'katex/dist/katex.min.css';
import { createMathPlugin } from '@streamdown/math';

export const mathPlugins = { math: createMathPlugin({ singleDollarTextMath: false }) };
