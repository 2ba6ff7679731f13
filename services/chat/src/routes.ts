import { may, type chatOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import type { AccessCheck } from './access.ts'
import type { Chat } from './chat.ts'
import { inTime, requestMs } from './deadline.ts'
import { pageOf } from './page.ts'
import type { Sent } from './send.ts'
import type { ChatDb } from './store.ts'

/** REST: here the caller's right is checked; the deadline covers that too. */
export const chatHandlers = ({
  db,
  chat,
  access,
}: {
  db: ChatDb
  chat: Chat
  access: AccessCheck
}): Handlers<typeof chatOperations> => ({
  async sendMessage({ params, body, principal, once }) {
    const deadline = performance.now() + requestMs
    const { name } = await inTime(access.mayChatOrThrow(params.id, principal.userId), deadline)
    const draft = {
      meetingId: params.id,
      sender: { id: principal.userId, name, guest: principal.kind === 'guest' },
      ...body,
    }
    // Its client id makes a message once; what a lost answer began to make is made now, if it has not been.
    const send = async (begun: boolean): Promise<Sent> => {
      const sent = await chat.send(draft, deadline)
      return { ...sent, created: sent.created || begun }
    }
    return answered(await inTime(once(answered).beside(db, send), deadline))
  },
  async listMessages({ params, query, principal }) {
    const deadline = performance.now() + requestMs
    const page = pageOf(query)
    await inTime(access.mayReadOrThrow(params.id, principal.userId), deadline)
    return { status: 200, body: await chat.list(params.id, page, deadline), headers: { 'cache-control': 'no-store' } }
  },
  async editMessage({ params: { id: meetingId, messageId }, body: { text }, principal: { userId } }) {
    const deadline = performance.now() + requestMs
    // To edit is to write.
    await inTime(access.mayChatOrThrow(meetingId, userId), deadline)
    return { status: 200, body: await chat.edit({ meetingId, messageId, userId, text }, deadline) }
  },
  async deleteMessage({ params: { id: meetingId, messageId }, principal: { userId } }) {
    const deadline = performance.now() + requestMs
    // Authors may delete their messages for as long as they may read them, also after the meeting.
    const { role } = await inTime(access.mayReadOrThrow(meetingId, userId), deadline)
    await chat.delete({ meetingId, messageId, userId, moderator: may(role, 'moderate') }, deadline)
    return { status: 204 }
  },
})

const answered = ({ message, created }: Sent) => ({ status: created ? 201 : 200, body: message }) as const
