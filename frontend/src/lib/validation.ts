/** zod, told not to compile its checks with `new Function`, which the page's security policy forbids. */
import { z } from 'zod';

z.config({ jitless: true });

export { z };
