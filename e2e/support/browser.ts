// What tests know of a browser, whichever protocol drives it.

export type BrowserName = "chromium" | "firefox" | "webkit";

export interface LaunchOptions {
  /** A folder for the profile, which stays when the browser closes. @default a fresh one on disk, removed on close */
  profile?: string;
  /** A window that keeps nothing on disk, as in private browsing. @default false; WebKitGTK knows no other */
  incognito?: boolean;
  /** Firefox's own settings, by their names in about:config. */
  preferences?: Record<string, string | number | boolean>;
  /** Whether a page that was left is kept as it is for the way back, which Playwright turns off in Chromium. @default false */
  backForwardCache?: boolean;
}

/** A browser with one storage profile that its tabs share. */
export interface Browser {
  readonly name: BrowserName;
  readonly version: string;
  /** Opens a tab. */
  open(url: string): Promise<Page>;
  close(): Promise<void>;
}

/** One tab. */
export interface Page {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /**
   * Goes back, as by the browser's button, and resolves when another page is there. Until then a script may go to the page that is put
   * away, which answers when it is come back to.
   */
  goBack(): Promise<void>;
  /** Runs a function in the page, with arguments that JSON can carry, and resolves with what it resolves with. */
  evaluate<R, A extends unknown[]>(run: (...args: A) => R | Promise<R>, ...args: A): Promise<R>;
  /** Clicks the first element that a CSS selector finds. */
  click(selector: string): Promise<void>;
  /** Replaces what a field contains, as by typing. */
  fill(selector: string, text: string): Promise<void>;
  /** Presses one key where the focus is, named as in KeyboardEvent.key. */
  press(key: "Enter" | "Escape" | "Tab" | " " | "Delete"): Promise<void>;
  screenshot(): Promise<Buffer>;
  /** Uncaught errors and console errors since the tab was opened; always empty in WebKit, whose protocol reports none. */
  readonly errors: string[];
  close(): Promise<void>;
}
