/// <reference types="vite/client" />

interface ImportMetaEnv {
  readonly VITE_API_BASE?: string;
}

declare module 'virtual:words/*' {
  const words: Record<string, Record<string, unknown>>;
  export default words;
}
