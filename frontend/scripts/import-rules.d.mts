export function checkImports(sourceFolder: string): Promise<string[]>;
