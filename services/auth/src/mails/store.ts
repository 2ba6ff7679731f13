import type { Db, MailTokenRow } from '../tables.ts'

/** Of one person and purpose there is one token: a newer one replaces it. */
export async function replaceMailToken(trx: Db, token: MailTokenRow): Promise<void> {
  const { hash, email, expires_at } = token
  await trx
    .insertInto('mail_tokens')
    .values(token)
    .onConflict((conflict) => conflict.columns(['user_id', 'purpose']).doUpdateSet({ hash, email, expires_at }))
    .execute()
}

interface Presented {
  hash: string
  purpose: MailTokenRow['purpose']
  now: Date
}

export const findMailToken = (db: Db, { hash, purpose, now }: Presented): Promise<MailTokenRow | undefined> =>
  db
    .selectFrom('mail_tokens')
    .selectAll()
    .where('hash', '=', hash)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .executeTakeFirst()

/** Takes a token: of many callers one gets it. */
export const spendMailToken = (trx: Db, { hash, purpose, now }: Presented): Promise<MailTokenRow | undefined> =>
  trx
    .deleteFrom('mail_tokens')
    .where('hash', '=', hash)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst()

/** After this no link of that purpose works any more. */
export async function dropMailTokens(trx: Db, userId: string, purpose: MailTokenRow['purpose']): Promise<void> {
  await trx.deleteFrom('mail_tokens').where('user_id', '=', userId).where('purpose', '=', purpose).execute()
}
