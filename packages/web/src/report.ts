/** Keeps a note of something that went wrong and was dealt with, for whoever looks into it in the browser's console. */
export function report(what: string, cause: unknown): void {
  // oxlint-disable-next-line eslint/no-console -- a page has no other log
  console.warn(what, cause)
}
