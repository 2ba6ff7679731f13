/** Addresses of the web page, besides `/`: a link to any other one is dead, and gets a 404. The page's router knows the same ones. */
const pages =
  /^\/(?:(?:signin|signup|account|forgot-password|reset-password|verify-email)?|(?:invites|meetings)\/[0-9a-f-]{36}|m\/[A-Za-z]{3}-?[A-Za-z]{4}-?[A-Za-z]{3})\/*$/

/** Whether the web page shows something at this path. */
export const isPagePath = (path: string): boolean => pages.test(path)
