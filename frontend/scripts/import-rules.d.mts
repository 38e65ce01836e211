export function checkImports(sourceFolder: string): Promise<string[]>;
export function resolveImport(from: string, specifier: string): string | null;
