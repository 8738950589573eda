import encodeQR from "qr";

/** A QR code as an SVG path in modules, and how many modules wide it is, its quiet zone of four included. */
export interface QrPath {
  readonly size: number;
  readonly path: string;
}

/** Draws a text as a QR code (ISO/IEC 18004) of medium error correction. */
export function qrPath(text: string): QrPath {
  const modules = encodeQR(text, "raw", { ecc: "medium", border: 4 });
  const rows = modules.map((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")).join(""));
  return { size: modules.length, path: rows.join("") };
}
