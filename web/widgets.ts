/** The outcomes of a challenge that a third party's widget shows. */
export interface WidgetEvents {
  /** @param captcha the API's `captcha` without its kind */
  readonly solved: (captcha: object) => void;
  readonly failed: () => void;
  readonly expired: () => void;
}

type Show = (place: HTMLElement, siteKey: string, events: WidgetEvents) => void;

interface Widget {
  readonly script: string;
  readonly show: Show;
}

/** The options that Turnstile and hCaptcha have in common. */
interface RenderOptions {
  readonly sitekey: string;
  readonly theme: string;
  readonly callback: (token: string) => void;
  readonly "error-callback": () => void;
  readonly "expired-callback": () => void;
}

interface TencentResult {
  /** 0 solved, 2 closed by the person. */
  readonly ret: number;
  readonly ticket?: string;
  readonly randstr?: string;
}

type TencentCaptcha = new (
  appId: string,
  callback: (result: TencentResult) => void,
  options: object,
) => { show(): void };

/** What the services' scripts put into the window. */
declare global {
  interface Window {
    turnstile?: { render(place: HTMLElement, options: RenderOptions): void };
    hcaptcha?: { render(place: HTMLElement, options: RenderOptions): void };
    TencentCaptcha?: TencentCaptcha;
    phonekeyWidgetReady?: () => void;
  }
}

const LANGUAGE = document.documentElement.lang;
const IS_DARK = matchMedia("(prefers-color-scheme: dark)").matches;

function optionsFor(siteKey: string, { solved, failed, expired }: WidgetEvents): RenderOptions {
  return {
    sitekey: siteKey,
    theme: IS_DARK ? "dark" : "light",
    callback: (token) => solved({ token }),
    "error-callback": failed,
    "expired-callback": expired,
  };
}

const showTencent: Show = (place, siteKey, { solved, failed }) => {
  const { TencentCaptcha: Captcha } = window;
  if (!Captcha) {
    failed();
    return;
  }
  const answer = ({ ret, ticket, randstr }: TencentResult) => {
    if (ret === 0 && ticket && randstr) solved({ ticket, randstr });
    else if (ret !== 2) failed();
  };
  const options = { userLanguage: LANGUAGE.toLowerCase(), enableDarkMode: IS_DARK };
  const captcha = new Captcha(siteKey, answer, options);
  // It opens a window of its own, which a person may close again.
  const open = document.createElement("button");
  open.type = "button";
  open.className = "button button-quiet";
  open.textContent = place.dataset.open ?? "";
  open.addEventListener("click", () => captcha.show());
  place.append(open);
  captcha.show();
};

const WIDGETS: Readonly<Record<string, Widget>> = {
  turnstile: {
    script:
      "https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit&onload=phonekeyWidgetReady",
    show: (place, siteKey, events) => window.turnstile?.render(place, optionsFor(siteKey, events)),
  },
  hcaptcha: {
    script: `https://js.hcaptcha.com/1/api.js?render=explicit&onload=phonekeyWidgetReady&hl=${LANGUAGE}`,
    show: (place, siteKey, events) => window.hcaptcha?.render(place, optionsFor(siteKey, events)),
  },
  tencent: { script: "https://turing.captcha.qcloud.com/TJCaptcha.js", show: showTencent },
};

/** Loads a service's script and shows its widget. A script that does not load counts as a failure. */
export function showWidget(kind: string, place: HTMLElement, siteKey: string, events: WidgetEvents): void {
  const widget = WIDGETS[kind];
  if (!widget) {
    events.failed();
    return;
  }
  const ready = () => widget.show(place, siteKey, events);
  const script = document.createElement("script");
  script.src = widget.script;
  script.addEventListener("error", events.failed);
  if (widget.script.includes("onload=")) window.phonekeyWidgetReady = ready;
  else script.addEventListener("load", ready);
  document.head.append(script);
}
