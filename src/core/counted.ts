/**
 * How many of something there are, in English: `1 key`, `2 keys`.
 *
 * @param many what several are called, where that is not `one` with an s
 */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
