import type { Db } from '../tables.ts'

/** The name of the primary key. */
export const identityKey = 'identities_pkey'

export async function findIdentityUser(db: Db, issuer: string, subject: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('identities')
    .select('user_id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row?.user_id
}

export async function insertIdentity(
  trx: Db,
  identity: { issuer: string; subject: string; user_id: string; created_at: Date },
): Promise<void> {
  await trx.insertInto('identities').values(identity).execute()
}
