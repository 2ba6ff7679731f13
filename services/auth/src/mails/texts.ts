import { quoted, type Mail } from '@parley/kit'

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

/** The mail that lets somebody show that an address is theirs. `name` is what the account calls itself. */
export const verificationMail = (name: string, to: string, link: string): Mail => ({
  to,
  subject: 'Confirm your e-mail address',
  text: [
    `This address was used to make a Parley account. The account calls itself ${quoted(name)}.`,
    `If that was you, confirm the address on this page within three days:\n\n${link}`,
    `${notYou}: the address stays unconfirmed. On the same page you can stop these mails.`,
  ].join('\n\n'),
})
