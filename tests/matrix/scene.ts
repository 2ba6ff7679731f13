import type { People, Person } from './people.ts'
import type { Persona } from './row.ts'
import type { MatrixMeeting } from './world.ts'

/** Where a call is made from: who calls, who else there is, and the meeting. */
export interface Scene {
  url: string
  /** Where mails land. */
  mailDir: string
  people: People
  world: MatrixMeeting
  persona: Persona
  /** Who calls; null: nobody. */
  me: Person | null
}

/** The person who calls, or for nobody somebody else with an account: for rows that need no sign-in. */
export const callerOrSpare = ({ me, people }: Scene): Person => (me?.kind === 'user' ? me : people.spare)
