import type { PropsWithChildren } from "hono/jsx";

/** The mark: a message with a keyhole in it. */
export function BrandMark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
      <rect class="mark-ground" width="32" height="32" rx="9" />
      <path
        class="mark-key"
        fill-rule="evenodd"
        d="M10 6.5h12a4.5 4.5 0 0 1 4.5 4.5v7.5a4.5 4.5 0 0 1-4.5 4.5h-6.5l-5 4.2c-.6.5-1.5.1-1.5-.7V23a4.5 4.5 0 0 1-3.5-4.5V11A4.5 4.5 0 0 1 10 6.5Zm6 3.7a2.9 2.9 0 0 0-1.5 5.4l-.7 3.2c-.1.5.2.9.7.9h3c.5 0 .8-.4.7-.9l-.7-3.2A2.9 2.9 0 0 0 16 10.2Z"
      />
    </svg>
  );
}

function Icon({ children }: PropsWithChildren) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export function AlertIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7.5v5M12 16.2v.1" />
    </Icon>
  );
}

export function LockIcon() {
  return (
    <Icon>
      <rect x="5" y="10.5" width="14" height="9.5" rx="2.5" />
      <path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5" />
    </Icon>
  );
}

/** An eye, struck through while what it is about is hidden. */
export function EyeIcon() {
  return (
    <Icon>
      <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
      <circle cx="12" cy="12" r="3" />
      <path class="strike" d="m4 4 16 16" />
    </Icon>
  );
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="m5 12.5 4.5 4.5L19 7.5" />
    </Icon>
  );
}

export function OutwardIcon() {
  return (
    <Icon>
      <path d="M9 6.5h8.5V15M17 7 6.5 17.5" />
    </Icon>
  );
}

export function BubbleIcon() {
  return (
    <Icon>
      <path d="M7 5h10a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3h-5l-4.5 3.2V17H7a3 3 0 0 1-3-3V8a3 3 0 0 1 3-3Z" />
    </Icon>
  );
}

const HANDHELD = /ios|iphone|ipad|android|phone|mobile|harmony|手机|tablet/i;

/** A phone or a computer, by what the device calls itself. */
export function DeviceIcon({ device }: { readonly device: string }) {
  if (HANDHELD.test(device)) {
    return (
      <Icon>
        <rect x="7" y="3" width="10" height="18" rx="2.5" />
        <path d="M11 17.8h2" />
      </Icon>
    );
  }
  return (
    <Icon>
      <rect x="4" y="5" width="16" height="10.5" rx="2" />
      <path d="M2.5 19h19" />
    </Icon>
  );
}
