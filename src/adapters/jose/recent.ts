/** Recent results by their texts. The oldest is dropped first. */
export interface Recent<T> {
  get(text: string): T | undefined;
  add(text: string, value: T): void;
}

export function createRecent<T>(most: number): Recent<T> {
  const values = new Map<string, T>();
  return {
    get: (text) => values.get(text),
    add(text, value) {
      const [oldest] = values.size < most ? [] : values.keys();
      if (oldest !== undefined) values.delete(oldest);
      values.set(text, value);
    },
  };
}
