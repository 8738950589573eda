export function heapBytes(): number;
