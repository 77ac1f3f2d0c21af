export interface Template {
  /** `%s` stands for each part, in order. */
  readonly text: string;
  /** Longest piece of somebody else's text that is repeated. */
  readonly maxEcho: number;
}

/** Fills a text of an error. Parts stay as they are, whatever is in them. */
export function fillTemplate({ text, maxEcho }: Template, parts: readonly (string | number)[]): string {
  let next = 0;
  return text.replaceAll('%s', () => {
    const part = String(parts[next++]);
    return part.length > maxEcho ? `${part.slice(0, maxEcho)}…` : part;
  });
}
