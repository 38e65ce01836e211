/** What the page takes from shiki in place of its full bundle (see the alias in vite.config.ts). */
import { createBundledHighlighter } from 'shiki/core';
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript';

const languages = {
  bash: {
    load: () => import('shiki/langs/bash.mjs'),
    aliases: ['sh', 'shell', 'zsh', 'shellscript', 'console'],
  },
  c: { load: () => import('shiki/langs/c.mjs'), aliases: ['h'] },
  cpp: { load: () => import('shiki/langs/cpp.mjs'), aliases: ['c++', 'cc', 'hpp'] },
  csharp: { load: () => import('shiki/langs/csharp.mjs'), aliases: ['cs', 'c#'] },
  css: { load: () => import('shiki/langs/css.mjs'), aliases: [] },
  diff: { load: () => import('shiki/langs/diff.mjs'), aliases: ['patch'] },
  docker: { load: () => import('shiki/langs/docker.mjs'), aliases: ['dockerfile'] },
  gdscript: { load: () => import('shiki/langs/gdscript.mjs'), aliases: ['gd'] },
  glsl: { load: () => import('shiki/langs/glsl.mjs'), aliases: ['shader'] },
  go: { load: () => import('shiki/langs/go.mjs'), aliases: ['golang'] },
  html: { load: () => import('shiki/langs/html.mjs'), aliases: [] },
  ini: { load: () => import('shiki/langs/ini.mjs'), aliases: ['properties', 'conf', 'env', 'dotenv'] },
  java: { load: () => import('shiki/langs/java.mjs'), aliases: [] },
  javascript: { load: () => import('shiki/langs/javascript.mjs'), aliases: ['js', 'mjs', 'cjs'] },
  json: { load: () => import('shiki/langs/json.mjs'), aliases: ['jsonc', 'json5'] },
  jsx: { load: () => import('shiki/langs/jsx.mjs'), aliases: [] },
  kotlin: { load: () => import('shiki/langs/kotlin.mjs'), aliases: ['kt'] },
  latex: { load: () => import('shiki/langs/latex.mjs'), aliases: ['tex'] },
  lua: { load: () => import('shiki/langs/lua.mjs'), aliases: [] },
  make: { load: () => import('shiki/langs/make.mjs'), aliases: ['makefile'] },
  markdown: { load: () => import('shiki/langs/markdown.mjs'), aliases: ['md'] },
  nginx: { load: () => import('shiki/langs/nginx.mjs'), aliases: [] },
  php: { load: () => import('shiki/langs/php.mjs'), aliases: [] },
  powershell: { load: () => import('shiki/langs/powershell.mjs'), aliases: ['ps1', 'pwsh'] },
  python: { load: () => import('shiki/langs/python.mjs'), aliases: ['py', 'python3'] },
  r: { load: () => import('shiki/langs/r.mjs'), aliases: [] },
  ruby: { load: () => import('shiki/langs/ruby.mjs'), aliases: ['rb'] },
  rust: { load: () => import('shiki/langs/rust.mjs'), aliases: ['rs'] },
  sql: { load: () => import('shiki/langs/sql.mjs'), aliases: ['postgres', 'sqlite'] },
  swift: { load: () => import('shiki/langs/swift.mjs'), aliases: [] },
  toml: { load: () => import('shiki/langs/toml.mjs'), aliases: [] },
  tsx: { load: () => import('shiki/langs/tsx.mjs'), aliases: [] },
  typescript: { load: () => import('shiki/langs/typescript.mjs'), aliases: ['ts', 'mts'] },
  xml: { load: () => import('shiki/langs/xml.mjs'), aliases: ['svg'] },
  yaml: { load: () => import('shiki/langs/yaml.mjs'), aliases: ['yml'] },
};

export const bundledLanguagesInfo = Object.entries(languages).map(([id, { aliases, load }]) => ({
  id,
  name: id,
  aliases,
  import: load,
}));

export const bundledLanguages = Object.fromEntries(
  Object.entries(languages).flatMap(([id, { aliases, load }]) =>
    [id, ...aliases].map((name) => [name, load]),
  ),
);

export const bundledThemes = {
  'github-light-high-contrast': () => import('shiki/themes/github-light-high-contrast.mjs'),
  'github-dark-default': () => import('shiki/themes/github-dark-default.mjs'),
};

export const createHighlighter = createBundledHighlighter({
  langs: bundledLanguages,
  themes: bundledThemes,
  engine: () => createJavaScriptRegexEngine({ forgiving: true }),
});
