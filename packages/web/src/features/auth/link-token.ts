import type { Problem } from '@parley/contracts'

/** Whether it can be the token of a mail's link; what cannot is not sent. */
export const looksLikeToken = (token: string): boolean => /^[\w-]{43}$/.test(token)

export const brokenLink: Problem = {
  type: '/problems/invalid-link',
  title: 'The link is used, expired or unknown',
  status: 400,
  detail: 'The link is incomplete',
  code: 'invalid-link',
  retryable: false,
}
