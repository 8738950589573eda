/** Draws a text as a QR code (ISO/IEC 18004): an SVG path in modules, and how many modules wide it is. */
export async function qrPath(text: string): Promise<{ readonly size: number; readonly path: string }> {
  const { default: encodeQR } = await import("qr");
  const modules = encodeQR(text, "raw", { ecc: "medium", border: 4 });
  const rows = modules.map((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")).join(""));
  return { size: modules.length, path: rows.join("") };
}
