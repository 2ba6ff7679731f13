import type { AuthHandlers, RoutesDeps } from './deps.ts'
import { exportUser } from '../privacy/export.ts'
import { noStore } from './answers.ts'

export const privacy = ({
  db,
  bus,
  sessions,
  erasures,
  kickErasures,
}: RoutesDeps): Pick<AuthHandlers, 'exportMe' | 'eraseMe'> => ({
  async exportMe({ principal }) {
    const headers = {
      ...noStore,
      'content-type': 'application/json',
      'content-disposition': 'attachment; filename="parley-export.json"',
    }
    return { status: 200, headers, bytes: await exportUser({ db, bus, sessions }, principal) }
  },
  async eraseMe({ principal, address, body: { currentPassword } }) {
    await erasures.erase({ ...principal, address }, currentPassword)
    kickErasures()
    return { status: 204 }
  },
})
