/** Notes an error that was dealt with, for developers who look at the browser's console. */
export function report(what: string, cause: unknown): void {
  // oxlint-disable-next-line eslint/no-console -- a page has no other log
  console.warn(what, cause)
}
