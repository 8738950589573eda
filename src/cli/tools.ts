/** Works with what a command has opened, and always closes it. */
export async function withTools<T extends { close(): Promise<void> }, R>(
  opening: Promise<T>,
  act: (tools: T) => Promise<R>,
): Promise<R> {
  const tools = await opening;
  try {
    return await act(tools);
  } finally {
    await tools.close();
  }
}
