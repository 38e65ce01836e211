/** How long answers of this visit were thought about; the stored message does not say. */
const millisecondsById = new Map<string, number>();

export function rememberReasoning(messageId: string, milliseconds: number | null): void {
  if (milliseconds !== null) millisecondsById.set(messageId, milliseconds);
}

export const reasoningTime = (messageId: string): number | null => millisecondsById.get(messageId) ?? null;
