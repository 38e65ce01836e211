export const openApiPath: string;
export const outputPath: string;
export function typeOf(schema: Record<string, unknown>): string;
export function render(openApi: Record<string, unknown>): string;
