import Type from 'typebox'

/** The variables of a service that sends mail. Spread them into its schema, beside `commonConfig`. */
export const mailConfig = {
  SMTP_URL: Type.Optional(
    Type.String({
      pattern: '^smtps?://[^\\s/]+/?$',
      maxLength: 1000,
      secret: true,
      description: 'mail server, smtp[s]://user:password@host:port',
    }),
  ),
  MAIL_DIR: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1000, description: 'folder for mails, as .eml files, without SMTP_URL' }),
  ),
  MAIL_FROM: Type.String({
    default: 'Parley <no-reply@localhost>',
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    maxLength: 320,
    description: 'sender of mails, "Name <address>"',
  }),
}
