import { indexConcurrently } from '@parley/kit'
import { sql } from 'kysely'

/** Guests without a browser that knows them are swept by when they came, however many others there are. */
export const guests = indexConcurrently(
  { schema: 'auth', name: 'users_passing_guests' },
  sql`auth.users (created_at) where kind = 'guest' and guest_key is null`,
)
