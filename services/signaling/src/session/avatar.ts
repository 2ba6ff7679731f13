import { authBus, type AdmissionGrant } from '@parley/contracts'
import { request, isProblem, type Bus } from '@parley/kit'

/** A picture is worth no longer a wait. */
const timeoutMs = 300

/** The avatar that somebody enters with; without auth they enter without. */
export async function avatarOf(bus: Bus, { userId, guest }: AdmissionGrant): Promise<{ avatarFileId?: string }> {
  if (guest) return {}
  try {
    const { avatarFileId } = await request(bus, { ...authBus.account, timeoutMs }, { userId })
    return avatarFileId === undefined ? {} : { avatarFileId }
  } catch (error) {
    if (isProblem(error)) return {}
    throw error
  }
}
