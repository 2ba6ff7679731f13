import type { Problem, ProblemCode } from '@parley/contracts'

export interface Explanation {
  title: string
  text: string
}

/** The expected input, by the name of the field: what a validator says is for developers. */
const fields: Readonly<Record<string, string>> = {
  email: 'Enter an e-mail address, such as ann@example.org.',
  password: 'Use at least 8 characters.',
  newPassword: 'Use at least 8 characters.',
  name: 'Enter a name of up to 80 characters.',
  displayName: 'Enter a name of up to 80 characters.',
  username: 'Use 3 to 32 letters and digits, with . _ - between them.',
  title: 'Enter a title of up to 200 characters.',
  description: 'Use up to 4000 characters.',
  message: 'Use up to 1000 characters.',
  passcode: 'Use 4 to 32 characters.',
  scheduledAt: 'Choose a time in the future.',
  durationMinutes: 'Choose how long it takes, up to a day.',
  timeZone: 'Choose a time zone from the list.',
  maxParticipants: 'Enter a number of people that is not too high.',
  text: 'Write something visible, up to 4000 characters.',
}

/** The feature that the host switched off, by the word in the server's sentence. */
const offWords: Readonly<Record<string, string>> = {
  mic: 'microphones',
  cam: 'cameras',
  screen: 'screen sharing',
}

const known: Partial<Record<ProblemCode, Explanation>> = {
  'not-found': {
    title: 'We can’t find this meeting',
    text: 'It may be gone, or you’re not invited. Use the link from your invitation.',
  },
  'invalid-input': { title: 'Some entries aren’t valid', text: 'Check the marked fields.' },
  'file-refused': {
    title: 'This file can’t be sent',
    text: 'It isn’t what its name says, it is damaged, or files of its kind aren’t allowed.',
  },
  'unsupported-media-type': { title: 'This file can’t be sent', text: 'Files of this kind aren’t allowed here.' },
  'too-large': { title: 'The file is too large', text: 'Make it smaller, or send a link to it.' },
  'quota-exceeded': { title: 'There is no room for more files', text: 'Delete files that are not needed any more.' },
  'recording-needs-sfu': { title: 'This server can’t record', text: 'It needs a media server. Ask whoever runs it.' },
  'recording-running': { title: 'It is being recorded already', text: 'One recording at a time.' },
  'meeting-over': {
    title: 'This meeting is over',
    text: 'It has ended or was cancelled.',
  },
  'meeting-full': {
    title: 'The meeting is full',
    text: 'Somebody has to leave before you can come in. Try again in a moment.',
  },
  'seat-limit': {
    title: 'You are here on too many devices',
    text: 'Leave the meeting on one of them, then join again.',
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
  'invalid-credentials': { title: 'Wrong e-mail or password', text: 'Check both and try again.' },
  'account-disabled': {
    title: 'This account is disabled',
    text: 'The people who run this server have disabled it. Ask them to enable it.',
  },
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
  'rate-limited': { title: 'Too many attempts', text: 'Wait a moment and try again.' },
  unavailable: {
    title: 'Not available right now',
    text: 'A part of the service is not answering. Try again in a moment.',
  },
  'deadline-exceeded': { title: 'That took too long', text: 'The server did not answer in time. Try again.' },
  unauthenticated: { title: 'Please sign in again', text: 'You’ve been signed out.' },
  'token-expired': { title: 'Please sign in again', text: 'You’ve been signed out.' },
  'invalid-refresh-token': { title: 'Please sign in again', text: 'You’ve been signed out.' },
  internal: { title: 'Something went wrong', text: 'It’s our fault, not yours. Try again in a moment.' },
  'resume-failed': {
    title: 'You were away too long',
    text: 'Your place in the meeting could not be kept. Join again.',
  },
}

/** A problem in words for the person in front of the screen; what the server says where we have nothing better. */
export function explain(problem: Problem): Explanation {
  if (problem.code === 'not-admitted' && problem.retryAfterMs !== undefined) {
    return { title: 'The host didn’t let you in', text: `You can ask again in ${inWords(problem.retryAfterMs)}.` }
  }
  const off = problem.code === 'forbidden' ? /does not allow: (\w+)/.exec(problem.detail)?.[1] : undefined
  if (off !== undefined)
    return { title: `The host has turned off ${offWords[off] ?? off}`, text: 'Ask the host to turn it on.' }
  if (problem.code === 'forbidden' && problem.detail.startsWith('Chat is off'))
    return { title: 'The host has turned chat off', text: 'Your message was not sent.' }
  if (problem.code === 'rate-limited' && problem.retryAfterMs !== undefined)
    return { title: 'Too many attempts', text: `Try again in ${inWords(problem.retryAfterMs)}.` }
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

/** The expected input of the field `name` instead, when the server refused what is there. */
export function faultOf(problem: Problem | null, name: string): string | undefined {
  const fault = problem?.errors?.find(({ path }) => path.split('/').at(-1) === name)
  return fault && (fields[name] ?? fault.message)
}
