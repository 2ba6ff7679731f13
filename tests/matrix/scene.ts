import type { MatrixUsers, MatrixUser } from './users.ts'
import type { Persona } from './row.ts'
import type { MatrixMeeting } from './world.ts'

/** Where a call is made from: who calls, who else there is, and the meeting. */
export interface Scene {
  url: string
  /** Where mails land. */
  mailDir: string
  people: MatrixUsers
  world: MatrixMeeting
  persona: Persona
  /** Who calls; null: nobody. */
  me: MatrixUser | null
}

/** The person who calls, or for nobody somebody else with an account: for rows that need no sign-in. */
export const callerOrSpare = ({ me, people }: Scene): MatrixUser => (me?.kind === 'user' ? me : people.spare)
