import type { Problem, ProblemCode } from '@parley/contracts'

export interface Explanation {
  title: string
  text: string
}

const known: Partial<Record<ProblemCode, Explanation>> = {
  'not-found': { title: 'No such meeting', text: 'Check the code or ask for a new link. It may have been deleted.' },
  'meeting-over': { title: 'This meeting is over', text: 'It was ended or cancelled by its host.' },
  'meeting-full': {
    title: 'The meeting is full',
    text: 'Somebody has to leave before you can come in. Try again in a moment.',
  },
  'guests-not-allowed': { title: 'Guests can’t join this meeting', text: 'Sign in with an account to take part.' },
  'not-admitted': {
    title: 'You’re not on the list',
    text: 'Only invited people may enter. Ask the host to invite you.',
  },
  'removed-from-meeting': { title: 'You were removed', text: 'A host removed you, and you can’t come back in.' },
  'passcode-required': {
    title: 'This meeting has a passcode',
    text: 'Enter the passcode that came with your invitation.',
  },
  'invalid-credentials': { title: 'That didn’t match', text: 'The e-mail address or the password is wrong.' },
  'email-taken': { title: 'Already in use', text: 'There is an account with this e-mail address. Sign in instead.' },
  'username-taken': { title: 'Already taken', text: 'Somebody else has this user name. Choose another one.' },
  'email-not-verified': {
    title: 'Confirm your e-mail address first',
    text: 'We send mail to others only for people whose address is confirmed. Open the link in the mail you got, or ask for another on your account page.',
  },
  'invalid-link': {
    title: 'This link no longer works',
    text: 'It was used before, it is too old, or a part of it is missing. Ask for a new one.',
  },
  'oauth-failed': {
    title: 'The sign-in did not succeed',
    text: 'The provider did not confirm who you are, or you cancelled. Try again.',
  },
  'identity-conflict': {
    title: 'You have an account already',
    text: 'There is an account with this e-mail address. Sign in with its password.',
  },
  'rate-limited': { title: 'Slow down a little', text: 'Too many tries in a short time. Wait a moment and try again.' },
  unavailable: {
    title: 'Not available right now',
    text: 'A part of the service is not answering. Try again in a moment.',
  },
  'deadline-exceeded': { title: 'That took too long', text: 'The server did not answer in time. Try again.' },
  unauthenticated: { title: 'Please sign in again', text: 'Your sign-in has ended.' },
  'token-expired': { title: 'Please sign in again', text: 'Your sign-in has ended.' },
  'invalid-refresh-token': { title: 'Please sign in again', text: 'Your sign-in has ended.' },
  internal: { title: 'Something went wrong', text: 'It’s our fault, not yours. Try again in a moment.' },
  'resume-failed': {
    title: 'You were away too long',
    text: 'Your place in the meeting could not be kept. Join again.',
  },
}

/** A problem in words for the person in front of the screen; what the server says where we have nothing better. */
export function explain(problem: Problem): Explanation {
  if (problem.code === 'not-admitted' && problem.retryAfterMs !== undefined) {
    return { title: 'A host sent you away', text: `You may ask again in ${inWords(problem.retryAfterMs)}.` }
  }
  const text = known[problem.code as ProblemCode]
  return text ?? { title: problem.title, text: problem.detail }
}

function inWords(ms: number): string {
  const minutes = Math.ceil(ms / 60_000)
  if (ms < 60_000) return 'less than a minute'
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}

/** The same for a problem of which only the code came along, as in an address. */
export const explainCode = (code: string): Explanation =>
  known[code as ProblemCode] ?? { title: 'That did not work', text: 'Try again in a moment.' }

/** Whether the person must sign in anew before anything else. */
export const needsSignIn = (problem: Problem): boolean =>
  problem.status === 401 && problem.code !== 'invalid-credentials'

/** What is wrong with the field `name`, from the faults of an input. */
export const faultOf = (problem: Problem | null, name: string): string | undefined =>
  problem?.errors?.find((fault) => fault.path.split('/').at(-1) === name)?.message
