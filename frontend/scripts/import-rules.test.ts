// @vitest-environment node
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkImports } from './import-rules.mjs';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portal-imports-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function plant(path: string, text: string) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

test('a feature that imports another feature is found, by alias and by relative path', async () => {
  await plant('features/chat/a.ts', "import { x } from '@/features/auth/api/auth';\n");
  await plant('features/chat/components/b.tsx', "const y = import('../../keys/api/keys');\n");
  const problems = await checkImports(folder);
  expect(problems).toHaveLength(2);
  expect(problems.join()).toContain('feature chat may not import feature auth');
  expect(problems.join()).toContain('feature chat may not import feature keys');
});

test('a shared part that imports a feature, a feature that imports the app, and a use of the door are found', async () => {
  await plant('lib/a.ts', "import x from '@/features/chat/model/tree';\n");
  await plant('features/chat/b.ts', "import { router } from '@/app/router';\n");
  await plant('features/chat/c.ts', "import { llmAPI } from '@/api';\n");
  expect(await checkImports(folder)).toHaveLength(3);
});

test('what is allowed passes: downwards, within a feature, packages', async () => {
  await plant('features/chat/a.ts', "import x from './b';\nimport y from '@/lib/http';\nimport 'react';\n");
  await plant('routes/r.tsx', "import x from '@/features/chat/a';\n");
  await plant('app/s.tsx', "import x from '@/routes/r';\nimport '@/features/auth/z';\n");
  expect(await checkImports(folder)).toEqual([]);
});

test('a file of more than 250 lines is found', async () => {
  await plant('lib/long.ts', '// line\n'.repeat(251));
  expect(await checkImports(folder)).toEqual(['lib/long.ts: 251 lines, at most 250']);
});
