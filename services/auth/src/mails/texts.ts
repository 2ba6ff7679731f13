import type { Mail } from '@parley/kit'

const notYou = 'If this was not you, you need not do anything'

/** The mail that lets somebody set a new password. */
export const resetMail = (to: string, link: string): Mail => ({
  to,
  subject: 'Set a new password',
  text: [
    'Somebody, hopefully you, asked for a new password for your Parley account.',
    `Open this link within an hour to choose one:\n\n${link}`,
    `It works once. ${notYou}: your password stays as it is.`,
  ].join('\n\n'),
})

/** The mail that lets somebody show that an address is theirs. */
export const verificationMail = (to: string, link: string): Mail => ({
  to,
  subject: 'Confirm your e-mail address',
  text: [
    'This address was used to make a Parley account.',
    `If that was you, confirm it with this link within three days:\n\n${link}`,
    `${notYou}: without the link the address stays unconfirmed.`,
  ].join('\n\n'),
})
